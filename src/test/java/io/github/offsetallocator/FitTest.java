package io.github.offsetallocator;

import static io.github.offsetallocator.OffsetAllocator.NO_SPACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What users of the original and its ports reported, and how little is wasted now.
@BesideOthers
class FitTest {
    /// 664 908 of 699 050 free was refused, and 68 of 68 behind 256.
    @Test
    void aRequestThatEqualsTheOnlyFreeRegionGetsIt() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 2000; i++) {
            long front = random.nextLong(1L << random.nextInt(1, 20));
            long rest = 1 + random.nextLong(1L << random.nextInt(1, 31));
            try (OffsetAllocator allocator = OffsetAllocator.create(front + rest)) {
                allocator.allocate(front);
                assertNotEquals(NO_SPACE, allocator.allocate(rest), "behind " + front + ": " + rest);
            }
        }
        try (OffsetAllocator allocator = OffsetAllocator.create(699_050)) {
            assertNotEquals(NO_SPACE, allocator.allocate(664_908));
        }
        try (OffsetAllocator allocator = OffsetAllocator.create(256 + 68)) {
            assertNotEquals(NO_SPACE, allocator.allocate(256));
            assertNotEquals(NO_SPACE, allocator.allocate(68));
        }
    }

    @Test
    void parkedBlocksNeverCauseARefusal() {
        try (OffsetAllocator allocator = OffsetAllocator.create(64 * 32)) {
            long[] blocks = new long[64 * 32];
            for (int size = 1; size <= 64; size *= 2) {
                for (int i = 0; i < 64 * 32 / size; i++) {
                    blocks[i] = allocator.allocate(size);
                    assertNotEquals(NO_SPACE, blocks[i]);
                }
                allocator.freeAll(blocks, 0, 64 * 32 / size);
                allocator.verify();
                long all = allocator.allocate(64 * 32);
                assertNotEquals(NO_SPACE, all);
                allocator.free(all);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {111, 8175, 9011, 17, 65, 1025, 65_537})
    void uniformSizesUseThePool(long size) {
        long capacity = Math.min(1 << 26, size << 20); // a million blocks at most
        assertTrue(meanUse(OffsetAllocator.create(capacity), capacity, size, size) >= 0.995);
    }

    @Test
    void randomSizesUseMostOfThePool() {
        long capacity = 1 << 26;
        double use = meanUse(OffsetAllocator.create(capacity), capacity, 1 << 10, 1 << 20);
        assertTrue(use >= 0.90, () -> "mean use " + use);
    }

    /// Mean use of the pool at the moments of failure, after as many failures to settle. Each evicts a random block.
    private static double meanUse(OffsetAllocator allocator, long capacity, long smallest, long largest) {
        SplittableRandom random = new SplittableRandom(4);
        long[] blocks = new long[(int) (capacity / smallest) + 1];
        int live = 0;
        long used = 0;
        double sum = 0;
        int failures = 0;
        int wanted = 20_000;
        try (allocator) {
            while (failures < 2 * wanted) {
                long size = smallest + random.nextLong(largest - smallest + 1);
                long block = allocator.allocate(size);
                if (block != NO_SPACE) {
                    blocks[live++] = block;
                    used += size;
                    continue;
                }
                if (failures++ >= wanted) {
                    sum += (double) used / capacity;
                }
                int victim = random.nextInt(live);
                used -= allocator.size(blocks[victim]);
                allocator.free(blocks[victim]);
                blocks[victim] = blocks[--live];
            }
            allocator.verify();
        }
        return sum / (failures - wanted);
    }

    @Test
    void alignedBlocksOf64KiBWasteNothing() {
        long block = 64 << 10;
        try (OffsetAllocator allocator = OffsetAllocator.create(100 * block)) {
            for (int i = 0; i < 100; i++) {
                assertEquals(0, allocator.offset(allocator.allocate(block, block)) % block);
            }
            assertEquals(0, allocator.storageReport().totalFreeSpace());
        }
    }

    @Test
    void whatIsCutOffInFrontOfAnAlignedBlockIsFreeAtOnce() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1 << 20)) {
            allocator.allocate(3);
            long aligned = allocator.allocate(10, 4096);
            assertEquals(4096, allocator.offset(aligned));
            assertEquals((1 << 20) - 13, allocator.storageReport().totalFreeSpace());
            long front = allocator.allocate(4093);
            assertEquals(3, allocator.offset(front));
            allocator.verify();
        }
    }

    private static void theLargestIsGranted(OffsetAllocator allocator) {
        long largest = allocator.storageReport().largestFreeRegion();
        assertNotEquals(NO_SPACE, allocator.allocate(largest), "the largest, " + largest);
        allocator.verify();
    }

    private static void fill(OffsetAllocator allocator, long size) {
        long largest;
        while ((largest = allocator.storageReport().largestFreeRegion()) > size) {
            allocator.allocate(Math.min(largest, 50_000));
        }
    }

    /// Slabs that are dissolved for the request leave regions that come before it in its bin.
    @Test
    void theLargestIsGrantedThoughItIsTheLastThatIsLookedAt() {
        try (OffsetAllocator allocator = OffsetAllocator.create(8_000_000)) {
            long[] small = new long[64 * 40];
            for (int i = 0; i < small.length; i++) {
                small[i] = allocator.allocate(64);
            }
            long[] gaps = new long[64];
            for (int i = 0; i < gaps.length; i++) {
                gaps[i] = allocator.allocate(i == 0 ? 4000 : 3850);
                allocator.allocate(1100);
            }
            fill(allocator, 1100);
            while (allocator.allocate(64) != NO_SPACE) {}
            allocator.freeAll(gaps);
            for (int i = 0; i < small.length; i++) {
                if (i % 64 < 61) { // runs of free slots in slabs that have a live one
                    allocator.free(small[i]);
                }
            }
            theLargestIsGranted(allocator);
        }
    }

    /// The report counts an empty slab and the free region beside it as one.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theLargestIsGrantedWhereAnEmptySlabIsPartOfIt(boolean isBehind) {
        try (OffsetAllocator allocator = OffsetAllocator.create(2_000_000)) {
            for (int i = 0; i < 4; i++) {
                allocator.allocate(8);
            }
            long deep = isBehind ? allocator.allocate(3904) : 0;
            long slot = allocator.allocate(8); // of the first slab, which is kept when it is empty
            deep = isBehind ? deep : allocator.allocate(3904);
            allocator.allocate(1100);
            long[] gaps = new long[99];
            for (int i = 0; i < gaps.length; i++) {
                gaps[i] = allocator.allocate(3850);
                allocator.allocate(1100);
            }
            fill(allocator, 64);
            allocator.free(deep);
            allocator.freeAll(gaps);
            allocator.free(slot);
            theLargestIsGranted(allocator);
        }
    }
}
