package io.github.offsetallocator;

import static io.github.offsetallocator.OffsetAllocatorTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Slices of native, mapped, borrowed and heap memory, confined and shared.
class SegmentArenaTest {
    /// What may lie behind an arena. Each makes one of 256 KiB.
    enum Backing {
        NATIVE, SHARED, MAPPED, BORROWED, UNALIGNED, HEAP_BYTES, HEAP_LONGS, ZEROED, REFERENCE, REAL_TIME, LARGE_GRANULE;

        private static final int SIZE = 256 << 10;

        SegmentArena open(Path directory) {
            SegmentArena.Builder builder = SegmentArena.builder();
            return switch (this) {
                case NATIVE -> SegmentArena.ofConfined(SIZE);
                case SHARED -> SegmentArena.ofShared(SIZE);
                case MAPPED -> builder.mapped(directory.resolve("arena"), SIZE).build();
                case BORROWED -> SegmentArena.ofConfined(Arena.ofAuto().allocate(SIZE, 4096));
                case UNALIGNED -> SegmentArena.ofConfined(Arena.ofAuto().allocate(SIZE + 100, 64).asSlice(3, SIZE + 33));
                case HEAP_BYTES -> SegmentArena.ofConfined(MemorySegment.ofArray(new byte[SIZE]));
                case HEAP_LONGS -> SegmentArena.ofConfined(MemorySegment.ofArray(new long[SIZE / 8]));
                case ZEROED -> builder.nativeMemory(SIZE).zeroed().build();
                case REFERENCE -> builder.nativeMemory(SIZE).fit(Fit.REFERENCE).build();
                case REAL_TIME -> builder.nativeMemory(SIZE).maxAllocations(30_000).realTime().build();
                case LARGE_GRANULE -> builder.nativeMemory(SIZE).granule(256).build();
            };
        }

        long largestAlignment() {
            return this == HEAP_BYTES ? 1 : this == HEAP_LONGS ? 8 : 1024;
        }
    }

    private record Slice(MemorySegment segment, byte pattern) {}

    @TempDir
    Path directory;

    /// Every owner fills its slice with a pattern of its own and finds it intact: no overlap, nothing past the end.
    @ParameterizedTest
    @EnumSource(Backing.class)
    void slicesAreBoundedAlignedAndApart(Backing backing) {
        SplittableRandom random = new SplittableRandom(9);
        List<Slice> live = new ArrayList<>();
        try (SegmentArena arena = backing.open(directory)) {
            for (int i = 0; i < 12_000; i++) {
                if (random.nextInt(5) < 3) {
                    long size = random.nextInt(1 << random.nextInt(13));
                    long alignment = Math.min(backing.largestAlignment(), 1L << random.nextInt(11));
                    allocateOne(arena, backing, size, alignment, (byte) i, live);
                } else if (!live.isEmpty()) {
                    Slice slice = live.remove(random.nextInt(live.size()));
                    assertIntact(slice);
                    if (random.nextBoolean()) {
                        arena.free(slice.segment);
                    } else {
                        arena.free(arena.allocationOf(slice.segment));
                    }
                }
                if (i % 1000 == 0) {
                    arena.verify();
                }
            }
            live.forEach(SegmentArenaTest::assertIntact);
            assertEquals(live.size(), arena.allocations());
        }
    }

    private static void allocateOne(SegmentArena arena, Backing backing, long size, long alignment, byte pattern, List<Slice> live) {
        MemorySegment segment;
        try {
            segment = arena.allocate(size, alignment);
        } catch (OutOfSpaceException full) {
            assertEquals(size, full.requested());
            assertEquals(arena.storageReport().totalFreeSpace(), full.free());
            assertEquals(arena.storageReport().largestFreeRegion(), full.largest());
            return;
        }
        assertEquals(size, segment.byteSize());
        assertEquals(0, segment.address() % alignment);
        assertEquals(arena.backing().address() + arena.offset(arena.allocationOf(segment)), segment.address());
        if (backing == Backing.ZEROED) {
            for (long at = 0; at < size; at++) {
                assertEquals(0, segment.get(ValueLayout.JAVA_BYTE, at));
            }
        }
        segment.fill(pattern);
        assertThrows(IndexOutOfBoundsException.class, () -> segment.get(ValueLayout.JAVA_BYTE, size));
        live.add(new Slice(segment, pattern));
    }

