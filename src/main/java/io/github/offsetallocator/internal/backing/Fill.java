package io.github.offsetallocator.internal.backing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Fills memory with one value, and creates no object.
///
/// Zeros are stored by a loop of longs, of which the compiler makes the widest stores that there are, as of the JDK's own
/// loop in `Arena.allocate`. [MemorySegment#fill] stores 8 bytes at a time, and needs a slice; it begins sooner, and is faster for few.
public final class Fill {
    private static final int BLOCK = 8192;
    private static final int FIRST = 64;
    private static final int FEW = 512;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private Fill() {}

    /// Fills a slice that there is with zeros.
    public static void zero(MemorySegment slice) {
        if (slice.byteSize() <= FEW) {
            slice.fill((byte) 0);
        } else {
            zero(slice, 0, slice.byteSize());
        }
    }

    public static void zero(MemorySegment segment, long from, long byteSize) {
        long end = from + byteSize;
        long at = from;
        for (; at < end - 7; at += Long.BYTES) {
            segment.set(LONG, at, 0L);
        }
        for (; at < end; at++) {
            segment.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
        }
    }

    public static void write(MemorySegment segment, long from, long byteSize, byte value) {
        long done = Math.min(FIRST, byteSize);
        for (long at = 0; at < done; at++) {
            segment.set(ValueLayout.JAVA_BYTE, from + at, value);
        }
        while (done < byteSize) {
            long more = Math.min(Math.min(done, BLOCK), byteSize - done);
            MemorySegment.copy(segment, from, segment, from + done, more);
            done += more;
        }
    }
}
