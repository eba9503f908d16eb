package io.github.offsetallocator.internal.regions;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Compares [AddressOrder] with a sort of the JDK's that is stable too.
class AddressOrderTest {
    @Test
    void likeAStableSortOfTheBitsThatCount() {
        SplittableRandom random = new SplittableRandom(20_26);
        for (int round = 0; round < 2000; round++) {
            long[] keys = random.longs(random.nextInt(300) + 3L).toArray();
            long mask = switch (random.nextInt(5)) {
                case 0 -> -1L;
                case 1 -> 0x0000_0FFF_FFFF_FFFFL; // a small range
                case 2 -> 0x8000_0000_FFFF_FFFFL; // few places, at both ends
                case 3 -> 0x0000_0003_8000_0007L; // many of each
                default -> 0x003F_F800_0000_000FL; // the middle digit alone
            };
            for (int i = 0; i < keys.length; i++) {
                keys[i] &= mask;
            }
            int count = random.nextInt(4) == 0 ? random.nextInt(3) : random.nextInt(keys.length + 1);
            assertArrayEquals(expected(keys, count), Arrays.copyOf(AddressOrder.sort(keys.clone(), count), count), "round " + round);
        }
    }

    private static long[] expected(long[] keys, int count) {
        return Arrays.stream(keys, 0, count).boxed().sorted(Comparator.comparingLong(key -> key >>> 31)).mapToLong(Long::longValue).toArray();
    }

    @Test
    void whatIsSortedStaysWhereItIs() {
        long[] keys = new SplittableRandom(1).longs(5000).map(key -> key >>> 1).sorted().toArray();
        long[] before = keys.clone();
        assertSame(keys, AddressOrder.sort(keys, keys.length));
        assertArrayEquals(before, keys);
        assertSame(keys, AddressOrder.sort(keys, 0));
    }

    @Test
    void thePartBehindTheCountIsNobodys() {
        long[] keys = {5L << 32, 3L << 32, Long.MIN_VALUE, 1L << 32};
        assertArrayEquals(new long[] {3L << 32, 5L << 32}, Arrays.copyOf(AddressOrder.sort(keys, 2), 2));
    }
}
