package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Deferred frees: nothing too early, everything in the end.
class RetireTest {
    private final OffsetAllocator allocator = OffsetAllocator.create(1000);

    @Test
    void aBlockIsTakenUntilItsValueIsReached() {
        long block = allocator.allocate(1000);
        allocator.retire(block, 5);
        assertEquals(OffsetAllocator.NO_SPACE, allocator.allocate(1));
        assertEquals(0, allocator.reclaim(4));
        assertEquals(OffsetAllocator.NO_SPACE, allocator.allocate(1));
        assertEquals(1, allocator.reclaim(5));
        assertEquals(0, allocator.offset(allocator.allocate(1000)));
    }

    @Test
    void aRetiredHandleIsDead() {
        long block = allocator.allocate(10);
        allocator.retire(block, 5);
        assertThrows(IllegalStateException.class, () -> allocator.retire(block, 6));
        assertThrows(IllegalStateException.class, () -> allocator.free(block));
        assertThrows(IllegalStateException.class, () -> allocator.freeAll(new long[] {block}));
        assertThrows(IllegalStateException.class, () -> allocator.resize(block, 5));
        assertThrows(IllegalStateException.class, () -> allocator.setTag(block, 5));
        assertThrows(IllegalStateException.class, () -> allocator.tag(block));
        assertThrows(IllegalStateException.class, () -> allocator.size(block));
        assertThrows(IllegalStateException.class, () -> allocator.offset(block));
        allocator.forEachAllocation(handle -> fail(handle + " is live"));
        assertEquals(0, allocator.allocations());
        assertEquals(1, allocator.retired());
        assertEquals(990, allocator.storageReport().totalFreeSpace());
        allocator.verify();
    }

    @Test
    void aValueOutOfOrderWaitsForTheOneBeforeIt() {
        long first = allocator.allocate(10);
        long second = allocator.allocate(10);
        allocator.retire(first, 9);
        allocator.retire(second, 3);
        allocator.verify();
        assertEquals(0, allocator.reclaim(3));
        assertEquals(0, allocator.reclaim(8));
        assertEquals(2, allocator.reclaim(9));
        allocator.retire(allocator.allocate(1), 4);
        assertEquals(1, allocator.reclaim(4), "the values before were all reclaimed, so nothing is left to wait for");
        allocator.verify();
    }

    @Test
    void aCompletedValueThatGoesBackFreesNothing() {
        allocator.retire(allocator.allocate(10), 7);
        assertEquals(1, allocator.reclaim(7));
        allocator.retire(allocator.allocate(10), 8);
        assertEquals(0, allocator.reclaim(2));
        assertEquals(1, allocator.reclaim(8));
    }

    @Test
    void valuesAreUnsigned() {
        allocator.retire(allocator.allocate(10), Long.MAX_VALUE);
        allocator.retire(allocator.allocate(10), Long.MIN_VALUE);
        allocator.retire(allocator.allocate(10), -2);
        allocator.retire(allocator.allocate(10), -1);
        assertEquals(0, allocator.reclaim(0));
        assertEquals(1, allocator.reclaim(Long.MAX_VALUE));
        assertEquals(1, allocator.reclaim(-3));
        assertEquals(1, allocator.reclaim(-2));
        assertEquals(1, allocator.reclaim(-1));
    }

    @Test
    void zeroIsAValueLikeAnyOther() {
        allocator.retire(allocator.allocate(10), 0);
        assertEquals(1, allocator.reclaim(0));
    }

    @Test
    void behindTheLargestValueEverythingWaitsForIt() {
        allocator.retire(allocator.allocate(10), -1);
        allocator.retire(allocator.allocate(10), 1);
        assertEquals(0, allocator.reclaim(-2));
        assertEquals(2, allocator.reclaim(-1));
    }

    @Test
    void tagsDoNotShowTheValueThatABlockWaitedFor() {
        allocator.retire(allocator.allocate(10), 77);
        allocator.retire(allocator.allocate(100), 78);
        allocator.reclaim(78);
        assertEquals(0, allocator.tag(allocator.allocate(10)));
        assertEquals(0, allocator.tag(allocator.allocate(100)));
    }

