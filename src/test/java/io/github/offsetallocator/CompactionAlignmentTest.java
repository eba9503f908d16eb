package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Plans with any alignment and any target, compared with what each window of neighbouring regions would give.
class CompactionAlignmentTest {
    private static final int ROUNDS = Integer.getInteger("compaction.rounds", 20_000);
    private static final long SEED = Long.getLong("compaction.seed", 20_261_127);

    /// @param allocation 0 for a free region, negative for one that is retired
    private record Region(long offset, long size, long allocation) {
        boolean isFree() {
            return allocation == 0;
        }
    }

    /// What a window gives: its free region, and the units that move for it.
    private record Gain(long units, long cost) {}

    private final SplittableRandom random;

    CompactionAlignmentTest() {
        random = new SplittableRandom(SEED);
    }

    @Test
    void aPlanReachesItsTargetIfAnyWindowDoes() {
        for (int round = 0; round < ROUNDS; round++) {
            long capacity = random.nextBoolean() ? random.nextLong(1, 2000) : random.nextLong(1, 1L << 32);
            try (OffsetAllocator allocator = OffsetAllocator.builder(capacity).build()) {
                fragment(allocator, capacity);
                long alignment = 1L << random.nextInt(random.nextBoolean() ? 12 : 63);
                long target = target(allocator.storageReport(), capacity);
                String where = "seed " + SEED + ", round " + round + ", target " + target + ", alignment " + alignment + ", " + regions(allocator);
                try {
                    check(allocator, target, alignment);
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError(where, e);
                }
            }
        }
    }

    private void fragment(OffsetAllocator allocator, long capacity) {
        long most = Math.max(1, capacity / random.nextInt(1, 16));
        List<Long> blocks = new ArrayList<>();
        for (int i = random.nextInt(24); i > 0; i--) {
            long size = random.nextInt(8) == 0 ? random.nextInt(3) : random.nextLong(most);
            long block = allocator.allocate(size, 1L << random.nextInt(random.nextInt(1, 12)));
            if (block != OffsetAllocator.NO_SPACE) {
                blocks.add(block);
            }
        }
        boolean areSomeRetired = random.nextInt(4) == 0;
        for (long block : blocks) {
            int dice = random.nextInt(10);
            if (dice < 5) {
                allocator.free(block);
            } else if (dice < 6 && areSomeRetired) {
                allocator.retire(block, 1);
            }
        }
    }

    private long target(StorageReport report, long capacity) {
        long near = switch (random.nextInt(5)) {
            case 0 -> report.largestFreeRegion();
            case 1 -> report.totalFreeSpace();
            case 2 -> capacity;
            case 3 -> random.nextLong(capacity + 1);
            default -> Long.MAX_VALUE - 2;
        };
        return Math.max(1, near + random.nextInt(-2, 3));
    }

    private static List<Region> regions(OffsetAllocator allocator) {
        List<Region> regions = new ArrayList<>();
        allocator.forEachRegion((offset, size, allocation) -> regions.add(new Region(offset, size, allocation)));
        return regions;
    }

    private static void check(OffsetAllocator allocator, long target, long alignment) {
        StorageReport before = allocator.storageReport();
        List<Gain> gains = gains(regions(allocator), alignment);
        long most = gains.stream().mapToLong(Gain::units).max().orElse(0);
        CompactionPlan plan = allocator.planCompaction(target, alignment);
        List<CompactionPlan.Move> moves = plan.moves();
        long moved = 0;
        for (CompactionPlan.Move move : moves) {
            assertTrue(move.to() >= 0 && move.to() < move.from() && (move.to() & alignment - 1) == 0, move::toString);
            assertEquals(move.from(), allocator.offset(move.allocation()));
            plan.commit(move);
            assertEquals(move.to(), allocator.offset(move.allocation()));
            moved += move.size();
        }
        assertFalse(plan.isOpen());
        allocator.verify();
        StorageReport after = allocator.storageReport();
        assertEquals(before.totalFreeSpace(), after.totalFreeSpace());
        assertTrue(after.largestFreeRegion() >= Math.min(target, most), () -> "has made " + after.largestFreeRegion() + " of " + most + " by " + moves);
        if (before.largestFreeRegion() >= target) {
            assertEquals(List.of(), moves, "there was room enough");
        } else if (!moves.isEmpty()) {
            assertTrue(after.largestFreeRegion() > before.largestFreeRegion(), () -> "moves that help nobody: " + moves);
        }
        if (alignment == 1 && most >= target) {
            assertEquals(gains.stream().filter(gain -> gain.units >= target).mapToLong(Gain::cost).min().orElseThrow(), moved, "units that move");
        }
    }

    /// What each window would give, from one free region to another, if its blocks slid down as far as they can.
    private static List<Gain> gains(List<Region> regions, long alignment) {
        List<Gain> gains = new ArrayList<>();
        for (int first = 0; first < regions.size(); first++) {
            long cursor = regions.get(first).offset;
            long cost = 0;
            for (int last = first; regions.get(first).isFree() && last < regions.size() && regions.get(last).allocation >= 0; last++) {
                Region region = regions.get(last);
                if (region.isFree()) {
                    gains.add(new Gain(region.offset + region.size - cursor, cost));
                } else {
                    long aligned = cursor + alignment - 1 & -alignment;
                    cost += aligned < region.offset ? region.size : 0;
                    cursor = Math.min(region.offset, aligned) + region.size;
                }
            }
        }
        return gains;
    }
}
