package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.ShadowModel.Block;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Drives an allocator and a [ShadowModel] with the same random calls, all kinds mixed. Everything follows from the seed,
/// so that a failure, which prints the seed and the last operations, can be repeated.
final class ShadowModelDriver {
    private static final int REMEMBERED = 40;

    private final long seed;
    private final SplittableRandom random;
    private final Fit fit;
    private final int maxAllocations;
    private final OffsetAllocator allocator;
    private final ShadowModel model;
    private final List<Block> live = new ArrayList<>();
    private final List<Block> retired = new ArrayList<>();
    private final long[] dead = new long[64];
    private final ArrayDeque<String> last = new ArrayDeque<>();
    private final long largestCapacity;
    private final int largestSize;
    private CompactionPlan plan;
    private int nextMove;
    private boolean leftOut;
    private long clock = 1000;

    ShadowModelDriver(long seed, OffsetAllocator.Builder builder, long capacity, long largestCapacity, int largestSize) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.allocator = builder.build();
        this.fit = allocator.fit();
        this.maxAllocations = allocator.maxAllocations();
        this.model = new ShadowModel(capacity);
        this.largestCapacity = largestCapacity;
        this.largestSize = largestSize;
    }

    void run(int operations, int verifyEvery) {
        for (int i = 0; i < operations; i++) {
            try {
                step();
                if (i % verifyEvery == 0) {
                    allocator.verify();
                }
                if (i % Math.max(verifyEvery, 997) == 0) {
                    compareAll();
                }
            } catch (Throwable failure) {
                throw new AssertionError("seed " + seed + ", " + allocator + ", operation " + i + ": " + failure.getMessage()
                        + "\nthe last operations:\n  " + String.join("\n  ", last), failure);
            }
        }
        allocator.verify();
        compareAll();
        allocator.close();
    }

    private void step() {
        int dice = random.nextInt(1000);
        if (dice < 330) {
            allocate(randomSize());
        } else if (dice < 430) {
            allocateAligned(randomSize(), 1L << random.nextInt(14));
        } else if (dice < 790) {
            free();
        } else if (dice < 860) {
            resize();
        } else if (dice < 880) {
            tag();
        } else if (dice < 890) {
            freeMany();
        } else if (dice < 920) {
            retire();
        } else if (dice < 930) {
            reclaim();
        } else if (dice < 960) {
            refuseDead();
        } else if (dice < 975) {
            report();
        } else if (dice < 995) {
            compact();
        } else if (dice < 997) {
            grow();
        } else if (dice == 998 && random.nextInt(50) == 0) {
            reset();
        } else {
            allocate(allocator.storageReport().largestFreeRegion());
        }
    }

    private long randomSize() {
        int octaves = 32 - Integer.numberOfLeadingZeros(largestSize - 1);
        return random.nextLong(1L << random.nextInt(octaves + 1));
    }

    // ---- the calls ---------------------------------------------------------------------------------------------

    private void allocate(long size) {
        log("allocate " + size);
        long allocation = allocator.allocate(size);
        if (allocation == OffsetAllocator.NO_SPACE) {
            checkRefusal(size);
        } else {
            took(allocation, size, 1);
        }
    }

    private void allocateAligned(long size, long alignment) {
        log("allocate " + size + " aligned to " + alignment);
        long allocation = allocator.allocate(size, alignment);
        if (allocation == OffsetAllocator.NO_SPACE) {
            if (fit == Fit.GOOD && !isFull() && plan == null) {
                long sure = size + alignment - 1;
                assertTrue(model.largestGap() < Math.max(1, roundedUp(sure)), "refused, though a gap would do wherever it lies");
            }
        } else {
            took(allocation, size, alignment);
        }
    }

    private void took(long allocation, long size, long alignment) {
        assertEquals(size, allocator.size(allocation));
        assertEquals(0, allocator.tag(allocation));
        live.add(model.take(allocation, allocator.offset(allocation), size, alignment));
        assertTrue(live.size() + retired.size() <= maxAllocations, "more blocks than asked for");
    }

    /// What [Fit] says about refusals: whatever is at least as large as the request rounded up must have been found.
    private void checkRefusal(long size) {
        if (!isFull() && plan == null) {
            long largest = model.largestGap();
            assertTrue(largest < Math.max(1, roundedUp(size)), "refused " + size + " of a gap of " + largest);
            if (fit == Fit.GOOD && allocator.storageReportFull().count(SmallFloat.roundDown(size)) <= Regions.DEEP_PROBES) {
                assertTrue(largest < Math.max(1, size), "refused " + size + ", though few regions share the bin of the gap of " + largest);
            }
        }
    }

    private boolean isFull() {
        return live.size() + retired.size() == maxAllocations;
    }

    private static long roundedUp(long size) {
        return SmallFloat.size(SmallFloat.roundUp(size));
    }

    private void free() {
        if (live.isEmpty()) {
            return;
        }
        Block block = removeRandom();
        log("free " + describe(block));
        allocator.free(block.allocation);
        gone(block);
    }

    private void freeMany() {
        long[] some = new long[Math.min(live.size(), random.nextInt(20))];
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < some.length; i++) {
            blocks.add(removeRandom());
            some[i] = blocks.get(i).allocation;
        }
        log("free " + some.length + " at once");
        if (some.length > 1) {
            long kept = some[some.length - 1];
            some[some.length - 1] = random.nextBoolean() ? some[0] : dead[0];
            assertThrows(IllegalStateException.class, () -> allocator.freeAll(some));
            some[some.length - 1] = kept;
        }
        allocator.freeAll(some);
        blocks.forEach(this::gone);
    }

    private void retire() {
        if (live.isEmpty()) {
            return;
        }
        Block block = removeRandom();
        clock += random.nextInt(4) - 1;
        log("retire " + describe(block) + " until " + clock);
        allocator.retire(block.allocation, clock);
        long newest = retired.isEmpty() ? clock : retired.getLast().retiredUntil;
        block.retiredUntil = Math.max(clock, newest);
        retired.add(block);
        remember(block);
        assertThrows(IllegalStateException.class, () -> allocator.free(block.allocation));
    }

    private void reclaim() {
        long completed = clock - random.nextInt(4);
        log("reclaim " + completed);
        int expected = 0;
        for (Iterator<Block> each = retired.iterator(); each.hasNext(); ) {
            Block block = each.next();
            if (block.retiredUntil > completed) {
                break;
            }
            model.give(block);
            each.remove();
            expected++;
        }
        assertEquals(expected, allocator.reclaim(completed));
    }

    private void resize() {
        if (live.isEmpty()) {
            return;
        }
        Block block = live.get(random.nextInt(live.size()));
        long size = random.nextBoolean() ? randomSize() : Math.max(0, block.size + random.nextInt(33) - 16);
        log("resize " + describe(block) + " to " + size);
        long gap = model.gapBehind(block);
        boolean resized = allocator.resize(block.allocation, size);
        if (plan == null) {
            assertEquals(gap < 0 ? resized : size - block.size <= gap, resized);
        }
        if (resized) {
            model.move(block, block.offset, size);
        }
        assertEquals(block.size, allocator.size(block.allocation));
        assertEquals(block.offset, allocator.offset(block.allocation));
    }

    private void tag() {
        if (!live.isEmpty()) {
            Block block = live.get(random.nextInt(live.size()));
            assertEquals(block.tag, allocator.tag(block.allocation));
            block.tag = random.nextLong();
            log("tag " + describe(block) + " with " + block.tag);
            allocator.setTag(block.allocation, block.tag);
        }
    }

    private void refuseDead() {
        long allocation = dead[random.nextInt(dead.length)];
        log("use the dead handle " + allocation);
        assertThrows(IllegalStateException.class, () -> allocator.free(allocation));
        assertThrows(IllegalStateException.class, () -> allocator.size(allocation));
        assertThrows(IllegalStateException.class, () -> allocator.resize(allocation, 1));
        assertThrows(IllegalStateException.class, () -> allocator.retire(allocation, 1));
        assertThrows(IllegalArgumentException.class, () -> allocator.allocate(-1 - random.nextInt(5)));
        assertThrows(IllegalArgumentException.class, () -> allocator.allocate(1, 3 + 2 * random.nextInt(9)));
        assertEquals(OffsetAllocator.NO_SPACE, allocator.allocate(model.capacity + 1 + random.nextLong(1L << 40)));
    }

    private void report() {
        StorageReport report = allocator.storageReport();
        log("report " + report);
        if (plan == null) {
            assertEquals(model.capacity - model.used, report.totalFreeSpace());
            assertTrue(report.largestFreeRegion() <= model.largestGap(), "reports more than there is");
            assertTrue(roundedUp(report.largestFreeRegion() + 1) >= SmallFloat.size(SmallFloat.roundDown(model.largestGap())),
                    "reports a bin too few: " + report.largestFreeRegion() + " of " + model.largestGap());
        }
    }

    private void grow() {
        long capacity = Math.min(largestCapacity, model.capacity + random.nextInt(1000));
        log("grow to " + capacity);
        allocator.grow(capacity);
        model.capacity = capacity;
    }

    private void reset() {
        log("reset");
        allocator.reset();
        for (Block block : live) {
            remember(block);
        }
        live.clear();
        retired.clear();
        model.clear();
        plan = null;
    }

    /// Opens a plan, or goes on with the open one: commits a move, drops it, or closes the plan.
    private void compact() {
        if (plan == null || !plan.isOpen()) {
            long target = random.nextInt(10) == 0 ? Long.MAX_VALUE : 1 + random.nextLong(2L * largestSize);
            long alignment = 1L << Math.max(0, random.nextInt(8) - 4);
            log("plan for " + target + " aligned to " + alignment);
            plan = allocator.planCompaction(target, alignment);
            nextMove = 0;
            leftOut = false;
            for (CompactionPlan.Move move : plan.moves()) {
                assertTrue(move.to() < move.from());
                assertEquals(0, move.to() % alignment);
                assertEquals(move.from(), allocator.offset(move.allocation()));
            }
        } else {
            for (int left = random.nextInt(20); left >= 0 && plan.isOpen(); left--) {
                oneMove();
            }
            if (plan.isOpen() && random.nextInt(5) == 0) {
                log("close the plan");
                plan.close();
            }
        }
        if (!plan.isOpen()) {
            plan = null;
        }
    }

    private void oneMove() {
        CompactionPlan.Move move = plan.moves().get(nextMove++);
        Block block = model.byAllocation.get(move.allocation());
        boolean stillThere = block != null && live.contains(block) && block.offset == move.from();
        if (random.nextInt(10) == 0 || !stillThere) {
            log("drop " + move);
            plan.drop(move);
            leftOut = true;
            return;
        }
        log("commit " + move);
        try {
            plan.commit(move);
        } catch (IllegalStateException blocked) {
            assertTrue(leftOut, "refused, though no move was left out");
            plan.drop(move);
            return;
        }
        model.move(block, move.to(), block.size);
        assertEquals(move.to(), allocator.offset(move.allocation()));
    }

    // ---- both walks against the model --------------------------------------------------------------------------

    private void compareAll() {
        Set<Long> seen = new HashSet<>();
        long[] end = {0};
        allocator.forEachRegion((offset, size, allocation) -> {
            assertEquals(end[0], offset);
            end[0] = offset + size;
            if (allocation > 0) {
                Block block = model.byAllocation.get(allocation);
                assertEquals(block.offset, offset);
                assertEquals(block.size, size);
                assertEquals(block.tag, allocator.tag(allocation));
                assertTrue(seen.add(allocation));
            } else {
                assertTrue(allocation == 0 || allocation == RegionVisitor.RETIRED);
            }
        });
        assertEquals(model.capacity, end[0]);
        assertEquals(live.size(), seen.size());
        assertEquals(live.size(), allocator.allocations());
        assertEquals(retired.size(), allocator.retired());
        allocator.forEachAllocation(allocation -> assertTrue(seen.remove(allocation)));
        assertTrue(seen.isEmpty());
    }

    // ---- bookkeeping -------------------------------------------------------------------------------------------

    private Block removeRandom() {
        int at = random.nextInt(live.size());
        Block block = live.get(at);
        Block moved = live.removeLast();
        if (moved != block) {
            live.set(at, moved);
        }
        return block;
    }

    private void gone(Block block) {
        model.give(block);
        remember(block);
    }

    private void remember(Block block) {
        dead[random.nextInt(dead.length)] = block.allocation;
    }

    private static String describe(Block block) {
        return "0x" + Long.toHexString(block.allocation) + " [" + block.offset + ", " + block.size + "]";
    }

    private void log(String operation) {
        if (last.size() == REMEMBERED) {
            last.removeFirst();
        }
        last.addLast(operation);
    }
}
