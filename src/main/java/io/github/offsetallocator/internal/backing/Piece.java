package io.github.offsetallocator.internal.backing;

import java.lang.foreign.MemorySegment;

/// A segment of an arena's memory, and where it lies there.
public sealed class Piece permits Chunk {
    final MemorySegment segment;
    /// The place of the segment's first byte.
    final long place;

    Piece(MemorySegment segment, long place) {
        this.segment = segment;
        this.place = place;
    }

    public final MemorySegment segment() {
        return segment;
    }

    /// The place of its first byte.
    public final long place() {
        return place;
    }

    /// Bytes from the start of the segment to a place.
    public final long at(long place) {
        return place - this.place;
    }
}
