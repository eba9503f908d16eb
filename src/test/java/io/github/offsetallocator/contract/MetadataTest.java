package io.github.offsetallocator.contract;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How much memory the metadata takes: what has once been enough is enough again, and it comes back.
class MetadataTest {
    /// What an allocator of few blocks takes.
    private static final long METADATA_OF_FEW = 40 << 10;
    /// Tables that are never made smaller: 128 KiB for nodes, and 144 KiB for slabs with their head. Of up to twice as much no upper half is empty.
    private static final long KEPT = (128 + 160) << 10;

    /// As many blocks as the metadata holds; then one, when all is free again.
    @ParameterizedTest
    @CsvSource({"1, GOOD", "2, GOOD", "17, GOOD", "64, GOOD", "100, GOOD", "1000, GOOD", "1, REFERENCE", "64, REFERENCE", "1000, REFERENCE"})
    @Fault(8)
    void whatWasEnoughIsEnoughAgain(long size, Fit fit) {
        for (int blocks = 1; blocks <= 4096; blocks += blocks < 64 ? 1 : 61) {
            fillFreeAndUse(size, fit, blocks);
        }
        for (int blocks = 730; blocks <= 760; blocks++) {
            fillFreeAndUse(size, fit, blocks);
        }
    }

    private static void fillFreeAndUse(long size, Fit fit, int blocks) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(10_000_000).fit(fit).build()) {
            long[] all = new long[blocks];
            for (int i = 0; i < blocks; i++) {
                all[i] = allocator.allocate(size);
            }
            long most = allocator.metadataSize();
            for (long block : all) {
                allocator.free(block);
            }
            long one = allocator.allocate(size);
            Check.that(allocator.metadataSize() <= most, () -> "after " + blocks + " blocks, one more takes " + allocator.metadataSize()
                    + " bytes instead of " + most);
            allocator.resize(one, size + 1);
            allocator.grow(10_000_001);
            Check.that(allocator.metadataSize() <= most, () -> "after " + blocks + " blocks, resize or grow takes "
                    + allocator.metadataSize() + " bytes instead of " + most);
        }
    }

    /// A use that repeats itself comes to rest.
    @ParameterizedTest
    @EnumSource(Fit.class)
    @Fault(8)
    void aSteadyUseTakesNoMore(Fit fit) {
        SplittableRandom random = new SplittableRandom(8);
        for (int blocks : new int[] {10, 100, 500, 745, 1000, 3000}) {
            try (OffsetAllocator allocator = OffsetAllocator.builder(10_000_000).fit(fit).build()) {
                long[] all = new long[blocks];
                long most = 0;
                for (int round = 0; round < 20; round++) {
                    for (int i = 0; i < blocks; i++) {
                        all[i] = allocator.allocate(1 + (i * 31 + round) % 90);
                    }
                    for (int i = blocks - 1; i > 0; i--) {
                        int other = random.nextInt(i + 1);
                        long kept = all[i];
                        all[i] = all[other];
                        all[other] = kept;
                    }
                    for (long block : all) {
                        allocator.free(block);
                    }
                    if (round == 12) {
                        // Each of the 90 sizes may come to have a slab of its own, with a row of 576 bytes.
                        most = Math.max(allocator.metadataSize(), METADATA_OF_FEW + 90 * 576);
                    }
                }
                Check.that(allocator.metadataSize() <= most, blocks + " blocks in turns: " + allocator.metadataSize() + " bytes instead of " + most);
            }
        }
    }

    /// Small blocks lie in slabs: 200,000 of 1 to 64 units take at most 12 bytes each, with the room that tables have to grow, while half or a
    /// quarter of the pool is left. With a tenth left new blocks lie outside of slabs. An arena finds them by address too.
    @ParameterizedTest
    @CsvSource({"13_000_000, 12, 18", "8_670_000, 12, 18", "7_230_000, 20, 25"})
    @Fault(26)
    void smallBlocksTakeLittle(long capacity, int bytes, int bytesInAnArena) {
        int blocks = 200_000;
        try (OffsetAllocator allocator = OffsetAllocator.create(capacity);
                SegmentArena arena = SegmentArena.ofConfined(16 * capacity)) {
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < blocks; i++) {
                int size = 1 + random.nextInt(64);
                Check.that(allocator.allocate(size) > 0, "no room for " + size + " units");
                Check.that(arena.tryAllocate(16 * size, 1) > 0, "no room for " + size + " granules");
            }
            Check.that(allocator.metadataSize() <= (long) bytes * blocks, () -> allocator.metadataSize() + " bytes for " + blocks + " blocks");
            Check.that(arena.metadataSize() <= (long) bytesInAnArena * blocks, () -> arena.metadataSize() + " bytes in an arena");
        }
    }

    /// The most that the documentation speaks of: 64 bytes an allocation, doubled where a table grows by doubling.
    @ParameterizedTest
    @CsvSource({"1, 100000", "64, 100000", "65, 100000", "1000, 10000"})
    @Fault(13)
    void aBlockTakesABoundedAmount(long size, int blocks) {
        try (OffsetAllocator allocator = OffsetAllocator.create(100_000_000)) {
            for (int i = 0; i < blocks; i++) {
                allocator.allocate(size);
            }
            Check.that(allocator.metadataSize() <= 128L * blocks + (64 << 10), blocks + " blocks take " + allocator.metadataSize() + " bytes");
        }
    }

    /// Nor does one that has left its slab take more, since the slab's row stays as long as it is live. A tag takes as much again.
    @ParameterizedTest
    @CsvSource({"LARGER, false", "LARGER, true", "SMALLER, false", "SMALLER, true", "PLAN, false", "PLAN, true", "MOVES, false", "MOVES, true"})
    @Fault(26)
    void aBlockThatHasLeftItsSlabTakesABoundedAmount(Leaving leaving, boolean isTagged) {
        int blocks = leaving == Leaving.LARGER || leaving == Leaving.SMALLER ? 10_000 : 4_000; // a plan looks at all there are
        try (OffsetAllocator allocator = OffsetAllocator.create(100_000_000)) {
            for (int i = 0; i < blocks; i++) {
                long block = leaving.allocate(allocator);
                if (isTagged) {
                    allocator.setTag(block, i);
                }
            }
            long bytes = allocator.metadataSize();
            Check.that(bytes <= (isTagged ? 2 : 1) * 128L * blocks + (64 << 10), () -> bytes / blocks + " bytes a block, " + bytes + " in all");
            allocator.verify();
        }
    }

    /// How a block of 8 units leaves its slab, or may do so.
    enum Leaving {
        LARGER, SMALLER, PLAN, MOVES;

        long allocate(OffsetAllocator allocator) {
            long gap = this == MOVES ? allocator.allocate(8) : 0;
            long block = allocator.allocate(8);
            switch (this) {
                case LARGER -> Check.that(allocator.resize(block, 9), "no room to grow");
                case SMALLER -> Check.that(allocator.resize(block, 7), "no room to shrink");
                case PLAN -> Check.that(!allocator.planCompaction().isOpen(), "a plan with moves");
                default -> {
                    allocator.free(gap);
                    CompactionPlan plan = allocator.planCompaction();
                    plan.moves().forEach(plan::commit);
                }
            }
            return block;
        }
    }

    /// If it stays, the documentation has to say so, and this test goes.
    @Test
    @Fault(26)
    void metadataComesBack() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1 << 30)) {
            long[] all = new long[1_000_000];
            for (int i = 0; i < all.length; i++) {
                all[i] = allocator.allocate(1 + i % 100);
            }
            long most = allocator.metadataSize();
            allocator.freeAll(all);
            long freed = allocator.metadataSize();
            allocator.reset();
            Check.that(Math.min(freed, allocator.metadataSize()) <= most / 4,
                    "of " + most + " bytes " + freed + " are left with no block live, " + allocator.metadataSize() + " after a reset");
            allocator.verify();
            Check.that(allocator.allocate(100) > 0, "no room");
        }
    }

    /// Whatever sizes there were and in whatever order they end: neither slabs that are kept or current nor free regions pin the
    /// tables.
    @ParameterizedTest
    @CsvSource({"IN_ORDER, 64", "IN_ORDER, 500", "IN_ORDER, 4000", "REVERSE, 500", "RANDOM, 64", "RANDOM, 500", "RANDOM, 4000"})
    void aPeakOfMixedSizesLeavesNothing(Order order, int most) {
        SplittableRandom random = new SplittableRandom(5);
        try (OffsetAllocator allocator = OffsetAllocator.create(0xFFFF_FFFFL)) {
            peak(allocator, order, most, random);
            for (int i = 0; i < 2000; i++) {
                allocator.free(allocator.allocate(1 + random.nextInt(5000)));
            }
            Check.that(allocator.metadataSize() <= 2 * KEPT, () -> allocator.metadataSize() + " bytes are left with no block live");
            allocator.verify();
            allocator.free(allocator.allocate(most));
            allocator.verify();
        }
    }

    /// Nor does a peak while blocks that came before it stay live.
    @ParameterizedTest
    @EnumSource(Order.class)
    void aPeakOverAFewBlocksLeavesThem(Order order) {
        SplittableRandom random = new SplittableRandom(6);
        try (OffsetAllocator allocator = OffsetAllocator.create(0xFFFF_FFFFL)) {
            long[] few = new long[100];
            for (int i = 0; i < few.length; i++) {
                few[i] = allocator.allocate(1 + random.nextInt(5000));
            }
            peak(allocator, order, 1000, random);
            for (int i = 0; i < 40_000; i++) {
                allocator.free(allocator.allocate(1 + random.nextInt(1000)));
            }
            Check.that(allocator.metadataSize() <= 2 * KEPT, () -> allocator.metadataSize() + " bytes are left with 100 blocks live");
            allocator.verify();
            for (long block : few) {
                allocator.free(block);
            }
            allocator.verify();
        }
    }

    /// Nor does it take another call after the free of the last block.
    @ParameterizedTest
    @EnumSource(Order.class)
    void theLastFreeMakesTablesSmall(Order order) {
        SplittableRandom random = new SplittableRandom(7);
        try (OffsetAllocator allocator = OffsetAllocator.create(0xFFFF_FFFFL)) {
            peak(allocator, order, 60, random);
            Check.that(allocator.metadataSize() <= 2 * KEPT, () -> allocator.metadataSize() + " bytes are left with no block live");
            allocator.verify();
        }
    }

    /// Allocates many blocks of up to so many units and frees them.
    private static void peak(OffsetAllocator allocator, Order order, int most, SplittableRandom random) {
        long[] all = new long[300_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = allocator.allocate(1 + random.nextInt(most));
        }
        order.apply(all, random);
        for (long block : all) {
            allocator.free(block);
        }
    }

    /// The slab that serves a size stays when it is empty, until somebody asks for it.
    @Test
    void trimTakesWhatCurrentSlabsHaveKept() {
        try (SegmentArena arena = SegmentArena.ofConfined(64 << 20)) {
            long[] all = new long[200_006];
            for (int i = 0; i < all.length; i++) {
                all[i] = arena.tryAllocate(i < 200_000 ? 64 : 32, 1); // the last two lie in the highest slab
            }
            long most = arena.metadataSize();
            for (long block : all) {
                arena.free(block);
            }
            arena.trim();
            Check.that(arena.metadataSize() <= most / 4, () -> "of " + most + " bytes " + arena.metadataSize() + " are left with no block live");
            arena.verify();
            Check.that(arena.tryAllocate(32, 1) > 0, "no room");
            arena.verify();
        }
    }

    /// To replace a table takes a handshake with all threads of the JVM.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wavesOfBlocksDoNotReplaceTablesForEver(boolean byReset) {
        try (SegmentArena arena = SegmentArena.ofConfined(64 << 20)) {
            long[] all = new long[30_000];
            int changes = 0;
            for (int wave = 0; wave < 200; wave++) {
                long size = arena.metadataSize();
                for (int i = 0; i < all.length; i++) {
                    all[i] = arena.tryAllocate(i % 8 == 0 ? 12_000 : 64, 1);
                    changes += wave >= 100 && arena.metadataSize() != size ? 1 : 0;
                    size = arena.metadataSize();
                }
                if (byReset) {
                    arena.reset();
                }
                for (int i = 0; i < all.length && !byReset; i++) {
                    arena.free(all[i]);
                    changes += wave >= 100 && arena.metadataSize() != size ? 1 : 0;
                    size = arena.metadataSize();
                }
            }
            int later = changes;
            Check.that(later < 20, () -> "metadata changed its size " + later + " times in a hundred waves");
        }
    }

    enum Order {
        IN_ORDER, REVERSE, RANDOM;

        void apply(long[] all, SplittableRandom random) {
            for (int i = all.length - 1; i > 0 && this != IN_ORDER; i--) {
                int other = this == RANDOM ? random.nextInt(i + 1) : Math.min(i, all.length - 1 - i);
                long kept = all[i];
                all[i] = all[other];
                all[other] = kept;
            }
        }
    }

    /// A block is found by the page where it starts: a larger one needs no more to be found, whatever it becomes.
    @Test
    @SuppressWarnings("restricted")
    void aVeryLargeBlockTakesNoMoreThanASmallOne() {
        MemorySegment range = MemorySegment.ofAddress(1L << 44).reinterpret((1L << 36) - 16); // nobody touches it
        long[] taken = new long[2];
        for (int i = 0; i < 2; i++) {
            try (SegmentArena arena = SegmentArena.ofConfined(range)) {
                long block = arena.tryAllocate(i == 0 ? 1 << 14 : 1L << 35, 1);
                taken[i] = arena.metadataSize();
                for (long size : new long[] {(1L << 34) + 16, 1 << 20, 16, 1L << 35}) {
                    Check.that(arena.resize(block, size), "no room for " + size);
                    Check.that(arena.allocationAt(arena.address(block)) == block, "not found with " + size + " bytes");
                    arena.verify();
                }
                arena.free(block);
                arena.verify();
            }
        }
        Check.that(taken[0] == taken[1], () -> taken[0] + " bytes for a small one, " + taken[1] + " for a large one");
    }
}