    @Test
    void aResetForgetsThemAndTheirValues() {
        allocator.retire(allocator.allocate(10), 77);
        allocator.reset();
        assertEquals(0, allocator.retired());
        assertEquals(0, allocator.reclaim(-1));
        allocator.retire(allocator.allocate(1), 3);
        assertEquals(1, allocator.reclaim(3));
        allocator.verify();
    }

    @Test
    void tagsDoNotShowItAfterAResetEither() {
        for (int size = 0; size < 20; size++) {
            allocator.retire(allocator.allocate(size), 77);
        }
        allocator.reset();
        for (int size = 0; size < 20; size++) {
            assertEquals(0, allocator.tag(allocator.allocate(size)));
        }
    }

    @Test
    void theyCountTowardsTheLimit() {
        try (OffsetAllocator small = OffsetAllocator.builder(100).maxAllocations(2).build()) {
            small.retire(small.allocate(1), 1);
            small.allocate(1);
            assertEquals(OffsetAllocator.NO_SPACE, small.allocate(1));
            small.reclaim(1);
            small.allocate(1);
            small.verify();
        }
    }

    @Test
    void aRealTimeAllocatorCanRetireEverythingAgainAndAgain() {
        int blocks = 256;
        try (OffsetAllocator fixed = OffsetAllocator.builder(4L * blocks).maxAllocations(blocks).realTime().build()) {
            for (int frame = 0; frame < 50; frame++) {
                for (int i = 0; i < blocks; i++) {
                    fixed.retire(fixed.allocate(4), frame);
                }
                assertEquals(blocks, fixed.retired());
                assertEquals(OffsetAllocator.NO_SPACE, fixed.allocate(1));
                assertEquals(blocks, fixed.reclaim(frame));
                assertEquals(4L * blocks, fixed.storageReport().largestFreeRegion());
            }
            fixed.verify();
        }
    }

    @Test
    void theyStayThroughGrowth() {
        try (OffsetAllocator growing = OffsetAllocator.create(10)) {
            for (int i = 0; i < 1000; i++) {
                growing.grow(growing.capacity() + 1);
                growing.retire(growing.allocate(1), i);
            }
            growing.verify();
            assertEquals(500, growing.reclaim(499));
            assertEquals(500, growing.reclaim(999));
            assertEquals(1010, growing.storageReport().largestFreeRegion());
            growing.verify();
        }
    }

    @Test
    void aWalkSeesThemAndMayNotMakeThem() {
        long block = allocator.allocate(10);
        allocator.retire(allocator.allocate(10), 1);
        List<Long> seen = new ArrayList<>();
        allocator.forEachRegion((offset, size, allocation) -> {
            seen.add(allocation);
            assertThrows(IllegalStateException.class, () -> allocator.retire(block, 1));
            assertThrows(IllegalStateException.class, () -> allocator.reclaim(1));
        });
        assertEquals(List.of(block, RegionVisitor.RETIRED, 0L), seen);
        assertEquals(1, allocator.reclaim(1));
        assertEquals(10, allocator.size(block));
    }

    @Test
    void millionsCanWait() {
        int millions = 2_200_000;
        try (OffsetAllocator large = OffsetAllocator.create(10L * millions)) {
            for (int i = 0; i < millions; i++) {
                large.retire(large.allocate(1 + i % 10), i / 1000);
            }
            large.verify();
            assertEquals(1000, large.reclaim(0));
            assertEquals(millions / 2 - 1000, large.reclaim(millions / 2000 - 1));
            assertEquals(millions / 2, large.reclaim(millions));
            assertEquals(10L * millions, large.storageReport().largestFreeRegion());
            large.verify();
        }
    }

    @Test
    void afterCloseBothAreRefused() {
        long block = allocator.allocate(1);
        allocator.retire(allocator.allocate(1), 1);
        allocator.close();
        assertThrows(IllegalStateException.class, () -> allocator.reclaim(1));
        assertThrows(IllegalStateException.class, () -> allocator.retire(block, 1));
    }

    @Test
    void aPlanLeavesThemWhereTheyAre() {
        long front = allocator.allocate(100);
        long busy = allocator.allocate(100);
        long behind = allocator.allocate(100);
        long last = allocator.allocate(100);
        allocator.free(front);
        allocator.retire(busy, 1);
        allocator.resize(behind, 50);
        try (CompactionPlan plan = allocator.planCompaction()) {
            assertEquals(List.of(new CompactionPlan.Move(last, 300, 250, 100)), plan.moves());
            plan.commit(plan.moves().getFirst());
        }
        assertEquals(200, allocator.offset(behind));
        assertEquals(650, allocator.storageReport().largestFreeRegion());
        allocator.verify();
        assertEquals(1, allocator.reclaim(1));
        allocator.verify();
    }

