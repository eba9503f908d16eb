package io.github.offsetallocator.internal.backing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Fills memory with one value.
///
/// What is large is filled by copies of 8 KiB that stay in the processor's nearest cache: a copy uses the widest stores that
/// there are, where [MemorySegment#fill] stores 8 bytes at a time. A loop of longs becomes as fast, but only where the compiler
/// still has room for its accesses; where it has not, each is a call.
public final class Fill {
    private static final int LARGE = 256;
    private static final int BLOCK = 8192;
    private static final int FIRST = 64;
    private static final MemorySegment ZEROS = Arena.global().allocate(BLOCK, 64).asReadOnly();

    private Fill() {}

    public static void zero(MemorySegment segment, long from, long byteSize) {
        if (byteSize < LARGE) {
            segment.asSlice(from, byteSize).fill((byte) 0);
        } else {
            zeroLarge(segment, from, byteSize);
        }
    }

    private static void zeroLarge(MemorySegment segment, long from, long byteSize) {
        for (long at = 0; at < byteSize; at += BLOCK) {
            MemorySegment.copy(ZEROS, 0, segment, from + at, Math.min(BLOCK, byteSize - at));
        }
    }

    /// Creates no object.
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
