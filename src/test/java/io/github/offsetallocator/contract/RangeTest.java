package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.SparseFiles;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The ends of every option's range, and sizes around whole granules.
class RangeTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"4, 0", "6, 0", "12, 0", "16, 0", "23, 0", "4, 1", "6, 1", "12, 1", "16, 1", "23, 1"})
    @Fault(9)
    void sizesAroundAGranuleAreExact(int shift, int shared) {
        sizesAround(1L << shift, shared == 1, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @Fault(9)
    @SparseFiles
    void sizesAroundTheLargestGranuleAreExact(int shared) {
        sizesAround(1 << 24, shared == 1, 0);
    }

    private void sizesAround(long granule, boolean shared, long first) {
        SegmentArena.Builder builder = SegmentArena.builder().mapped(directory.resolve("sparse" + shared + granule), 12 * granule).granule(granule);
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            for (long whole = 0; whole <= 4 * granule; whole += granule) {
                for (long size = Math.max(first, whole - 2); size <= whole + 2; size++) {
                    exact(arena, size, granule);
                }
            }
            exact(arena, first, granule);
            arena.verify();
            Check.equal(arena.byteSize(), arena.storageReport().totalFreeSpace(), "free");
        }
    }

    private static void exact(SegmentArena arena, long size, long granule) {
        long before = arena.storageReport().totalFreeSpace();
        long block = arena.tryAllocate(size, 1);
        Check.equal(size, arena.size(block), "the size");
        Check.equal(size, arena.segment(block).byteSize(), "the size of the slice");
        Check.equal(Math.max(1, (size + granule - 1) / granule) * granule, before - arena.storageReport().totalFreeSpace(), "taken");
        arena.free(arena.segment(block));
        MemorySegment slice = arena.allocate(size, 1);
        Check.equal(size, slice.byteSize(), "the size of the slice");
        long handle = arena.allocationOf(slice);
        arena.resize(handle, size / 2);
        Check.equal(size / 2, arena.size(handle), "the size");
        arena.resize(handle, 0);
        Check.equal(0, arena.size(handle), "the size");
        Check.that(arena.resize(handle, size), "no room");
        arena.free(arena.segment(handle));
        Check.refused(() -> arena.free(handle));
        Check.equal(before, arena.storageReport().totalFreeSpace(), "free");
    }

    /// Many blocks with the largest slack, freed by another thread than the one that allocated them.
    @Test
    @Fault(9)
    @SparseFiles
    void theLargestSlackIsExactAmongThreads() {
        try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("sparse"), 200L << 24).granule(1 << 24).shared().build()) {
            for (int round = 0; round < 20; round++) {
                long[] blocks = new long[100];
                Elsewhere.run(() -> {
                    for (int i = 0; i < blocks.length; i++) {
                        blocks[i] = arena.tryAllocate(i % 3, 1);
                    }
                });
                Elsewhere.run(() -> {
                    for (int i = 0; i < blocks.length; i++) {
                        Check.equal(i % 3, arena.size(blocks[i]), "the size");
                        if (i % 2 == 0) {
                            arena.free(arena.segment(blocks[i]));
                        } else {
                            arena.free(blocks[i]);
                        }
                    }
                });
                arena.verify();
                Check.equal(0, arena.allocations(), "live");
            }
        }
    }

    /// The segment is never larger than an int of granules: 64 GiB is the first size with larger ones than 16 bytes.
    @ParameterizedTest
    @CsvSource({"68719476720, 16", "68719476735, 16", "68719476736, 32", "68719476737, 32", "137438953471, 32", "137438953472, 64"})
    @Fault(13)
    @SparseFiles
    void theGranuleGrowsFrom64GiBOn(long byteSize, long granule) {
        try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("sparse" + byteSize), byteSize).build()) {
            Check.equal(granule, arena.granule(), "the granule");
            Check.that(arena.byteSize() <= byteSize && arena.byteSize() > byteSize - granule, "the capacity is " + arena.byteSize());
        }
    }

    /// Memory of its own is as large as what was asked for.
    @ParameterizedTest
    @CsvSource({"16, 16", "17, 16", "31, 16", "33, 16", "1000, 16", "1001, 16", "4095, 16", "4097, 16", "65, 64", "1000, 64", "5000, 4096", "100001, 4096"})
    @Fault(17)
    void allThatWasAskedForFits(long byteSize, long granule) {
        for (boolean shared : new boolean[] {false, true}) {
            SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(byteSize).granule(granule);
            try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
                MemorySegment all = arena.allocate(byteSize, 1);
                Check.equal(byteSize, all.byteSize(), "the size");
                all.fill((byte) 1);
                Check.equal(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1), "more than there is");
                arena.free(all);
                Check.that(arena.byteSize() >= byteSize, "the capacity is " + arena.byteSize());
            }
        }
        if (granule == 16) {
            try (SegmentArena arena = SegmentArena.ofConfined(byteSize); SegmentArena shared = SegmentArena.ofShared(byteSize)) {
                Check.equal(byteSize, arena.allocate(byteSize).byteSize(), "the size");
                Check.equal(byteSize, shared.allocate(byteSize).byteSize(), "the size");
            }
        }
    }

    /// The largest and the smallest of each number that an allocator takes.
    @ParameterizedTest
    @EnumSource(Fit.class)
    @Fault(9)
    void theEndsOfEveryRangeOfAnAllocator(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(OffsetAllocator.MAX_CAPACITY).fit(fit)
                .maxAllocations(OffsetAllocator.MAX_ALLOCATIONS).build()) {
            long most = fit == Fit.GOOD ? OffsetAllocator.MAX_CAPACITY : Bins.roundedDown(OffsetAllocator.MAX_CAPACITY);
            for (long size : new long[] {most, 1L << 31, (1L << 31) - 1, 0}) {
                long block = allocator.allocate(size);
                Check.equal(size, allocator.size(block), "the size");
                allocator.setTag(block, Long.MIN_VALUE);
                Check.equal(Long.MIN_VALUE, allocator.tag(block), "the tag");
                allocator.retire(block, -1);
                Check.equal(0, allocator.reclaim(-2), "reclaimed");
                Check.equal(1, allocator.reclaim(-1), "reclaimed");
            }
            for (int shift = 0; shift < 63; shift++) {
                long block = allocator.allocate(1, 1L << shift);
                Check.that(block > 0 && allocator.offset(block) % (1L << shift) == 0, "not aligned to 2^" + shift);
                allocator.free(block);
            }
            long first = allocator.allocate(1);
            long aligned = allocator.allocate(1, 1L << 31);
            Check.equal(1L << 31, allocator.offset(aligned), "the offset");
            Check.equal(OffsetAllocator.NO_SPACE, allocator.allocate(1, 1L << 32), "at 2^32");
            allocator.free(first);
            allocator.free(aligned);
            Check.equal(OffsetAllocator.MAX_CAPACITY, allocator.storageReport().totalFreeSpace(), "free");
            allocator.verify();
        }
        for (long capacity : new long[] {0, -1, 1L << 32, Long.MIN_VALUE, Long.MAX_VALUE}) {
            Check.thrown(IllegalArgumentException.class, () -> OffsetAllocator.create(capacity));
        }
        for (int blocks : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, OffsetAllocator.MAX_ALLOCATIONS + 1}) {
            Check.thrown(IllegalArgumentException.class, () -> OffsetAllocator.builder(10).maxAllocations(blocks).build());
            Check.thrown(IllegalArgumentException.class,
                    () -> SegmentArena.builder().nativeMemory(100).maxAllocations(blocks).build());
        }
    }
}