    @Test
    void aBlockRetiredUnderAPlanIsNotMovedAndItsSpaceJoinsTheReserve() {
        long[] blocks = new long[5];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = allocator.allocate(200);
        }
        allocator.free(blocks[0]);
        try (CompactionPlan plan = allocator.planCompaction()) {
            assertEquals(0, plan.moves().size(), "one region is free already");
        }
        allocator.free(blocks[3]);
        CompactionPlan plan = allocator.planCompaction();
        assertEquals(2, plan.moves().size());
        CompactionPlan.Move first = plan.moves().get(0);
        CompactionPlan.Move second = plan.moves().get(1);

        allocator.retire(blocks[1], 1);
        assertThrows(IllegalStateException.class, () -> plan.commit(first));
        assertThrows(IllegalStateException.class, () -> plan.commit(second), "something may still read what is in its way");
        allocator.verify();
        assertEquals(1, allocator.reclaim(1));
        assertEquals(OffsetAllocator.NO_SPACE, allocator.allocate(1), "reserved");
        plan.commit(second);
        assertEquals(200, allocator.offset(blocks[2]));

        allocator.retire(blocks[2], 2);
        allocator.verify();
        plan.close();
        assertEquals(400, allocator.storageReport().largestFreeRegion());
        assertEquals(1, allocator.reclaim(2));
        assertEquals(800, allocator.storageReport().largestFreeRegion());
        allocator.verify();
    }

    // ---- through an arena --------------------------------------------------------------------------------------

    @Test
    void aRetiredSliceKeepsItsBytesAndIsNoLongerKnown() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 10)) {
            MemorySegment slice = arena.allocate(1000, 1);
            slice.fill((byte) 5);
            arena.retire(arena.allocationOf(slice), 1);
            assertThrows(IllegalArgumentException.class, () -> arena.allocationOf(slice));
            assertThrows(IllegalArgumentException.class, () -> arena.free(slice));
            assertThrows(OutOfSpaceException.class, () -> arena.allocate(1000, 1));
            assertEquals(5, slice.get(ValueLayout.JAVA_BYTE, 999));
            assertEquals(1, arena.reclaim(1));
            assertThrows(IllegalArgumentException.class, () -> arena.free(slice), "freed, and not handed out again");
            assertEquals(slice, arena.allocate(1000, 1));
            arena.verify();
        }
    }

    @Test
    void aClosedArenaRefusesBoth() {
        SegmentArena arena = SegmentArena.ofConfined(1 << 10);
        long slice = arena.tryAllocate(10, 1);
        arena.retire(arena.tryAllocate(10, 1), 1);
        arena.close();
        assertThrows(IllegalStateException.class, () -> arena.retire(slice, 1));
        assertThrows(IllegalStateException.class, () -> arena.reclaim(1));
        assertThrows(IllegalStateException.class, arena::retired);
    }

    /// Producers stage and retire, another thread reclaims, as a renderer does.
    @Test
    void aSharedArenaLosesNone() throws InterruptedException {
        int producers = 4;
        int each = 5000;
        AtomicLong clock = new AtomicLong();
        AtomicLong reclaimed = new AtomicLong();
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int producer = 0; producer < producers; producer++) {
                    threads.submit(() -> {
                        for (int i = 0; i < each; i++) {
                            long slice;
                            while ((slice = arena.tryAllocate(1 + i % 3000, 1)) == SegmentArena.NO_SPACE) {
                                reclaimed.addAndGet(arena.reclaim(clock.get()));
                                Thread.yield();
                            }
                            arena.retire(slice, clock.incrementAndGet());
                        }
                    });
                }
            }
            reclaimed.addAndGet(arena.reclaim(clock.get()));
            assertEquals(producers * each, reclaimed.get());
            assertEquals(0, arena.retired());
            assertEquals(arena.byteSize(), arena.storageReport().totalFreeSpace());
            arena.verify();
        }
    }
}