    private static void assertIntact(Slice slice) {
        for (long at = 0; at < slice.segment.byteSize(); at++) {
            assertEquals(slice.pattern, slice.segment.get(ValueLayout.JAVA_BYTE, at));
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void aSegmentOf2To56BytesIsRefused() {
        MemorySegment all = MemorySegment.ofAddress(1 << 16).reinterpret(1L << 56);
        assertThrows(IllegalArgumentException.class, () -> SegmentArena.ofConfined(all));
        try (SegmentArena arena = SegmentArena.ofConfined(all.asSlice(0, (1L << 56) - 1))) {
            assertEquals(1 << 24, arena.granule());
            long block = arena.tryAllocate(1, 1);
            assertEquals(1, arena.size(block));
        }
    }

    @Test
    void itIsASegmentAllocator() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 20)) {
            MemorySegment text = arena.allocateFrom("slice", StandardCharsets.UTF_8);
            assertEquals("slice", text.getString(0));
            MemorySegment numbers = arena.allocateFrom(ValueLayout.JAVA_INT, 1, 2, 3);
            assertEquals(12, numbers.byteSize());
            assertEquals(3, numbers.getAtIndex(ValueLayout.JAVA_INT, 2));
            arena.free(text);
            arena.free(numbers);
            assertEquals(0, arena.allocations());
        }
    }

    @Test
    void whenThereIsNoRoomTheExceptionSaysHowMuchThereIs() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16)) {
            arena.allocate(1 << 15);
            OutOfSpaceException full = assertThrows(OutOfSpaceException.class, () -> arena.allocate((1 << 15) + 1, 8));
            assertEquals((1 << 15) + 1, full.requested());
            assertEquals(1 << 15, full.free());
            assertEquals(1 << 15, full.largest());
            assertTrue(full.getMessage().contains("32769") && full.getMessage().contains("32768"));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate((1 << 15) + 1, 8));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(Long.MAX_VALUE, 8));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1L << 36, 1));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(Long.MAX_VALUE, 1L << 40));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backing.class, names = {"NATIVE", "SHARED", "HEAP_BYTES"})
    void badArgumentsAreRefused(Backing backing) {
        try (SegmentArena arena = backing.open(directory)) {
            for (long alignment : new long[] {0, -1, 3, 48, Long.MIN_VALUE}) {
                assertMessage(IllegalArgumentException.class, "" + alignment, () -> arena.tryAllocate(1, alignment));
                assertMessage(IllegalArgumentException.class, "" + alignment, () -> arena.allocate(1, alignment));
            }
            assertMessage(IllegalArgumentException.class, "-7", () -> arena.tryAllocate(-7, 1));
            assertMessage(IllegalArgumentException.class, "-7", () -> arena.allocate(-7));
            long block = arena.tryAllocate(5, 1);
            assertMessage(IllegalArgumentException.class, "-7", () -> arena.resize(block, -7));
            assertMessage(IllegalArgumentException.class, "-7", () -> arena.reallocate(block, -7, 1));
            assertEquals(5, arena.size(block));
        }
        assertMessage(IllegalArgumentException.class, "0", () -> SegmentArena.ofConfined(0));
        assertMessage(IllegalArgumentException.class, "-1", () -> SegmentArena.ofShared(-1));
        assertThrows(IllegalArgumentException.class, () -> SegmentArena.ofConfined(15));
        assertThrows(IllegalArgumentException.class, () -> SegmentArena.ofConfined(MemorySegment.ofArray(new byte[15])));
        assertThrows(IllegalArgumentException.class, () -> SegmentArena.ofConfined(MemorySegment.ofArray(new byte[64]).asReadOnly()));
        assertThrows(IllegalStateException.class, () -> SegmentArena.builder().build());
        for (long granule : new long[] {0, 8, 24, -16, 1L << 25}) {
            assertMessage(IllegalArgumentException.class, "" + granule, () -> SegmentArena.builder().granule(granule));
        }
    }

    @Test
    void memoryOnTheHeapHasItsOwnLargestAlignment() {
        try (SegmentArena arena = SegmentArena.ofConfined(MemorySegment.ofArray(new byte[1000]))) {
            assertMessage(IllegalArgumentException.class, "16", () -> arena.allocate(1, 16));
            arena.allocate(1, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backing.class, names = {"NATIVE", "SHARED", "HEAP_LONGS"})
    void onlyLiveSlicesOfThisArenaCanBeFreed(Backing backing) {
        try (SegmentArena arena = backing.open(directory); SegmentArena other = backing.open(directory)) {
            MemorySegment slice = arena.allocate(100);
            MemorySegment freed = arena.allocate(100);
            arena.free(freed);
            for (MemorySegment wrong : List.of(freed, other.allocate(100), slice.asSlice(16), slice.asSlice(0, 99), slice.asSlice(1),
                    arena.backing(), MemorySegment.NULL, MemorySegment.ofArray(new long[3]), arena.backing().asSlice(0, 0),
                    arena.backing().asSlice(arena.backing().byteSize()), MemorySegment.ofAddress(slice.address() - 16))) {
                if (wrong.address() != slice.address() || wrong.byteSize() != 100) {
                    assertThrows(IllegalArgumentException.class, () -> arena.free(wrong), wrong::toString);
                    assertThrows(IllegalArgumentException.class, () -> arena.reallocate(wrong, 10, 1));
                }
            }
            assertThrows(NullPointerException.class, () -> arena.free((MemorySegment) null));
            arena.free(slice);
            assertThrows(IllegalArgumentException.class, () -> arena.free(slice));
            arena.verify();
        }
    }

    @Test
    void aBuilderThatRefusesNullIsAsItWas() {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(1024);
        for (Executable wrong : List.<Executable>of(() -> builder.mapped(null, 2048), () -> builder.durable(null, 2048), () -> builder.backing(null),
                () -> builder.growable((Path) null, 2048, 2048), () -> builder.growable((ChunkSource) null, 2048, 2048))) {
            assertThrows(NullPointerException.class, wrong);
            try (SegmentArena arena = builder.build()) {
                assertEquals(1024, arena.byteSize());
                assertEquals(1024, arena.backing().byteSize());
            }
        }
    }

    @Test
    void slicesFreedByHandleLeaveNothingBehindInTheIndex() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 20)) {
            for (int round = 0; round < 200; round++) {
                List<MemorySegment> slices = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    slices.add(arena.allocate(1 + i * (round % 3 + 1)));
                }
                for (MemorySegment slice : slices) {
                    arena.free(arena.allocationOf(slice));
                }
                MemorySegment last = slices.getLast();
                assertThrows(IllegalArgumentException.class, () -> arena.free(last));
            }
            assertEquals(0, arena.allocations());
        }
    }

    @Test
    void slicesOfNoBytesHaveAddressesOfTheirOwn() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 10)) {
            MemorySegment a = arena.allocate(0);
            MemorySegment b = arena.allocate(0);
            assertNotEquals(a.address(), b.address());
            assertEquals(0, a.byteSize());
            arena.free(b);
            arena.free(a);
            assertEquals(1 << 10, arena.storageReport().largestFreeRegion());
        }
    }

    @Test
    void reallocateStaysOrMovesAndKeepsTheContent() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 12)) {
            MemorySegment a = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1, (byte) 2, (byte) 3);
            MemorySegment inPlace = arena.reallocate(a, 1000, 1);
            assertEquals(a.address(), inPlace.address());
            MemorySegment wall = arena.allocate(16);
            MemorySegment moved = arena.reallocate(inPlace, 1500, 1);
            assertNotEquals(a.address(), moved.address());
            assertEquals(3, moved.get(ValueLayout.JAVA_BYTE, 2));
            assertThrows(IllegalArgumentException.class, () -> arena.free(inPlace));
            assertThrows(OutOfSpaceException.class, () -> arena.reallocate(moved, 4000, 1));
            assertEquals(3, moved.get(ValueLayout.JAVA_BYTE, 2));
            MemorySegment small = arena.reallocate(moved, 2, 1);
            assertEquals(moved.address(), small.address());
            assertEquals(2, small.byteSize());
            long aligned = arena.reallocate(arena.allocationOf(small), 2, 1024);
            assertEquals(0, arena.segment(aligned).address() % 1024);
            arena.free(aligned);
            arena.free(wall);
            assertEquals(0, arena.allocations());
            arena.verify();
        }
    }

    // ---- lifetime ----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(value = Backing.class, names = {"NATIVE", "SHARED", "MAPPED"})
    void closeEndsTheSlicesOfOwnedMemory(Backing backing) {
        SegmentArena arena = backing.open(directory);
        MemorySegment slice = arena.allocate(10);
        long handle = arena.allocationOf(slice);
        arena.close();
        arena.close();
        assertThrows(IllegalStateException.class, () -> slice.get(ValueLayout.JAVA_BYTE, 0));
        refusesEverything(arena, slice, handle);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeLeavesTheSlicesOfBorrowedMemoryToTheirOwner(boolean shared) {
        try (Arena owner = Arena.ofShared()) {
            MemorySegment memory = owner.allocate(4096);
            SegmentArena arena = shared ? SegmentArena.ofShared(memory) : SegmentArena.ofConfined(memory);
            MemorySegment slice = arena.allocate(10);
            long handle = arena.allocationOf(slice);
            arena.close();
            slice.set(ValueLayout.JAVA_BYTE, 9, (byte) 7);
            refusesEverything(arena, slice, handle);
        }
    }

    private static void refusesEverything(SegmentArena arena, MemorySegment slice, long handle) {
        for (Executable use : List.<Executable>of(() -> arena.allocate(1), () -> arena.tryAllocate(1, 1), () -> arena.tryAllocate(1, 64),
                () -> arena.free(slice), () -> arena.free(handle), () -> arena.segment(handle), () -> arena.offset(handle),
                () -> arena.size(handle), () -> arena.resize(handle, 1), () -> arena.reallocate(handle, 1, 1), arena::storageReport,
                arena::storageReportFull, arena::verify, arena::reset, arena::allocations, arena::byteSize, () -> arena.retire(handle, 1),
                () -> arena.reclaim(1), arena::retired, () -> arena.tag(handle), () -> arena.setTag(handle, 1),
                () -> arena.freeAll(new long[] {handle}, 0, 1), () -> arena.forEachRegion((_, _, _) -> {}))) {
            assertMessage(IllegalStateException.class, "closed", use);
        }
    }

    @Test
    void aConfinedArenaBelongsToItsThread() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofConfined(4096)) {
            MemorySegment slice = arena.allocate(10);
            long handle = arena.allocationOf(slice);
            for (Executable use : List.<Executable>of(() -> arena.tryAllocate(1, 1), () -> arena.tryAllocate(1000, 1),
                    () -> arena.allocate(1), () -> arena.free(handle), () -> arena.free(slice), () -> arena.segment(handle), arena::close)) {
                AtomicReference<Throwable> thrown = new AtomicReference<>();
                Thread other = new Thread(() -> {
                    try {
                        use.execute();
                    } catch (Throwable failure) {
                        thrown.set(failure);
                    }
                });
                other.start();
                other.join();
                assertTrue(thrown.get() instanceof WrongThreadException, () -> "" + thrown.get());
            }
            arena.free(slice);
            arena.verify();
        }
    }

    @Test
    void resetFreesAllAndRefusesOldSlices() {
        try (SegmentArena arena = SegmentArena.ofConfined(4096)) {
            MemorySegment slice = arena.allocate(10);
            arena.reset();
            assertThrows(IllegalArgumentException.class, () -> arena.free(slice));
            assertEquals(4096, arena.storageReport().largestFreeRegion());
        }
    }

    // ---- files and size ----------------------------------------------------------------------------------------

    @Test
    void whatIsWrittenToAMappedArenaIsInTheFile() throws IOException {
        Path file = directory.resolve("mapped");
        long offset;
        try (SegmentArena arena = SegmentArena.builder().mapped(file, 1 << 16).build()) {
            arena.allocate(1000);
            long block = arena.tryAllocate(100, 4096);
            offset = arena.offset(block);
            arena.segment(block).fill((byte) 0x5A);
        }
        byte[] bytes = Files.readAllBytes(file);
        assertEquals(1 << 16, bytes.length);
        assertEquals(0, offset % 4096);
        for (int i = -1; i <= 100; i++) {
            assertEquals(i < 0 || i == 100 ? 0 : 0x5A, bytes[(int) offset + i]);
        }
        assertThrows(UncheckedIOException.class,
                () -> SegmentArena.builder().mapped(directory.resolve("no/such/directory"), 4096).build());
    }

    @Test
    @SparseFiles
    void oneTebibyteWorksUpToItsLastByte() {
        long size = 1L << 40;
        try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("sparse"), size).alignByAddress().build()) {
            assertEquals(512, arena.granule());
            assertEquals(size, arena.byteSize());
            MemorySegment first = arena.allocate(size - 1000, 1);
            assertEquals(size - 1000, first.byteSize());
            MemorySegment last = arena.allocate(512, 512);
            assertEquals(arena.backing().address() + size - 512, last.address());
            last.fill((byte) 3);
            assertEquals(3, arena.backing().get(ValueLayout.JAVA_BYTE, size - 1));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1));
            assertEquals(0, arena.storageReport().totalFreeSpace());
            arena.free(first);
            long aligned = arena.tryAllocate(1L << 36, 1L << 36);
            assertEquals(0, arena.segment(aligned).address() % (1L << 36));
            arena.verify();
        }
    }

    /// A unit that reaches past the segment must never be handed out, whatever the segment's size and start are.
    @Test
    void nothingPastTheBackingSegmentIsHandedOut() {
        MemorySegment memory = Arena.ofAuto().allocate(10_000, 64);
        for (int start = 0; start < 17; start++) {
            for (int size = 31; size < 300; size++) {
                MemorySegment part = memory.asSlice(start, size);
                try (SegmentArena arena = SegmentArena.ofConfined(part)) {
                    assertTrue(arena.byteSize() > size - 32 && arena.byteSize() <= size);
                    for (long block; (block = arena.tryAllocate(1 + size % 40, 1)) > 0; ) {
                        MemorySegment slice = arena.segment(block);
                        assertTrue(slice.address() >= part.address());
                        assertTrue(slice.address() + slice.byteSize() <= part.address() + size);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {(1L << 36) - 16, 1L << 36, (1L << 36) + 16, (1L << 37) - 1, 1L << 37, (1L << 43) + 4096})
    @SparseFiles
    void theGranuleIsTheSmallestThatKeepsUnitsBelow2To32(long size) {
        try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("sparse" + size), size).build()) {
            assertTrue(size / arena.granule() < 1L << 32);
            assertTrue(arena.granule() == 16 || size / (arena.granule() / 2) >= 1L << 32);
            assertTrue(arena.byteSize() > size - arena.granule() && arena.byteSize() <= size);
            MemorySegment all = arena.allocate(arena.byteSize());
            all.set(ValueLayout.JAVA_BYTE, arena.byteSize() - 1, (byte) 1);
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(0, 1));
        }
    }
}
