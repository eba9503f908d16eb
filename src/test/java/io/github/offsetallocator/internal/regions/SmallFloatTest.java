package io.github.offsetallocator.internal.regions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The short formulas against the published ones, and the law that makes a search safe.
class SmallFloatTest {
    /// `uintToFloatRoundUp` as published.
    private static int publishedUp(int size) {
        int exponent = 0;
        int mantissa;
        if (Integer.compareUnsigned(size, 8) < 0) {
            mantissa = size;
        } else {
            int start = 31 - Integer.numberOfLeadingZeros(size) - 3;
            exponent = start + 1;
            mantissa = size >>> start & 7;
            if ((size & (1 << start) - 1) != 0) {
                mantissa++;
            }
        }
        return (exponent << 3) + mantissa;
    }

    /// `uintToFloatRoundDown` as published.
    private static int publishedDown(int size) {
        if (Integer.compareUnsigned(size, 8) < 0) {
            return size;
        }
        int start = 31 - Integer.numberOfLeadingZeros(size) - 3;
        return start + 1 << 3 | size >>> start & 7;
    }

    @Test
    void theFormulasGiveThePublishedNumbers() {
        for (int size = 0; size < 1 << 20; size++) {
            check(size);
        }
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 1 << 20; i++) {
            check(random.nextInt());
        }
        for (int shift = 0; shift < 32; shift++) {
            for (int delta = -2; delta <= 2; delta++) {
                check((1 << shift) + delta);
            }
        }
    }

    private static void check(int size) {
        long unsigned = Integer.toUnsignedLong(size);
        assertEquals(publishedUp(size), SmallFloat.roundUp(unsigned), () -> "up " + unsigned);
        assertEquals(publishedDown(size), SmallFloat.roundDown(unsigned), () -> "down " + unsigned);
        assertTrue(SmallFloat.size(SmallFloat.roundDown(unsigned)) <= unsigned);
        assertTrue(SmallFloat.size(SmallFloat.roundUp(unsigned)) >= unsigned);
    }

    @Test
    void aBinsSizeIsItsOwnFloat() {
        for (int bin = 0; bin < 240; bin++) {
            assertEquals(bin, SmallFloat.roundUp(SmallFloat.size(bin)));
            assertEquals(bin, SmallFloat.roundDown(SmallFloat.size(bin)));
        }
        assertEquals(1L << 32, SmallFloat.size(240));
        assertEquals(240, SmallFloat.roundUp(0xFFFF_FFFFL));
        assertEquals(239, SmallFloat.roundDown(0xFFFF_FFFFL));
    }

    @Test
    void roundingCostsAnEighthAtMost() {
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 1 << 20; i++) {
            long size = random.nextLong(1L << random.nextInt(1, 33));
            assertTrue(8 * (SmallFloat.size(SmallFloat.roundUp(size)) - size) <= size, () -> "size " + size);
        }
    }
}
