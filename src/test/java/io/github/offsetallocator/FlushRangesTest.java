package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The ranges cover what was added, in whole atoms, and nothing of a neighbour.
class FlushRangesTest {
    @Test
    void touchingRangesAreMergedAndOthersAreNot() {
        try (SegmentArena arena = arena(64)) {
            long a = arena.tryAllocate(10, 1);
            long b = arena.tryAllocate(100, 1);
            long gap = arena.tryAllocate(64, 1);
            long c = arena.tryAllocate(65, 1);
            FlushRanges ranges = FlushRanges.of(arena, 64);
            assertEquals(0, ranges.count());
            ranges.add(c);
            ranges.add(b);
            ranges.add(a);
            ranges.add(b);
            assertEquals(2, ranges.count());
            assertEquals(0, ranges.offset(0));
            assertEquals(192, ranges.size(0));
            assertEquals(arena.offset(c), ranges.offset(1));
            assertEquals(128, ranges.size(1));
            ranges.add(gap);
            assertEquals(1, ranges.count());
            assertEquals(384, ranges.size(0));
            assertThrows(IndexOutOfBoundsException.class, () -> ranges.offset(1));
            ranges.clear();
            assertEquals(0, ranges.count());
        }
    }

    @Test
    void neighboursMustNotShareAnAtom() {
        try (SegmentArena arena = arena(16)) {
            assertThrows(IllegalArgumentException.class, () -> FlushRanges.of(arena, 64));
            assertThrows(IllegalArgumentException.class, () -> FlushRanges.of(arena, 48));
            assertThrows(IllegalArgumentException.class, () -> FlushRanges.of(arena, 0));
            FlushRanges ranges = FlushRanges.of(arena, 8);
            assertThrows(IllegalStateException.class, () -> ranges.add(1));
        }
    }

    @Test
    void everyByteAddedIsCoveredAndNoOtherAllocationIsTouched() {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 300; round++) {
            long atom = 16L << random.nextInt(5);
            try (SegmentArena arena = arena(atom << random.nextInt(2))) {
                FlushRanges ranges = FlushRanges.of(arena, atom);
                List<Long> added = new ArrayList<>();
                List<Long> others = new ArrayList<>();
                for (long block; (block = arena.tryAllocate(random.nextInt(2000), 1L << random.nextInt(8))) > 0; ) {
                    switch (random.nextInt(3)) {
                        case 0 -> arena.free(block);
                        case 1 -> others.add(block);
                        default -> {
                            added.add(block);
                            ranges.add(block);
                        }
                    }
                }
                check(arena, atom, ranges, added, others);
            }
        }
    }

    private static void check(SegmentArena arena, long atom, FlushRanges ranges, List<Long> added, List<Long> others) {
        boolean[] covered = new boolean[(int) arena.byteSize()];
        long end = -1;
        for (int i = 0; i < ranges.count(); i++) {
            assertTrue(ranges.offset(i) > end, "out of order, or not merged");
            assertEquals(0, ranges.offset(i) % atom);
            assertEquals(0, ranges.size(i) % atom);
            end = ranges.offset(i) + ranges.size(i);
            assertTrue(end <= arena.backing().byteSize());
            Arrays.fill(covered, (int) ranges.offset(i), (int) end, true);
        }
        for (long block : added) {
            for (long at = arena.offset(block); at < arena.offset(block) + arena.size(block); at++) {
                assertTrue(covered[(int) at]);
            }
        }
        for (long block : others) {
            for (long at = arena.offset(block); at < arena.offset(block) + arena.size(block); at++) {
                assertTrue(!covered[(int) at]);
            }
        }
    }

    private static SegmentArena arena(long granule) {
        return SegmentArena.builder().nativeMemory(32 << 10).granule(granule).build();
    }
}
