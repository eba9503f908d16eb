package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A block of the soak and the pattern that its owner has written over the whole of it: words that differ from place to
/// place, so that content which was moved by mistake shows too.
///
/// @param handle  of the allocation
/// @param slice   its bytes
/// @param pattern what they are
record SoakBlock(long handle, MemorySegment slice, long pattern) {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Writes the pattern.
    SoakBlock {
        long words = slice.byteSize() & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            slice.set(WORD, at, pattern + at);
        }
        for (long at = words; at < slice.byteSize(); at++) {
            slice.set(ValueLayout.JAVA_BYTE, at, tail(pattern + words, at));
        }
    }

    /// Throws if another one has written to this block.
    void check() {
        check(slice, slice.byteSize());
    }

    /// Throws if the first bytes of a segment are not those of this block.
    void check(MemorySegment segment, long byteSize) {
        long words = byteSize & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            if (segment.get(WORD, at) != pattern + at) {
                throw new AssertionError("someone else wrote to byte " + at + " of " + segment);
            }
        }
        for (long at = words; at < byteSize; at++) {
            if (segment.get(ValueLayout.JAVA_BYTE, at) != tail(pattern + words, at)) {
                throw new AssertionError("someone else wrote to byte " + at + " of " + segment);
            }
        }
    }

    /// Bytes that it takes from the arena.
    long taken(SegmentArena arena) {
        return (Math.max(1, slice.byteSize()) - 1 & -arena.granule()) + arena.granule();
    }

    private static byte tail(long word, long at) {
        return (byte) (word >>> Byte.SIZE * (at & Long.BYTES - 1));
    }
}
