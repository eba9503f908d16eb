package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Plans on fragmented pools, carried out on an array that stands for the memory.
class CompactionPlanTest {
    private static final int CAPACITY = 20_000;

    private final OffsetAllocator allocator = OffsetAllocator.create(CAPACITY);
    private final SplittableRandom random = new SplittableRandom(8);
    private final long[] memory = new long[CAPACITY];

    private void fragment() {
        for (long block; (block = allocator.allocate(1 + random.nextInt(200))) > 0; ) {
            write(block);
        }
        allocator.forEachAllocation(_ -> {});
        long[] all = new long[allocator.allocations()];
        int[] count = {0};
        allocator.forEachAllocation(block -> all[count[0]++] = block);
        for (long block : all) {
            if (random.nextInt(3) == 0) {
                allocator.free(block);
            }
        }
    }

    private void write(long block) {
        int from = (int) allocator.offset(block);
        Arrays.fill(memory, from, from + (int) allocator.size(block), block);
    }

    private void copy(CompactionPlan.Move move) {
        System.arraycopy(memory, (int) move.from(), memory, (int) move.to(), (int) move.size());
    }

    private void checkContents() {
        allocator.forEachRegion((offset, size, allocation) -> {
            for (long at = offset; allocation != 0 && at < offset + size; at++) {
                assertEquals(allocation, memory[(int) at]);
            }
        });
    }

    @Test
    void afterAFullPlanTheLargestRegionIsAllTheFreeSpace() {
        fragment();
        StorageReport before = allocator.storageReport();
        assertTrue(before.largestFreeRegion() < before.totalFreeSpace() / 4);
        CompactionPlan plan = allocator.planCompaction();
        for (CompactionPlan.Move move : plan.moves()) {
            copy(move);
            plan.commit(move);
            allocator.verify();
        }
        assertFalse(plan.isOpen());
        StorageReport after = allocator.storageReport();
        assertEquals(before.totalFreeSpace(), after.totalFreeSpace());
        assertEquals(after.totalFreeSpace(), after.largestFreeRegion());
        checkContents();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 100, 1000, 3000})
    void aTargetIsReachedAndNoMoreIsMovedThanForAll(long target) {
        fragment();
        long all;
        try (CompactionPlan full = allocator.planCompaction()) {
            all = full.moves().stream().mapToLong(CompactionPlan.Move::size).sum();
        }
        CompactionPlan plan = allocator.planCompaction(target);
        assertTrue(plan.moves().stream().mapToLong(CompactionPlan.Move::size).sum() <= all);
        for (CompactionPlan.Move move : plan.moves()) {
            copy(move);
            plan.commit(move);
        }
        assertTrue(allocator.storageReport().largestFreeRegion() >= target);
        assertTrue(allocator.allocate(target) > 0);
        checkContents2();
    }

    /// The block that was just allocated has no content yet.
    private void checkContents2() {
        int[] without = {0};
        allocator.forEachRegion((offset, size, allocation) -> {
            for (long at = offset; allocation > 0 && at < offset + size; at++) {
                if (memory[(int) at] != allocation) {
                    without[0]++;
                    break;
                }
            }
        });
        assertEquals(1, without[0]);
    }

    @Test
    void untilCommittedBothRangesStayReserved() {
        fragment();
        CompactionPlan plan = allocator.planCompaction();
        long[] all = new long[100];
        for (int i = 0; i < all.length; i++) {
            all[i] = allocator.allocate(1 + i % 7);
            assertEquals(OffsetAllocator.NO_SPACE, all[i], "everything is in the plan's window");
        }
        for (CompactionPlan.Move move : plan.moves()) {
            assertEquals(move.from(), allocator.offset(move.allocation()));
        }
        plan.close();
        assertFalse(plan.isOpen());
        checkContents();
        allocator.verify();
        assertTrue(allocator.allocate(7) > 0);
    }

    @Test
    void misuseIsRefused() {
        fragment();
        CompactionPlan plan = allocator.planCompaction();
        CompactionPlan.Move first = plan.moves().get(0);
        CompactionPlan.Move second = plan.moves().get(1);
        assertThrows(IllegalStateException.class, allocator::planCompaction);
        assertThrows(IllegalArgumentException.class, () -> plan.commit(new CompactionPlan.Move(1, 2, 1, 1)));
        assertThrows(IllegalArgumentException.class,
                () -> plan.commit(new CompactionPlan.Move(first.allocation(), first.from(), first.to() + 1, first.size())));
        plan.commit(first);
        assertThrows(IllegalStateException.class, () -> plan.commit(first));
        assertThrows(IllegalStateException.class, () -> plan.drop(first));
        allocator.free(second.allocation());
        assertThrows(IllegalStateException.class, () -> plan.commit(second));
        plan.drop(second);
        allocator.verify();
        plan.close();
        plan.close();
        assertThrows(IllegalStateException.class, () -> plan.commit(plan.moves().get(2)));
        assertThrows(UnsupportedOperationException.class, () -> plan.moves().clear());
        assertThrows(IllegalArgumentException.class, () -> allocator.planCompaction(0));
        assertThrows(IllegalArgumentException.class, () -> allocator.planCompaction(-1));
        allocator.verify();
    }

    @Test
    void resetAndCloseEndAPlan() {
        fragment();
        CompactionPlan plan = allocator.planCompaction();
        allocator.reset();
        assertFalse(plan.isOpen());
        assertThrows(IllegalStateException.class, () -> plan.commit(plan.moves().getFirst()));
        plan.close();
        allocator.verify();
        assertEquals(CAPACITY, allocator.storageReport().largestFreeRegion());
        fragment();
        CompactionPlan other = allocator.planCompaction();
        allocator.close();
        assertFalse(other.isOpen());
        other.close();
    }

    @Test
    void anEmptyOrFullPoolNeedsNoMoves() {
        assertTrue(allocator.planCompaction().moves().isEmpty());
        long all = allocator.allocate(CAPACITY);
        assertTrue(allocator.planCompaction().moves().isEmpty());
        allocator.free(all);
        allocator.verify();
    }

    @Test
    void newOffsetsAreAligned() {
        fragment();
        long free = allocator.storageReport().totalFreeSpace();
        CompactionPlan plan = allocator.planCompaction(Long.MAX_VALUE, 16);
        for (CompactionPlan.Move move : plan.moves()) {
            assertEquals(0, move.to() % 16);
            copy(move);
            plan.commit(move);
        }
        allocator.verify();
        checkContents();
        assertEquals(free, allocator.storageReport().totalFreeSpace());
    }
}
