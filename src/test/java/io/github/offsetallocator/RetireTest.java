package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
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
        assertThrows(IllegalStateException.class, () -> allocator.offset(block));
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
        assertEquals(1, allocator.reclaim(Long.MAX_VALUE));
        assertEquals(1, allocator.reclaim(-1));
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
    void millionsCanWait() {
        int millions = 3_000_000;
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
}
