package io.github.offsetallocator.jmh;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;

/// The subjects of this project.
final class OwnSubjects {
    private static final int ALIGNMENT = 16;

    private OwnSubjects() {}

    /// In a growable arena offsets have holes between them, and are larger than the pool.
    private static boolean isOnePiece(SegmentArena arena) {
        try {
            return arena.backing() != null;
        } catch (UnsupportedOperationException severalPieces) {
            return false;
        }
    }

    /// [OffsetAllocator], units of 16 bytes. It has no memory behind it.
    static final class Offsets implements Subject {
        private final OffsetAllocator allocator;
        private final long[] handles;

        Offsets(int slots, OffsetAllocator allocator) {
            this.allocator = allocator;
            handles = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            long handle = allocator.allocate(Subject.granules(bytes));
            if (handle == OffsetAllocator.NO_SPACE) {
                throw new Refused(bytes);
            }
            handles[slot] = handle;
        }

        @Override
        public void free(int slot) {
            allocator.free(handles[slot]);
        }

        @Override
        public long offset(int slot) {
            return allocator.offset(handles[slot]);
        }

        @Override
        public void close() {
            allocator.close();
        }
    }

    /// [SegmentArena] by handle.
    static final class Handles implements Subject {
        private final SegmentArena arena;
        private final long[] handles;

        Handles(int slots, SegmentArena arena) {
            this.arena = arena;
            handles = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            long handle = arena.tryAllocate(bytes, ALIGNMENT);
            if (handle == SegmentArena.NO_SPACE) {
                throw new Refused(bytes);
            }
            handles[slot] = handle;
        }

        @Override
        public void free(int slot) {
            arena.free(handles[slot]);
        }

        @Override
        public long offset(int slot) {
            return isOnePiece(arena) ? arena.offset(handles[slot]) >> 4 : NO_OFFSET;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /// [SegmentArena] by segment.
    static final class Segments implements Subject {
        private final SegmentArena arena;
        private final MemorySegment[] segments;

        Segments(int slots, SegmentArena arena) {
            this.arena = arena;
            segments = new MemorySegment[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            segments[slot] = arena.allocate(bytes, ALIGNMENT);
        }

        @Override
        public void free(int slot) {
            arena.free(segments[slot]);
        }

        @Override
        public long offset(int slot) {
            return isOnePiece(arena) ? arena.offset(arena.allocationOf(segments[slot])) >> 4 : NO_OFFSET;
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
