package io.github.offsetallocator.contract;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// What lies in a block: a pattern of its own that differs from word to word, so that content which was moved by mistake
/// shows too. Of a very large block only both ends are written, so that sparse files stay sparse.
final class Content {
    private static final long WHOLE = 16 << 10;
    private static final long EDGE = 1 << 10;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Content() {}

    /// A pattern for a handle.
    static long pattern(long allocation) {
        long mixed = (allocation ^ allocation >>> 31) * 0x9E37_79B9_7F4A_7C15L;
        return mixed ^ mixed >>> 29;
    }

    static void fill(MemorySegment block, long pattern) {
        long size = block.byteSize();
        if (size <= WHOLE) {
            fill(block, pattern, 0, size);
        } else {
            fill(block, pattern, 0, EDGE);
            fill(block, pattern, size - EDGE & -Long.BYTES, size);
        }
    }

    /// Checks what was filled while the block had `filledSize` bytes, as far as the first `kept` bytes.
    static void check(MemorySegment block, long pattern, long filledSize, long kept) {
        if (filledSize <= WHOLE) {
            check(block, pattern, 0L, filledSize, kept);
        } else {
            check(block, pattern, 0, EDGE, kept);
            check(block, pattern, filledSize - EDGE & -Long.BYTES, filledSize, kept);
        }
    }

    /// Checks that the bytes from `from` to `to` are 0.
    static void checkZero(MemorySegment block, long from, long to) {
        long at = from;
        for (; at < to && (at & Long.BYTES - 1) != 0; at++) {
            zero(block, at, block.get(ValueLayout.JAVA_BYTE, at));
        }
        for (; at + Long.BYTES <= to; at += Long.BYTES) {
            zero(block, at, block.get(WORD, at));
        }
        for (; at < to; at++) {
            zero(block, at, block.get(ValueLayout.JAVA_BYTE, at));
        }
    }

    private static void zero(MemorySegment block, long at, long value) {
        if (value != 0) {
            throw new AssertionError("byte " + at + " of a zeroed block is not 0: " + block);
        }
    }

    private static void fill(MemorySegment block, long pattern, long from, long to) {
        long words = to & -Long.BYTES;
        for (long at = from; at < words; at += Long.BYTES) {
            block.set(WORD, at, pattern + at);
        }
        for (long at = Math.max(from, words); at < to; at++) {
            block.set(ValueLayout.JAVA_BYTE, at, byteOf(pattern, at));
        }
    }

    private static void check(MemorySegment block, long pattern, long from, long filled, long kept) {
        long to = Math.min(filled, kept);
        long words = to & -Long.BYTES;
        for (long at = from; at < words; at += Long.BYTES) {
            if (block.get(WORD, at) != pattern + at) {
                throw writtenOver(block, at);
            }
        }
        for (long at = Math.max(from, words); at < to; at++) {
            if (block.get(ValueLayout.JAVA_BYTE, at) != byteOf(pattern, at)) {
                throw writtenOver(block, at);
            }
        }
    }

    private static byte byteOf(long pattern, long at) {
        return (byte) (pattern + (at & -Long.BYTES) >>> Byte.SIZE * (at & Long.BYTES - 1));
    }

    private static AssertionError writtenOver(MemorySegment block, long at) {
        return new AssertionError("the content is not what was written, at byte " + at + " of " + block);
    }
}
