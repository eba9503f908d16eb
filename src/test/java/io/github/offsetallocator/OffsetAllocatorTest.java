package io.github.offsetallocator;

import static io.github.offsetallocator.OffsetAllocator.MAX_CAPACITY;
import static io.github.offsetallocator.OffsetAllocator.NO_SPACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every edge on purpose.
class OffsetAllocatorTest {
    @ParameterizedTest
    @EnumSource(Fit.class)
    void sizeZeroGetsAHandleAndTakesNothing(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(10).fit(fit).build()) {
            long empty = allocator.allocate(0);
            assertTrue(empty > 0);
            assertEquals(0, allocator.size(empty));
            assertEquals(0, allocator.offset(empty));
            assertEquals(10, allocator.storageReport().totalFreeSpace());
            allocator.free(empty);
            allocator.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void theSmallestPoolIsOneUnit(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1).fit(fit).build()) {
            long one = allocator.allocate(1);
            assertEquals(0, allocator.offset(one));
            assertEquals(NO_SPACE, allocator.allocate(1));
            allocator.free(one);
            assertTrue(allocator.allocate(1) > 0);
        }
    }

    @Test
    void theWholeUnsignedRangeCanBeOneBlock() {
        try (OffsetAllocator allocator = OffsetAllocator.create(MAX_CAPACITY)) {
            assertEquals(MAX_CAPACITY, allocator.storageReport().largestFreeRegion());
            long all = allocator.allocate(MAX_CAPACITY);
            assertEquals(MAX_CAPACITY, allocator.size(all));
            assertEquals(NO_SPACE, allocator.allocate(1));
            assertTrue(allocator.resize(all, MAX_CAPACITY - 1));
            long last = allocator.allocate(1);
            assertEquals(MAX_CAPACITY - 1, allocator.offset(last));
            allocator.verify();
        }
    }

    @Test
    void offsetsAndSizesAbove2To31AreUnsigned() {
        try (OffsetAllocator allocator = OffsetAllocator.create(MAX_CAPACITY)) {
            long low = allocator.allocate(3_000_000_000L);
            long high = allocator.allocate(1_000_000_000L);
            assertEquals(3_000_000_000L, allocator.size(low));
            assertEquals(3_000_000_000L, allocator.offset(high));
            assertEquals(NO_SPACE, allocator.allocate(300_000_000));
            allocator.free(low);
            long aligned = allocator.allocate(5, 1L << 31);
            assertEquals(0, allocator.offset(aligned));
            long second = allocator.allocate(5, 1L << 31);
            assertEquals(1L << 31, allocator.offset(second));
            assertEquals(NO_SPACE, allocator.allocate(5, 1L << 31));
            allocator.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void exactlyFullAndOneMore(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1024).fit(fit).build()) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                blocks.add(allocator.allocate(16));
            }
            assertEquals(0, allocator.storageReport().totalFreeSpace());
            assertEquals(0, allocator.storageReport().largestFreeRegion());
            assertEquals(NO_SPACE, allocator.allocate(1));
            blocks.forEach(allocator::free);
            assertEquals(1024, allocator.storageReport().largestFreeRegion());
            allocator.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 500, 1023, 5000})
    void exactlyMaxAllocationsCanBeLive(int n) {
        for (OffsetAllocator.Builder builder : List.of(OffsetAllocator.builder(100_000), OffsetAllocator.builder(100_000).realTime(),
                OffsetAllocator.builder(100_000).fit(Fit.REFERENCE))) {
            try (OffsetAllocator allocator = builder.maxAllocations(n).build()) {
                List<Long> blocks = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    blocks.add(allocator.allocate(3));
                    assertNotEquals(NO_SPACE, blocks.getLast());
                }
                assertEquals(NO_SPACE, allocator.allocate(3));
                assertEquals(NO_SPACE, allocator.allocate(0));
                allocator.free(blocks.remove(n / 2));
                allocator.verify();
                assertNotEquals(NO_SPACE, allocator.allocate(7));
                assertEquals(NO_SPACE, allocator.allocate(3));
                allocator.verify();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void whatIsBeyondTheCapacityIsNoSpaceAndWhatIsNegativeIsWrong(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(100).fit(fit).build()) {
            for (long size : new long[] {101, 1L << 31, 1L << 32, (1L << 32) + 1, 1L << 33, Long.MAX_VALUE}) {
                assertEquals(NO_SPACE, allocator.allocate(size));
                assertEquals(NO_SPACE, allocator.allocate(size, 16));
            }
            for (long size : new long[] {-1, Integer.MIN_VALUE, Long.MIN_VALUE}) {
                assertMessage(IllegalArgumentException.class, "" + size, () -> allocator.allocate(size));
                assertMessage(IllegalArgumentException.class, "" + size, () -> allocator.allocate(size, 16));
            }
            long block = allocator.allocate(5);
            assertMessage(IllegalArgumentException.class, "-1", () -> allocator.resize(block, -1));
            assertFalse(allocator.resize(block, Long.MAX_VALUE));
            assertEquals(5, allocator.size(block));
        }
    }

    @Test
    void anAlignmentIsAPowerOfTwo() {
        try (OffsetAllocator allocator = OffsetAllocator.create(100)) {
            for (long alignment : new long[] {0, -1, 3, 12, Long.MIN_VALUE, Long.MAX_VALUE}) {
                assertMessage(IllegalArgumentException.class, "" + alignment, () -> allocator.allocate(1, alignment));
                assertMessage(IllegalArgumentException.class, "" + alignment, () -> allocator.planCompaction(1, alignment));
            }
            assertEquals(0, allocator.offset(allocator.allocate(1, 1L << 62)));
            assertEquals(NO_SPACE, allocator.allocate(1, 1L << 62));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, MAX_CAPACITY + 1, Long.MAX_VALUE})
    void aCapacityIsOneTo2To32Minus1(long capacity) {
        assertMessage(IllegalArgumentException.class, "" + capacity, () -> OffsetAllocator.create(capacity));
    }

    @Test
    void optionsAreChecked() {
        OffsetAllocator.Builder builder = OffsetAllocator.builder(10);
        assertMessage(IllegalArgumentException.class, "0", () -> builder.maxAllocations(0));
        assertMessage(IllegalArgumentException.class, "-5", () -> builder.maxAllocations(-5));
        assertThrows(NullPointerException.class, () -> builder.fit(null));
    }

    // ---- handles -----------------------------------------------------------------------------------------------

    @Test
    void noHandleIsZeroOrNegative() {
        try (OffsetAllocator allocator = OffsetAllocator.create(10)) {
            for (int i = 0; i < 1000; i++) {
                long allocation = allocator.allocate(1);
                assertTrue(allocation > 0);
                allocator.free(allocation);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void deadForgedAndForeignHandlesAreRefused(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1000).fit(fit).build();
                OffsetAllocator other = OffsetAllocator.create(1000)) {
            long kept = allocator.allocate(10);
            long freed = allocator.allocate(10);
            allocator.free(freed);
            long reused = allocator.allocate(10);
            other.allocate(1);
            other.allocate(1);
            other.allocate(1);
            long foreign = other.allocate(1);
            long[] wrong = {freed, foreign, 0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, kept ^ 1, kept + (1L << 32), kept - (1L << 32),
                kept | 1L << 31, kept | 1L << 63, kept & 0xFFFF_FFFFL, kept & ~0xFFFF_FFFFL, reused ^ 1L << 33};
            for (long handle : wrong) {
                refused(allocator, handle);
            }
            assertEquals(10, allocator.size(kept));
            assertEquals(10, allocator.size(reused));
            assertEquals(2, allocator.allocations());
            allocator.verify();
        }
    }

    private static void refused(OffsetAllocator allocator, long handle) {
        for (Executable use : uses(allocator, handle)) {
            assertMessage(IllegalStateException.class, Long.toHexString(handle), use);
        }
    }

    private static List<Executable> uses(OffsetAllocator allocator, long handle) {
        return List.of(() -> allocator.free(handle), () -> allocator.offset(handle), () -> allocator.size(handle),
                () -> allocator.tag(handle), () -> allocator.setTag(handle, 1), () -> allocator.resize(handle, 1),
                () -> allocator.retire(handle, 1), () -> allocator.freeAll(new long[] {handle}));
    }

    @Test
    void everyNodeRefusesEveryForgedGeneration() {
        try (OffsetAllocator allocator = OffsetAllocator.create(100)) {
            long block = allocator.allocate(10);
            for (int node = 0; node < 2000; node++) {
                for (int generation : new int[] {0, 1, 2, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
                    long handle = (long) generation << 32 | node;
                    if (handle != block) {
                        assertThrows(IllegalStateException.class, () -> allocator.free(handle));
                    }
                }
            }
            allocator.verify();
        }
    }

    @Test
    void freeingManyIsAllOrNothing() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1000)) {
            long a = allocator.allocate(1);
            long b = allocator.allocate(100);
            long dead = allocator.allocate(1);
            allocator.free(dead);
            for (long[] wrong : new long[][] {{a, b, a}, {a, b, dead}, {a, 0}, {-1, a, b}}) {
                assertThrows(IllegalStateException.class, () -> allocator.freeAll(wrong));
                assertEquals(1, allocator.size(a));
                assertEquals(100, allocator.size(b));
                allocator.verify();
            }
            assertThrows(IndexOutOfBoundsException.class, () -> allocator.freeAll(new long[] {a}, 0, 2));
            allocator.freeAll(new long[] {0, a, b, 0}, 1, 3);
            assertEquals(0, allocator.allocations());
            assertEquals(1000, allocator.storageReport().largestFreeRegion());
        }
    }

    @Test
    void afterResetOldHandlesAreStale() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1000)) {
            long[] old = new long[50];
            for (int i = 0; i < old.length; i++) {
                old[i] = allocator.allocate(i);
            }
            allocator.retire(old[3], 7);
            allocator.reset();
            for (long handle : old) {
                refused(allocator, handle);
            }
            for (int i = 0; i < old.length; i++) {
                allocator.allocate(i);
            }
            for (long handle : old) {
                refused(allocator, handle);
            }
            assertEquals(0, allocator.retired());
            assertEquals(0, allocator.reclaim(100));
            allocator.verify();
        }
    }

    @Test
    void afterCloseEveryCallIsRefused() {
        OffsetAllocator allocator = OffsetAllocator.create(1000);
        long block = allocator.allocate(10);
        allocator.allocate(20);
        allocator.free(allocator.allocate(3));
        allocator.close();
        allocator.close();
        for (Executable use : uses(allocator, block)) {
            assertMessage(IllegalStateException.class, "closed", use);
        }
        for (Executable use : List.<Executable>of(() -> allocator.allocate(10), () -> allocator.allocate(3), () -> allocator.allocate(0),
                () -> allocator.allocate(1, 2), () -> allocator.allocate(5000), () -> allocator.grow(2000), allocator::reset,
                allocator::storageReport, allocator::storageReportFull, allocator::verify, allocator::allocations,
                allocator::capacity, allocator::retired, () -> allocator.reclaim(1), allocator::planCompaction,
                () -> allocator.forEachRegion((_, _, _) -> {}), () -> allocator.forEachAllocation(_ -> {}),
                () -> allocator.freeAll(new long[0]))) {
            assertMessage(IllegalStateException.class, "closed", use);
        }
        assertTrue(allocator.toString().contains("closed"));
    }

    @Test
    void aWalkMayReadButNotChange() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1000)) {
            long a = allocator.allocate(10);
            allocator.setTag(a, 77);
            long b = allocator.allocate(100);
            List<Executable> changes = List.of(() -> allocator.allocate(10), () -> allocator.allocate(1, 8), () -> allocator.free(a),
                    () -> allocator.free(b), () -> allocator.resize(a, 5), () -> allocator.reset(), allocator::close,
                    () -> allocator.grow(2000), () -> allocator.retire(a, 1), () -> allocator.reclaim(1),
                    () -> allocator.freeAll(new long[] {a}), () -> allocator.planCompaction());
            allocator.forEachRegion((_, _, allocation) -> {
                if (allocation == a) {
                    assertEquals(77, allocator.tag(a));
                }
                assertEquals(890, allocator.storageReport().totalFreeSpace());
                assertEquals(890, allocator.storageReport().largestFreeRegion());
                for (Executable change : changes) {
                    assertThrows(IllegalStateException.class, change);
                }
            });
            allocator.verify();
            allocator.free(a);
            allocator.free(b);
            assertEquals(1000, allocator.storageReport().largestFreeRegion());
        }
    }

    // ---- resize, grow, capacityFor -----------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Fit.class)
    void resizeTakesAndGivesExactly(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(100).fit(fit).build()) {
            long a = allocator.allocate(10);
            long b = allocator.allocate(10);
            assertFalse(allocator.resize(a, 11));
            assertTrue(allocator.resize(b, 90));
            assertEquals(0, allocator.storageReport().totalFreeSpace());
            assertFalse(allocator.resize(b, 91));
            assertTrue(allocator.resize(a, 4));
            assertEquals(6, allocator.storageReport().totalFreeSpace());
            assertTrue(allocator.resize(a, 10));
            assertTrue(allocator.resize(a, 10));
            assertTrue(allocator.resize(b, 0));
            assertEquals(90, allocator.storageReport().totalFreeSpace());
            assertEquals(1, countFree(allocator));
            assertEquals(10, allocator.offset(b));
            allocator.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void growthKeepsEveryAllocationAndMergesWithAFreeTail(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(100).fit(fit).build()) {
            long a = allocator.allocate(60);
            allocator.grow(188);
            assertEquals(128, allocator.storageReport().totalFreeSpace());
            assertEquals(1, countFree(allocator));
            allocator.allocate(128);
            allocator.grow(189);
            assertEquals(0, allocator.offset(a));
            assertEquals(188, allocator.offset(allocator.allocate(1)));
            allocator.grow(189);
            assertMessage(IllegalArgumentException.class, "188", () -> allocator.grow(188));
            assertMessage(IllegalArgumentException.class, "" + (1L << 32), () -> allocator.grow(1L << 32));
            allocator.grow(MAX_CAPACITY);
            assertEquals(MAX_CAPACITY - 189, allocator.storageReport().totalFreeSpace());
            allocator.verify();
        }
    }

    private static int countFree(OffsetAllocator allocator) {
        int count = 0;
        StorageReportFull report = allocator.storageReportFull();
        for (int bin = 0; bin < report.bins(); bin++) {
            count += report.count(bin);
        }
        return count;
    }

    @Test
    void metadataGrowsByDoublingAndLosesNothing() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1_000_000)) {
            long before = allocator.metadataSize();
            long[] blocks = new long[200_000];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = allocator.allocate(1 + i % 4);
                allocator.setTag(blocks[i], i);
            }
            assertTrue(allocator.metadataSize() > 100 * before);
            assertTrue(allocator.metadataSize() <= 2 * 32L * 200_300);
            for (int i = 0; i < blocks.length; i++) {
                assertEquals(1 + i % 4, allocator.size(blocks[i]));
                assertEquals(i, allocator.tag(blocks[i]));
            }
            allocator.verify();
        }
    }

    @Test
    void preallocatedMetadataDoesNotGrow() {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1_000_000).maxAllocations(5000).realTime().build()) {
            long before = allocator.metadataSize();
            for (int i = 0; i < 5000; i++) {
                assertNotEquals(NO_SPACE, allocator.allocate(i % 40, 1L << i % 5));
            }
            assertEquals(before, allocator.metadataSize());
            assertTrue(before <= 64L * 5000 + 32 * 300);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7, 8, 17, 513, 664_908, 699_050, 1L << 31, (1L << 32) - 1})
    void theCapacityForASizeIsTheSmallest(long size) {
        for (Fit fit : Fit.values()) {
            long capacity = OffsetAllocator.capacityFor(size, fit);
            if (capacity <= MAX_CAPACITY) {
                try (OffsetAllocator allocator = OffsetAllocator.builder(capacity).fit(fit).build()) {
                    assertNotEquals(NO_SPACE, allocator.allocate(size));
                }
            }
            if (capacity > 1) {
                try (OffsetAllocator allocator = OffsetAllocator.builder(Math.min(capacity, MAX_CAPACITY + 1) - 1).fit(fit).build()) {
                    assertEquals(NO_SPACE, allocator.allocate(size));
                }
            }
        }
        assertEquals(576, OffsetAllocator.capacityFor(513, Fit.REFERENCE));
        assertThrows(IllegalArgumentException.class, () -> OffsetAllocator.capacityFor(-1, Fit.GOOD));
        assertThrows(IllegalArgumentException.class, () -> OffsetAllocator.capacityFor(1L << 32, Fit.GOOD));
    }

    static void assertMessage(Class<? extends Throwable> type, String part, Executable use) {
        Throwable thrown = assertThrows(type, use);
        assertTrue(thrown.getMessage().contains(part), () -> "\"" + thrown.getMessage() + "\" does not name " + part);
    }
}
