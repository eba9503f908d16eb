package io.github.offsetallocator.internal.backing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Fills memory with one value, and creates no object.
///
/// Zeros are copied from an array of zeros. A loop of stores is as fast where the compiler inlines all of it; where it is at
/// the end of its budget, it calls for each store and takes forty times as long. [MemorySegment#fill] needs a slice, and takes
/// twice as long for much.
public final class Fill {
    private static final int BLOCK = 8192;
    private static final int FIRST = 64;
    private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[BLOCK]).asReadOnly();

    private Fill() {}

    public static void zero(MemorySegment segment, long from, long byteSize) {
        for (long done = 0; done < byteSize; done += BLOCK) {
            MemorySegment.copy(ZEROS, 0, segment, from + done, Math.min(BLOCK, byteSize - done));
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
