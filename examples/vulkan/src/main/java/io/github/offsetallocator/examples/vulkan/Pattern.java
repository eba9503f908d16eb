package io.github.offsetallocator.examples.vulkan;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Content that can be told from any other: a run of 64-bit words that starts somewhere else for each seed and in which
/// no word occurs twice. A byte that is lost, shifted, or of another run shows.
public final class Pattern {
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private Pattern() {}

    /// Writes the run of a seed. Creates no object.
    public static void fill(MemorySegment target, long offset, long byteSize, long seed) {
        long word = start(seed);
        long whole = byteSize & -Long.BYTES;
        for (long i = 0; i < whole; i += Long.BYTES) {
            target.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + i, word);
            word += STEP;
        }
        for (long i = whole; i < byteSize; i++) {
            target.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (word >>> 8 * (i - whole)));
        }
    }

    /// Compares every byte with the run of a seed.
    ///
    /// @return where the first difference is, from `offset`; -1 if there is none
    public static long mismatch(MemorySegment source, long offset, long byteSize, long seed) {
        long word = start(seed);
        long whole = byteSize & -Long.BYTES;
        for (long i = 0; i < whole; i += Long.BYTES) {
            long difference = source.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + i) ^ word;
            if (difference != 0) {
                return i + Long.numberOfTrailingZeros(difference) / 8;
            }
            word += STEP;
        }
        for (long i = whole; i < byteSize; i++) {
            if (source.get(ValueLayout.JAVA_BYTE, offset + i) != (byte) (word >>> 8 * (i - whole))) {
                return i;
            }
        }
        return -1;
    }

    private static long start(long seed) {
        long mixed = (seed + STEP ^ seed >>> 30) * 0xBF58476D1CE4E5B9L;
        return mixed ^ mixed >>> 27;
    }
}
