package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
            ranges.add(b);
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

    /// Its offsets are those of a range that chunks take places in. A file that grows is one memory.
    @Test
    void anArenaInChunksIsRefused(@TempDir Path directory) {
        try (SegmentArena arena = SegmentArena.builder().growable(1 << 16, 1 << 20).granule(64).build()) {
            arena.tryAllocate(100, 1);
            assertThrows(UnsupportedOperationException.class, () -> FlushRanges.of(arena, 64));
        }
        try (SegmentArena arena = SegmentArena.builder().durable(directory.resolve("one"), 1 << 16).growable(1 << 16, 1 << 20).granule(64).build()) {
            FlushRanges ranges = FlushRanges.of(arena, 64);
            ranges.add(arena.tryAllocate(100, 1));
            assertEquals(128, ranges.size(0));
        }
    }

    @Test
    void atomsAreCountedFromTheStartOfTheBackingSegment() {
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment segment = memory.allocate(4096, 256);
            SegmentArena odd = SegmentArena.builder().backing(segment.asSlice(8)).granule(64).build();
            assertThrows(IllegalArgumentException.class, () -> FlushRanges.of(odd, 64), "slices start at 56");

            SegmentArena late = SegmentArena.builder().backing(segment.asSlice(64)).granule(256).build();
            FlushRanges ranges = FlushRanges.of(late, 64);
            long slice = late.tryAllocate(1, 1);
            ranges.add(slice);
            assertEquals(192, ranges.offset(0));
            assertEquals(late.offset(slice), ranges.offset(0));
            assertEquals(256, ranges.size(0));
        }
    }

    @Test
    void whatWasFreedOrRetiredIsRefused() {
        try (SegmentArena arena = arena(64)) {
            FlushRanges ranges = FlushRanges.of(arena, 64);
            long freed = arena.tryAllocate(10, 1);
            long retired = arena.tryAllocate(10, 1);
            arena.free(freed);
            arena.retire(retired, 1);
            assertThrows(IllegalStateException.class, () -> ranges.add(freed));
            assertThrows(IllegalStateException.class, () -> ranges.add(retired));
            assertEquals(0, ranges.count());
        }
    }

    @Test
    @SparseFiles
    void theLargestArenaOverflowsNothing(@TempDir Path directory) {
        long byteSize = (1L << 36) - 16;
        try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("sparse"), byteSize).build()) {
            assertEquals(16, arena.granule());
            FlushRanges ranges = FlushRanges.of(arena, 16);
            long all = arena.tryAllocate(byteSize, 1);
            ranges.add(all);
            assertRanges(ranges, 0, byteSize);
            arena.free(all);

            ranges.clear();
            long lower = arena.tryAllocate(1L << 35, 1);
            long gap = arena.tryAllocate(16, 1);
            long upper = arena.tryAllocate((1L << 35) - 64, 1);
            long last = arena.tryAllocate(1, 1);
            assertEquals(byteSize - 32, arena.offset(last));
            ranges.add(last);
            assertRanges(ranges, byteSize - 32, 16);
            ranges.add(lower);
            assertRanges(ranges, 0, 1L << 35, byteSize - 32, 16);
            ranges.add(upper);
            assertRanges(ranges, 0, 1L << 35, (1L << 35) + 16, (1L << 35) - 48);
            ranges.add(gap);
            assertRanges(ranges, 0, byteSize - 16);
        }
    }

    /// Against brute force: a bit for each granule, set for those that the slices added own.
    @Test
    void rangesAreExactlyTheRunsOfGranulesThatWereAdded() {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 300; round++) {
            long atom = 1L << random.nextInt(9);
            long granule = Math.max(16, atom << random.nextInt(3));
            try (Arena memory = Arena.ofConfined()) {
                MemorySegment backing = memory.allocate(32 << 10, 4096).asSlice(random.nextInt(20) * atom);
                SegmentArena arena = SegmentArena.builder().backing(backing).granule(granule).build();
                fillAndCompare(arena, FlushRanges.of(arena, atom), random);
            }
        }
    }

    private static void fillAndCompare(SegmentArena arena, FlushRanges ranges, SplittableRandom random) {
        int largest = 1 << random.nextInt(13);
        BitSet added = new BitSet();
        BitSet others = new BitSet();
        for (long slice; (slice = arena.tryAllocate(random.nextInt(largest), 1L << random.nextInt(10))) > 0; ) {
            switch (random.nextInt(4)) {
                case 0 -> arena.free(slice);
                case 1 -> others.or(granules(arena, slice));
                default -> {
                    ranges.add(slice);
                    added.or(granules(arena, slice));
                    if (random.nextInt(8) == 0) {
                        ranges.add(slice);
                    }
                    if (random.nextInt(50) == 0) {
                        compare(arena, ranges, added);
                    }
                }
            }
        }
        compare(arena, ranges, added);
        assertFalse(added.intersects(others), "a neighbour is covered");
        ranges.clear();
        compare(arena, ranges, new BitSet());
    }

    private static BitSet granules(SegmentArena arena, long slice) {
        long first = (arena.offset(slice) - arena.origin()) / arena.granule();
        long end = first + Math.ceilDiv(Math.max(1, arena.size(slice)), arena.granule());
        BitSet granules = new BitSet();
        granules.set((int) first, (int) end);
        return granules;
    }

    private static void compare(SegmentArena arena, FlushRanges ranges, BitSet granules) {
        List<Long> expected = new ArrayList<>();
        for (int from = 0; (from = granules.nextSetBit(from)) >= 0; ) {
            int end = granules.nextClearBit(from);
            expected.add(arena.origin() + from * arena.granule());
            expected.add((end - from) * arena.granule());
            from = end;
        }
        assertRanges(ranges, expected.stream().mapToLong(Long::longValue).toArray());
    }

    private static void assertRanges(FlushRanges ranges, long... offsetsAndSizes) {
        List<Long> actual = new ArrayList<>();
        for (int i = 0; i < ranges.count(); i++) {
            actual.add(ranges.offset(i));
            actual.add(ranges.size(i));
        }
        assertEquals(Arrays.stream(offsetsAndSizes).boxed().toList(), actual);
    }

    private static SegmentArena arena(long granule) {
        return SegmentArena.builder().nativeMemory(32 << 10).granule(granule).build();
    }
}
