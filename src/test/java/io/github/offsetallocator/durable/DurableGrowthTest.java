package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Arenas that become larger, by a call or by themselves, and what they have when they are opened again.
class DurableGrowthTest {
    private static final long FIRST = 64 << 10;
    private static final long MOST = 1 << 20;

    @TempDir
    Path directory;

    private SegmentArena.Builder builder() {
        return SegmentArena.builder().durable(directory.resolve("arena"), FIRST, MOST);
    }

    private SegmentArena open(boolean isShared) {
        return open(builder(), isShared);
    }

    private static SegmentArena open(SegmentArena.Builder builder, boolean isShared) {
        return isShared ? builder.shared().build() : builder.build();
    }

    // ---- by a call ---------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsThereStaysWhereItIs(boolean isShared) {
        Sample sample = new Sample();
        SplittableRandom random = new SplittableRandom(7);
        long size = FIRST;
        for (int round = 0; round < 5; round++) {
            try (SegmentArena arena = open(isShared)) {
                assertEquals(size, arena.byteSize());
                assertEquals(MOST, arena.maxByteSize());
                sample.check(arena);
                MemorySegment slice = arena.allocate(100, 1);
                slice.fill((byte) 9);
                long handle = arena.allocationOf(slice);
                for (int i = 0; i < 10 && size < MOST; i++) {
                    sample.work(arena, random, 300);
                    size = Math.min(MOST, size + 16 * random.nextInt(1500, 3000)); // fifty of them reach it
                    arena.grow(size + random.nextInt(size == MOST ? 1 : 16));
                    assertEquals(size, arena.byteSize());
                    assertEquals(size, arena.statistics().byteSize());
                    arena.verify();
                    assertEquals(slice.address(), arena.address(handle));
                    slice.set(ValueLayout.JAVA_BYTE, 50, (byte) i);
                }
                arena.free(slice);
                sample.check(arena);
            }
        }
        assertEquals(MOST, size);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theNewPartIsOneFreeRegionWithWhatWasFreeBeforeIt(boolean isShared) {
        try (SegmentArena arena = open(isShared)) {
            long first = arena.tryAllocate(FIRST - 4096, 1);
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(4097, 1));
            assertThrows(OutOfSpaceException.class, () -> arena.allocate(MOST, 1));
            arena.grow(MOST);
            assertEquals(MOST - FIRST + 4096, arena.storageReport().largestFreeRegion());
            long rest = arena.tryAllocate(MOST - FIRST + 4096, 1);
            arena.segment(rest).fill((byte) 1);
            assertEquals(rest, arena.allocationAt(arena.address(rest)));
            assertEquals(0, arena.storageReport().totalFreeSpace());
            arena.free(first);
        }
        try (SegmentArena arena = open(!isShared)) {
            assertEquals(FIRST - 4096, arena.storageReport().largestFreeRegion());
        }
    }

    @Test
    void nothingIsFoundBehindTheEnd() {
        try (SegmentArena arena = SegmentArena.builder().durable(directory.resolve("large"), FIRST, 1L << 32).build()) {
            long last = arena.address(arena.tryAllocate(FIRST, 1)) + (1L << 32) - 16;
            assertEquals(SegmentArena.NO_SPACE, arena.allocationAt(last));
            assertThrows(IllegalArgumentException.class, () -> arena.free(arena.backing().asSlice((1L << 32) - 16)));
            arena.grow(1L << 32);
            long block = arena.tryAllocate((1L << 32) - FIRST, 1);
            arena.segment(block).set(ValueLayout.JAVA_BYTE, (1L << 32) - FIRST - 1, (byte) 1);
            assertTrue(arena.resize(block, 16));
            assertEquals(SegmentArena.NO_SPACE, arena.allocationAt(last));
        }
    }

    /// Sizes are counted in granules.
    @Test
    void whatAnArenaSaysOfItsSizeOpensItAgain() {
        Path file = directory.resolve("odd");
        long size;
        long most;
        try (SegmentArena arena = SegmentArena.builder().durable(file, 100_007, 300_005).build()) {
            size = arena.byteSize();
            most = arena.maxByteSize();
            assertEquals(100_000, size);
            assertEquals(300_000, most);
        }
        for (long[] stated : new long[][] {{100_007, 300_005}, {size, most}, {size, 0}, {100_007, most}}) {
            try (SegmentArena arena = SegmentArena.builder().durable(file, stated[0], stated[1]).build()) {
                assertEquals(size, arena.byteSize());
                assertEquals(most, arena.maxByteSize());
            }
        }
        assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(file, size - 1).build());
        assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(file, size, most + 16).build());
        try (SegmentArena arena = SegmentArena.builder().durable(file, size, most).build()) {
            arena.grow(most);
        }
        SegmentArena.builder().durable(file, 300_005).build().close();
        SegmentArena.builder().durable(file, most).growable(4096, most).build().close();
    }

    @Test
    void ofTwoLimitsNoneIsIgnored() {
        String message = assertThrows(IllegalArgumentException.class, () -> builder().growable(4096, 2 * MOST)).getMessage();
        assertTrue(message.contains("" + MOST) && message.contains("" + 2 * MOST) && message.contains("leave it out"), message);
        SegmentArena.Builder grows = builder().growable(4096, MOST);
        assertThrows(IllegalArgumentException.class, () -> grows.growable(4096, MOST / 2));
        try (SegmentArena arena = builder().growable(4096, MOST).build()) {
            assertEquals(MOST, arena.maxByteSize());
        }
    }

    @Test
    void whatIsOutOfRangeIsRefused() {
        SegmentArena arena = open(false);
        for (long size : new long[] {Long.MIN_VALUE, -1, 0, FIRST - 1, MOST + 1, Long.MAX_VALUE}) {
            String message = assertThrows(IllegalArgumentException.class, () -> arena.grow(size)).getMessage();
            assertTrue(message.contains("" + size) && message.contains("" + MOST), message);
        }
        arena.grow(FIRST);
        arena.tryAllocate(1, 1);
        arena.forEachAllocation(_ -> assertThrows(IllegalStateException.class, () -> arena.grow(MOST)));
        assertEquals(FIRST, arena.byteSize());
        Throwable[] thrown = new Throwable[1];
        try {
            Thread.ofPlatform().start(() -> thrown[0] = assertThrows(WrongThreadException.class, () -> arena.grow(MOST))).join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertTrue(thrown[0] != null);
        arena.close();
        assertThrows(IllegalStateException.class, () -> arena.grow(MOST));
        try (SegmentArena same = open(true)) {
            assertEquals(FIRST, same.byteSize());
        }
    }

    /// Of all that is said about memory, what is said last counts.
    @Test
    void whatIsSaidOfAnotherMemoryIsForgotten() throws IOException {
        Path mapped = directory.resolve("mapped");
        for (int i = 0; i < 4; i++) {
            SegmentArena.Builder builder = SegmentArena.builder().durable(directory.resolve("durable"), FIRST).growable(4096, MOST).growable(4096, MOST);
            SegmentArena.Builder other = switch (i) {
                case 0 -> builder.nativeMemory(FIRST);
                case 1 -> builder.mapped(mapped, FIRST);
                case 2 -> builder.backing(MemorySegment.ofArray(new long[(int) FIRST / 8]));
                default -> builder.mapped(mapped, FIRST).growable(4096, MOST);
            };
            try (SegmentArena arena = other.build()) {
                assertEquals(i < 3 ? FIRST : 0, arena.byteSize());
                assertEquals(i < 3 ? FIRST : MOST, arena.maxByteSize());
            }
        }
        Files.delete(mapped);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void otherMemoryHasOneSize() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 12)) {
            assertThrows(IllegalStateException.class, () -> arena.grow(1 << 12));
            assertThrows(IllegalStateException.class, () -> arena.grow(1 << 13));
        }
        try (SegmentArena arena = SegmentArena.builder().growable(1 << 12, 1 << 20).build()) {
            assertThrows(IllegalStateException.class, () -> arena.grow(1 << 13));
            assertEquals(0, arena.byteSize());
        }
        try (SegmentArena arena = SegmentArena.builder().durable(directory.resolve("one size"), FIRST).build()) {
            assertThrows(IllegalArgumentException.class, () -> arena.grow(FIRST + 16));
        }
    }

    @Test
    void sizesThatAreStatedMustFit() throws IOException {
        Path file = directory.resolve("arena");
        try (SegmentArena arena = open(false)) {
            arena.grow(3 * FIRST);
        }
        for (SegmentArena.Builder right : List.of(builder(), SegmentArena.builder().durable(file, FIRST), SegmentArena.builder().durable(file, 3 * FIRST),
                SegmentArena.builder().durable(file, 3 * FIRST, MOST), SegmentArena.builder().durable(file, FIRST).growable(4096, MOST))) {
            try (SegmentArena arena = right.build()) {
                assertEquals(3 * FIRST, arena.byteSize());
                assertEquals(MOST, arena.maxByteSize());
            }
        }
        for (SegmentArena.Builder wrong : List.of(SegmentArena.builder().durable(file, 2 * FIRST), SegmentArena.builder().durable(file, MOST, MOST),
                SegmentArena.builder().durable(file, FIRST, 2 * MOST), SegmentArena.builder().durable(file, FIRST, FIRST))) {
            String message = assertThrows(UncheckedIOException.class, wrong::build).getMessage();
            assertTrue(message.contains(file.toString()) && (message.contains("" + 3 * FIRST) || message.contains("at most " + MOST)), message);
        }
        Path other = directory.resolve("other");
        for (SegmentArena.Builder wrong : List.of(SegmentArena.builder().durable(other, FIRST, FIRST - 1), SegmentArena.builder().durable(other, FIRST, -1),
                SegmentArena.builder().durable(other, FIRST).growable(0, MOST), SegmentArena.builder().durable(other, FIRST).growable(-5, MOST),
                SegmentArena.builder().durable(other, FIRST).growable(4096, FIRST - 1), SegmentArena.builder().durable(other, FIRST).growable(4096, 0),
                SegmentArena.builder().durable(other, FIRST, Long.MAX_VALUE), SegmentArena.builder().durable(other, 16, 1L << 40))) {
            assertThrows(IllegalArgumentException.class, wrong::build);
        }
        assertFalse(Files.exists(other));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theDiskCanHaveRoomForWhatIsAdded(boolean isShared) {
        try (SegmentArena arena = open(builder().reserve(), isShared)) {
            MemorySegment slice = arena.allocate(FIRST, 1).fill((byte) 3);
            arena.grow(MOST - 5);
            assertEquals(MOST - 16, arena.byteSize());
            assertEquals(-1, slice.mismatch(arena.backing().asSlice(0, FIRST)));
            assertEquals(3, slice.get(ValueLayout.JAVA_BYTE, FIRST - 1));
        }
    }

    /// A kill can come between the store to the second page, which counts, and the first one to the tables.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theSizeThatTheFileSaysCounts(boolean isShared) throws IOException {
        Sample sample = new Sample();
        Path before = directory.resolve("before");
        byte[] page;
        try (SegmentArena arena = open(isShared)) {
            sample.work(arena, new SplittableRandom(3), 2000);
            Files.copy(directory.resolve("arena"), before);
            arena.grow(MOST - 64);
            page = Sample.read(directory.resolve("arena"), Sample.PAGE, Sample.PAGE);
        }
        Sample.write(before, Sample.PAGE, page);
        for (int i = 0; i < 2; i++) {
            try (SegmentArena arena = open(SegmentArena.builder().durable(before, FIRST, MOST), isShared)) {
                assertEquals(MOST - 64, arena.byteSize());
                sample.check(arena);
                arena.free(arena.tryAllocate(MOST - FIRST - 64, 1));
            }
        }
    }

    /// Pages of the tables that are newer than the size: only a loss of power does that, and not after a grow that has returned.
    @Test
    void blocksBehindTheEndAreRefused() throws IOException {
        Path file = directory.resolve("arena");
        byte[] page;
        try (SegmentArena arena = open(false)) {
            page = Sample.read(file, Sample.PAGE, Sample.PAGE);
            arena.grow(MOST);
            arena.tryAllocate(MOST / 2, 1);
            Files.copy(file, directory.resolve("open"));
        }
        Sample.write(directory.resolve("open"), Sample.PAGE, page);
        String message = assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(directory.resolve("open"), FIRST, MOST).build()).getMessage();
        assertTrue(message.contains("granules that there are not"), message);
    }

    // ---- by itself ---------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"false, false, GOOD", "true, false, GOOD", "false, true, GOOD", "true, true, REFERENCE"})
    void itGrowsWhenThereIsNoRoom(boolean isShared, boolean isZeroed, Fit fit) {
        SegmentArena.Builder builder = builder().growable(16 << 10, MOST).fit(fit);
        builder = isZeroed ? builder.zeroed() : builder;
        Sample sample = new Sample();
        SplittableRandom random = new SplittableRandom(11);
        long size = FIRST;
        for (int round = 0; round < 5; round++) {
            try (SegmentArena arena = open(builder, isShared)) {
                assertEquals(size, arena.byteSize());
                sample.check(arena);
                sample.work(arena, random, 1500);
                assertTrue(arena.byteSize() >= size);
                size = arena.byteSize();
                sample.check(arena);
            }
        }
        assertTrue(size > 2 * FIRST && size < MOST, "it has " + size);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itRefusesWhatDoesNotFitInAllOfIt(boolean isShared) {
        try (SegmentArena arena = open(builder().growable(4096, MOST), isShared)) {
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(MOST + 1, 1));
            assertEquals(FIRST, arena.byteSize());
            assertEquals(1, arena.statistics().refusedAllocations());
            Set<Long> blocks = new HashSet<>();
            for (int i = 1; i <= 8; i++) {
                blocks.add(arena.tryAllocate(MOST / 8, 1));
                assertTrue(arena.byteSize() <= Math.max(FIRST, (i + 1) * MOST / 8), "it has " + arena.byteSize());
            }
            assertFalse(blocks.contains(SegmentArena.NO_SPACE));
            assertEquals(1, arena.statistics().refusedAllocations());
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(MOST / 8, 1));
            assertEquals(2, arena.statistics().refusedAllocations());
            assertEquals(MOST, arena.byteSize());
            blocks.forEach(arena::free);
            arena.trim();
            assertEquals(MOST, arena.byteSize());
            assertTrue(arena.toString().contains("maxByteSize=" + MOST), arena.toString());
            arena.free(arena.tryAllocate(MOST, 1));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void alignmentIsNoReasonToRefuse(boolean isShared) {
        try (SegmentArena arena = open(builder().growable(1, MOST), isShared)) {
            arena.tryAllocate(FIRST - 48, 1);
            long aligned = arena.tryAllocate(FIRST, 1 << 19);
            assertEquals(1 << 19, arena.offset(aligned));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1L << 40));
        }
    }

    /// What would be refused at the limit too leaves the file as it is, and what just fits there is granted.
    @ParameterizedTest
    @CsvSource({"false, GOOD", "true, GOOD", "false, REFERENCE", "true, REFERENCE"})
    void itGrowsForNoRequestWithoutHope(boolean isShared, Fit fit) {
        try (SegmentArena arena = open(builder().growable(4096, MOST).fit(fit), isShared)) {
            long most = MOST - FIRST; // the size of a bin
            long block = arena.tryAllocate(FIRST, 1);
            for (long size : new long[] {most + 1, MOST, MOST + 1}) {
                assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(size, 1));
            }
            for (long alignment : new long[] {MOST, 1L << 40, 1L << 58}) {
                assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, alignment));
            }
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(MOST / 2 + 1, MOST / 2));
            assertEquals(FIRST, arena.byteSize());
            assertEquals(7, arena.statistics().refusedAllocations());
            long aligned = arena.tryAllocate(MOST / 2, MOST / 2);
            assertEquals(MOST / 2, arena.offset(aligned));
            arena.free(aligned);
            assertEquals(FIRST, arena.offset(arena.tryAllocate(most, 1)));
            arena.free(block);
            assertEquals(0, arena.offset(arena.tryAllocate(1, 1L << 40)));
        }
    }

    /// The original's rule rounds a request up to the size of a bin.
    @Test
    void whatAFitIsNotSureToFindIsNoReasonToGrow() {
        try (SegmentArena arena = open(builder().growable(4096, MOST).fit(Fit.REFERENCE), false)) {
            arena.tryAllocate(FIRST, 1);
            long end = FIRST + 16;
            arena.tryAllocate(16, 1);
            long size = arena.byteSize();
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(MOST - end, 1)); // a granule less than 15 sixteenths, which is a bin's size
            assertEquals(size, arena.byteSize());
            assertEquals(end, arena.offset(arena.tryAllocate(MOST / 16 * 14, 1)));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itGrowsNoFurtherThanItNeeds(boolean isShared) {
        try (SegmentArena arena = open(builder().growable(16, MOST), isShared)) {
            arena.tryAllocate(FIRST - 4096, 1);
            arena.tryAllocate(4096 + 16, 1); // what is free at the end counts
            assertEquals(FIRST + 16, arena.byteSize());
            arena.tryAllocate(160, 1 << 18);
            assertEquals((1 << 18) + 160, arena.byteSize());
        }
    }

    /// A chunk is rounded up to whole granules.
    @Test
    void itGrowsByAChunkAtLeast() {
        try (SegmentArena arena = open(builder().growable(4097, MOST), false)) {
            arena.tryAllocate(FIRST, 1);
            arena.tryAllocate(16, 1);
            assertEquals(FIRST + 4112, arena.byteSize());
        }
    }

    /// Slots that are free behind the last live one count: their slab ends if a request needs what they take.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void freeSlotsAtTheEndAreRoom(boolean isShared) {
        long first = 4 * FIRST;
        try (SegmentArena arena = open(SegmentArena.builder().durable(directory.resolve("slabs"), first).growable(16, 4 * MOST), isShared)) {
            List<Long> blocks = new ArrayList<>();
            while (arena.byteSize() == first) {
                blocks.add(arena.tryAllocate(48, 1));
            }
            long last = 0;
            long end = 0;
            for (long block : blocks) {
                if (arena.offset(block) < first / 2 && arena.offset(block) >= end) {
                    last = block;
                    end = arena.offset(block) + 48;
                }
            }
            long stays = last;
            blocks.stream().filter(block -> block != stays).forEach(arena::free);
            long size = arena.byteSize();
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(4 * MOST - end + 16, 1));
            assertEquals(size, arena.byteSize());
            long rest = arena.tryAllocate(4 * MOST - end, 1);
            assertEquals(end, arena.offset(rest));
            arena.free(rest);
            arena.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLimitOfBlocksIsNoReasonToGrow(boolean isShared) {
        try (SegmentArena arena = open(builder().growable(4096, MOST).maxAllocations(3), isShared)) {
            for (int i = 0; i < 3; i++) {
                arena.tryAllocate(16, 1);
            }
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(2 * FIRST, 1));
            assertEquals(FIRST, arena.byteSize());
        }
    }

    /// Growing while it moves or fills a block, which nobody sees before it is whole.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itGrowsForABlockThatMoves(boolean isShared) {
        long moved;
        try (SegmentArena arena = open(builder().growable(4096, MOST), isShared)) {
            long block = arena.tryAllocate(FIRST - 100, 1);
            arena.segment(block).fill((byte) 5);
            arena.setTag(block, 77);
            moved = arena.reallocate(block, FIRST + 1000, 1);
            assertEquals(1, arena.allocations());
            assertTrue(arena.byteSize() > FIRST);
            long zeros = arena.tryAllocateZeroed(2 * FIRST, 1);
            assertEquals(0, arena.segment(zeros).get(ValueLayout.JAVA_BYTE, 2 * FIRST - 1));
            assertEquals(0, arena.retired());
        }
        try (SegmentArena arena = open(isShared)) {
            assertEquals(2, arena.allocations());
            assertEquals(77, arena.tag(moved));
            assertEquals(5, arena.segment(moved).get(ValueLayout.JAVA_BYTE, FIRST - 101));
        }
    }

    /// What it can grow to counts as free where it matters how full it is.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void smallBlocksLieInSlabsAlsoWhileItGrows(boolean isShared) {
        long[] metadata = new long[2];
        for (int i = 0; i < 2; i++) {
            SegmentArena.Builder builder = i == 0 ? SegmentArena.builder().durable(directory.resolve("one size"), MOST) : builder().growable(FIRST, MOST);
            try (SegmentArena arena = open(builder, isShared)) {
                for (int block = 0; block < 20_000; block++) {
                    arena.tryAllocate(32, 1);
                }
                assertEquals(20_000, arena.allocations());
                metadata[i] = arena.metadataSize();
            }
        }
        assertTrue(metadata[1] < metadata[0] * 5 / 2, metadata[1] + " bytes of metadata, and " + metadata[0] + " with one size");
    }

    @Test
    void threadsLetItGrowTogether() throws InterruptedException {
        List<Throwable> thrown = new ArrayList<>();
        Sample[] samples = {new Sample(), new Sample(), new Sample()};
        try (SegmentArena arena = open(builder().growable(4096, MOST), true)) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < samples.length; i++) {
                Sample sample = samples[i];
                SplittableRandom random = new SplittableRandom(i);
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int round = 0; round < 20; round++) {
                            sample.work(arena, random, 100);
                            arena.grow(Math.min(MOST, arena.byteSize() + 4096));
                        }
                    } catch (IllegalArgumentException another) { // was faster with the last bytes
                        assertEquals(MOST, arena.byteSize());
                    } catch (Throwable e) {
                        synchronized (thrown) {
                            thrown.add(e);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), thrown);
            arena.verify();
        }
        try (SegmentArena arena = open(false)) {
            for (Sample sample : samples) {
                sample.tags.keySet().forEach(handle -> sample.checkBlock(arena, handle));
            }
            assertEquals(samples[0].tags.size() + samples[1].tags.size() + samples[2].tags.size(), arena.allocations());
        }
    }

    // ---- other options -----------------------------------------------------------------------------------------

    @Test
    void noOptionIsForgotten() {
        SegmentArena arena = builder().name("cache").closeRefusesLive().build();
        assertTrue(arena.toString().contains("cache"), arena.toString());
        long block = arena.tryAllocate(1, 1);
        assertThrows(IllegalStateException.class, arena::close);
        arena.free(block);
        arena.close();
    }
}
