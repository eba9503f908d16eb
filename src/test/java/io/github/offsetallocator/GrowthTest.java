package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Arenas whose memory comes in chunks. What every arena promises is tested for them too, see `contract.Subject`; here is what only they
/// do.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GrowthTest {
    private static final long CHUNK = 64 << 10;
    private static final long MOST = 16 * CHUNK;

    /// Chunks from the JDK, each in an arena of its own, counted.
    private static final class Counting implements ChunkSource {
        final Map<Long, Arena> open = new ConcurrentHashMap<>();
        int opened;
        long bytes;
        long mostBytes;
        boolean fails;
        Throwable closeFails;

        @Override
        public MemorySegment open(long byteSize, long byteAlignment) {
            if (fails) {
                throw new UnsupportedOperationException("no more");
            }
            Arena arena = Arena.ofShared();
            MemorySegment made = arena.allocate(byteSize, byteAlignment);
            open.put(made.address(), arena);
            opened++;
            bytes += byteSize;
            mostBytes = Math.max(mostBytes, bytes);
            return made;
        }

        @Override
        public void close(MemorySegment chunk) {
            if (closeFails != null) {
                Counting.<RuntimeException>fail(closeFails);
            }
            open.remove(chunk.address()).close();
            bytes -= chunk.byteSize();
        }

        @SuppressWarnings("unchecked")
        private static <E extends Throwable> void fail(Throwable failure) throws E {
            throw (E) failure;
        }
    }

    /// Chunks that nobody reads or writes.
    private static final class Fake implements ChunkSource {
        long next = 1L << 40;
        int opened;
        int closed;

        @Override
        @SuppressWarnings("restricted")
        public MemorySegment open(long byteSize, long byteAlignment) {
            opened++;
            next = next + byteAlignment - 1 & -byteAlignment;
            MemorySegment made = MemorySegment.ofAddress(next).reinterpret(byteSize);
            next += byteSize;
            return made;
        }

        @Override
        public void close(MemorySegment chunk) {
            closed++;
        }
    }

    private static SegmentArena of(boolean shared, long chunk, long most) {
        SegmentArena.Builder builder = SegmentArena.builder().growable(chunk, most);
        return (shared ? builder.shared() : builder).build();
    }

    /// What the engine refuses before the arena grows is no refusal for the arena.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onlyWhatIsRefusedCountsAsRefused(boolean shared) {
        try (SegmentArena arena = of(shared, CHUNK, 4 * CHUNK)) {
            long most = 0;
            while (arena.tryAllocate(CHUNK / 4, 1) != SegmentArena.NO_SPACE) {
                most++;
                assertEquals(0, arena.statistics().refusedAllocations());
            }
            assertTrue(most > 8, "allocated " + most);
            assertEquals(1, arena.statistics().refusedAllocations());
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(5 * CHUNK, 1));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(CHUNK / 4, 64));
            assertEquals(3, arena.statistics().refusedAllocations());
            assertEquals(most, arena.statistics().liveAllocations());
        }
    }

    // ---- it grows ----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void startsWithNothingAndGrowsChunkByChunk(boolean shared) {
        try (SegmentArena arena = of(shared, CHUNK, MOST)) {
            assertEquals(0, arena.byteSize());
            assertEquals(MOST, arena.maxByteSize());
            assertEquals(new StorageReport(0, 0), arena.storageReport());
            for (int i = 1; i <= 16; i++) {
                arena.allocate(CHUNK);
                assertEquals(i * CHUNK, arena.byteSize());
                assertEquals(0, arena.storageReport().totalFreeSpace());
            }
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1));
            OutOfSpaceException full = assertThrows(OutOfSpaceException.class, () -> arena.allocate(1));
            assertEquals(0, full.free());
            arena.verify();
        }
    }

    @Test
    void aRequestLargerThanAChunkGetsOneOfItsSize() {
        try (SegmentArena arena = of(false, CHUNK, MOST)) {
            MemorySegment large = arena.allocate(5 * CHUNK + 17);
            large.fill((byte) 1);
            assertEquals(5 * CHUNK + 32, arena.byteSize());
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(11 * CHUNK, 1));
            MemorySegment other = arena.allocate(10 * CHUNK);
            assertTrue(arena.owns(other) && arena.owns(large.asSlice(CHUNK)));
            assertFalse(arena.owns(Arena.ofAuto().allocate(8)));
            arena.free(large);
            assertEquals(10 * CHUNK, arena.byteSize());
            arena.free(other);
            assertEquals(0, arena.byteSize());
            arena.verify();
        }
    }

    @Test
    void theLimitIsExact() {
        try (SegmentArena arena = of(false, 1 << 10, 10 << 10)) {
            arena.free(arena.allocate(10 << 10));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate((10 << 10) + 1, 1));
            arena.allocate(9 << 10);
            arena.allocate(1 << 10);
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1));
        }
    }

    /// What the last chunk holds must not keep others from growing.
    @Test
    void aChunkWithoutABlockMakesWayForALargerRequest() {
        try (SegmentArena arena = of(false, CHUNK, 4 * CHUNK)) {
            List<MemorySegment> small = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                small.add(arena.allocate(200));
            }
            small.forEach(arena::free);
            assertTrue(arena.byteSize() > 0, "one is kept");
            MemorySegment whole = arena.allocate(4 * CHUNK);
            arena.free(whole);
            assertEquals(0, arena.byteSize());
            arena.verify();
        }
    }

    @Test
    void noBlockCrossesFromOneChunkIntoTheNext() {
        SplittableRandom random = new SplittableRandom(3);
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, 4096, 1 << 20).build()) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 5000; i++) {
                long block = arena.tryAllocate(1 + random.nextInt(3000), 1L << random.nextInt(11));
                if (block == SegmentArena.NO_SPACE || random.nextInt(4) == 0) {
                    for (int j = 0; j < 10 && !blocks.isEmpty(); j++) {
                        arena.free(blocks.remove(random.nextInt(blocks.size())));
                    }
                }
                if (block != SegmentArena.NO_SPACE) {
                    blocks.add(block);
                    MemorySegment slice = arena.segment(block);
                    slice.set(ValueLayout.JAVA_BYTE, slice.byteSize() - 1, (byte) 1);
                    long address = slice.address();
                    assertEquals(block, arena.allocationAt(address));
                    assertTrue(source.open.keySet().stream().anyMatch(start -> address >= start && address + slice.byteSize() <= start + 4096));
                }
                if (i % 50 == 0) {
                    long[] sum = {0};
                    arena.forEachRegion((_, size, _) -> sum[0] += size);
                    assertEquals(arena.byteSize(), sum[0], "what a walk shows");
                    assertEquals(4096L * source.open.size(), arena.byteSize());
                }
            }
            arena.verify();
        }
        assertEquals(Map.of(), source.open);
    }

    @ParameterizedTest
    @CsvSource({"100000,100000", "65537,65537", "65537,131073", "1000001,1000001", "17,17", "100,127"})
    void theLimitIsWhatWasSaid(long chunk, long most) {
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, chunk, most).build()) {
            assertEquals(most & -16, arena.maxByteSize());
            assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1));
            assertTrue(arena.byteSize() <= most);
            arena.reset();
            assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(most & -16, 16));
            assertEquals(most & -16, arena.byteSize());
            arena.verify();
        }
        assertTrue(source.mostBytes <= most, () -> "open at once: " + source.mostBytes);
    }

    /// Their memory is still there. As soon as they can be closed, there is room again.
    @Test
    void chunksThatCanNotBeClosedCount() {
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, 4 * CHUNK).build()) {
            source.closeFails = new IllegalStateException("in use");
            arena.free(arena.tryAllocate(2 * CHUNK, 1));
            arena.free(arena.tryAllocate(CHUNK, 1));
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(2 * CHUNK, 1), "the chunk that was kept can not make way either");
            source.closeFails = null;
            assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(4 * CHUNK, 1));
            arena.verify();
        }
        assertEquals(Map.of(), source.open);
        assertTrue(source.mostBytes <= 4 * CHUNK, () -> "open at once: " + source.mostBytes);
    }

    /// Wherever the chunks lie that stay, what the limit leaves is granted.
    @ParameterizedTest
    @ValueSource(longs = {CHUNK, CHUNK / 8 * 9, CHUNK / 8 * 15})
    void chunksThatStayDoNotCutTheRestToPieces(long chunk) {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 20; round++) {
            Fake source = new Fake();
            try (SegmentArena arena = SegmentArena.builder().growable(source, chunk, 64 * chunk).build()) {
                List<Long> blocks = new ArrayList<>();
                for (int i = 0; i < 64; i++) {
                    blocks.add(arena.tryAllocate(chunk, 16));
                }
                int stay = 1 + random.nextInt(12);
                while (blocks.size() > stay) {
                    arena.free(blocks.remove(round == 0 ? blocks.size() / 2 : random.nextInt(blocks.size())));
                }
                assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate((64 - stay) * chunk, 16), "round " + round);
                arena.verify();
            }
            assertEquals(source.opened, source.closed);
        }
    }

    /// Where there is no place for a chunk, none is opened.
    @Test
    void whatFindsNoPlaceOpensNoChunk() {
        Fake source = new Fake();
        long chunk = 64L << 20;
        try (SegmentArena arena = SegmentArena.builder().growable(source, chunk, 496 * chunk).build()) {
            long[] blocks = new long[496];
            for (int i = 0; i < 496; i++) {
                blocks[i] = arena.tryAllocate(chunk, 16);
            }
            for (int i = 0; i < 496; i++) {
                if (i % 100 != 95) {
                    arena.free(blocks[i]);
                }
            }
            int opened = source.opened;
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(300 * chunk, 16));
            assertEquals(opened, source.opened);
            assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(90 * chunk, 16));
            arena.verify();
        }
        assertEquals(source.opened, source.closed);
    }

    /// Free space of two chunks is never one region, even where their memory lies side by side.
    @Test
    void chunksThatTouchInMemoryStayApart() {
        MemorySegment all = Arena.ofAuto().allocate(1 << 20, 4096);
        int[] next = {0};
        ChunkSource sideBySide = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                MemorySegment made = all.asSlice(next[0], byteSize);
                next[0] += (int) byteSize;
                return made;
            }

            @Override
            public void close(MemorySegment chunk) {}
        };
        try (SegmentArena arena = SegmentArena.builder().growable(sideBySide, 4096, 1 << 20).build()) {
            MemorySegment first = arena.allocate(4096);
            MemorySegment second = arena.allocate(4096);
            MemorySegment third = arena.allocate(4000);
            assertEquals(first.address() + 4096, second.address());
            assertFalse(arena.owns(all.asSlice(0, 8192)), "no block can be there");
            arena.free(first);
            arena.free(second);
            assertEquals(4096, arena.storageReport().largestFreeRegion());
            assertEquals(SegmentArena.NO_SPACE, arena.allocationAt(second.address()));
            assertEquals(third.address(), arena.address(arena.allocationOf(third)));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 64, 4096, 16 << 10})
    void alignsAddresses(long alignment) {
        try (SegmentArena arena = of(false, CHUNK, MOST)) {
            for (int i = 0; i < 20; i++) {
                assertEquals(0, arena.allocate(100 + 500 * i, alignment).address() % alignment);
            }
            assertEquals(0, arena.allocate(CHUNK, alignment).address() % alignment);
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> arena.allocate(1, CHUNK));
            assertTrue(refused.getMessage().contains("" + CHUNK / 4), refused::getMessage);
        }
    }

    // ---- it shrinks --------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofChunksWithoutABlockOneStays(boolean shared) {
        try (SegmentArena arena = of(shared, CHUNK, MOST)) {
            List<MemorySegment> blocks = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                blocks.add(arena.allocate(CHUNK / 2));
            }
            assertEquals(MOST, arena.byteSize());
            for (int i = 0; i < 32; i++) {
                arena.free(blocks.get(i));
                assertEquals(Math.min(16, 17 - (i + 1) / 2) * CHUNK, arena.byteSize(), "after " + (i + 1));
            }
            assertEquals(CHUNK, arena.byteSize());
            arena.trim();
            assertEquals(0, arena.byteSize());
            arena.verify();
        }
    }

    /// At the edge of a chunk, taking and freeing one block again and again opens no chunk each time.
    @Test
    void thereIsNoToAndFro() {
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).build()) {
            arena.allocate(CHUNK - 100);
            for (int i = 0; i < 1000; i++) {
                arena.free(arena.allocate(1000));
            }
            assertEquals(2, source.opened);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatOnlyEmptySlabsAreInGoesBackByTrim(boolean shared) {
        try (SegmentArena arena = of(shared, 1 << 20, 64 << 20)) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 200_000; i++) {
                blocks.add(arena.tryAllocate(16 * (1 + i % 5), 1));
            }
            assertTrue(arena.byteSize() > 8 << 20);
            blocks.forEach(arena::free);
            arena.trim();
            assertEquals(0, arena.byteSize());
            arena.verify();
        }
    }

    /// Empty slabs stay, but for those of a chunk that has nothing else. Of one size an empty one stays for good, and two have a free slot
    /// that waits, so three chunks at most are in use, and one ordinary one stays.
    @ParameterizedTest
    @EnumSource(Order.class)
    void chunksOfEmptySlabsGoBackAtOnce(Order order) {
        try (SegmentArena arena = of(false, CHUNK, 64 * CHUNK)) {
            List<Long> blocks = new ArrayList<>();
            while (arena.byteSize() < 32 * CHUNK) {
                blocks.add(arena.tryAllocate(48, 1));
            }
            order.arrange(blocks);
            blocks.forEach(arena::free);
            assertTrue(arena.byteSize() <= 4 * CHUNK, arena.byteSize() + " bytes are open");
            arena.verify();
        }
    }

    /// A chunk's last block lies in no slab.
    @ParameterizedTest
    @EnumSource(Order.class)
    void soDoThoseOfABlockAndEmptySlabs(Order order) {
        try (SegmentArena arena = of(false, CHUNK, 64 * CHUNK)) {
            List<Long> blocks = new ArrayList<>();
            List<Long> large = new ArrayList<>();
            while (arena.byteSize() < 16 * CHUNK) {
                large.add(arena.tryAllocate(17_000, 1));
                for (int i = 0; i < 200; i++) {
                    blocks.add(arena.tryAllocate(48, 1));
                }
            }
            order.arrange(blocks);
            order.arrange(large);
            blocks.forEach(arena::free);
            assertEquals(16 * CHUNK, arena.byteSize());
            large.forEach(arena::free);
            assertTrue(arena.byteSize() <= 4 * CHUNK, arena.byteSize() + " bytes are open");
            arena.verify();
        }
    }

    enum Order {
        AS_ALLOCATED {
            @Override
            void arrange(List<Long> blocks) {}
        },
        BACKWARD {
            @Override
            void arrange(List<Long> blocks) {
                Collections.reverse(blocks);
            }
        },
        RANDOM {
            @Override
            void arrange(List<Long> blocks) {
                Collections.shuffle(blocks, new Random(3));
            }
        };

        abstract void arrange(List<Long> blocks);
    }

    @Test
    void resetAndReclaimGiveBackToo() {
        try (SegmentArena arena = of(false, CHUNK, MOST)) {
            long[] blocks = new long[16];
            for (int i = 0; i < 16; i++) {
                blocks[i] = arena.tryAllocate(CHUNK, 1);
            }
            RetireQueue queue = arena.newRetireQueue();
            for (int i = 0; i < 8; i++) {
                arena.retire(blocks[i], i);
                queue.retire(blocks[8 + i], i);
            }
            arena.reclaim(7);
            assertEquals(9 * CHUNK, arena.byteSize());
            queue.reclaim(7);
            assertEquals(CHUNK, arena.byteSize());
            for (int i = 0; i < 16; i++) {
                arena.allocate(CHUNK);
            }
            arena.reset();
            assertEquals(CHUNK, arena.byteSize());
            assertEquals(CHUNK, arena.storageReport().largestFreeRegion());
            arena.verify();
            arena.allocate(CHUNK);
            assertEquals(CHUNK, arena.byteSize());
        }
    }

    /// A chunk counts until its memory has ended: who needs the room waits for who ends it, and is granted what it asks.
    @Test
    void aChunkThatIsBeingEndedCounts() throws Exception {
        CountDownLatch isClosing = new CountDownLatch(1);
        CountDownLatch mayClose = new CountDownLatch(1);
        Counting memory = new Counting();
        SegmentArena[] arena = new SegmentArena[1];
        AtomicBoolean isRefusedInClose = new AtomicBoolean();
        ChunkSource slow = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                return memory.open(byteSize, byteAlignment);
            }

            @Override
            public void close(MemorySegment chunk) {
                if (isClosing.getCount() != 0) {
                    isRefusedInClose.set(arena[0].tryAllocate(MOST, 1) == SegmentArena.NO_SPACE); // it does not wait for itself
                }
                isClosing.countDown();
                try {
                    mayClose.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                memory.close(chunk);
            }
        };
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            arena[0] = SegmentArena.builder().growable(slow, CHUNK, MOST).shared().build();
            long first = arena[0].tryAllocate(MOST, 1);
            Future<?> freed = threads.submit(() -> arena[0].free(first));
            isClosing.await();
            assertTrue(isRefusedInClose.get());
            Future<Long> second = threads.submit(() -> arena[0].tryAllocate(MOST, 1));
            assertThrows(TimeoutException.class, () -> second.get(100, TimeUnit.MILLISECONDS));
            mayClose.countDown();
            freed.get();
            assertNotEquals(SegmentArena.NO_SPACE, second.get());
            assertEquals(MOST, memory.mostBytes);
            arena[0].verify();
            arena[0].close();
        }
    }

    /// A scope keeps chunks from going back: no longer than it is open, also those that a reset has emptied.
    @Test
    void whatAResetHasEmptiedGoesBackWhenTheScopeEnds() {
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).build()) {
            Arena scope = arena.scope();
            for (int i = 0; i < 6; i++) {
                arena.allocate(CHUNK);
            }
            arena.reset();
            assertEquals(6 * CHUNK, arena.byteSize());
            assertEquals(6, source.open.size());
            scope.close();
            assertEquals(CHUNK, arena.byteSize());
            assertEquals(1, source.open.size());
            arena.verify();
        }
    }

    @Test
    void slicesOfAChunkThatHasGoneBackAreDead() {
        try (SegmentArena arena = of(false, CHUNK, MOST)) {
            MemorySegment large = arena.allocate(2 * CHUNK);
            arena.free(large);
            assertThrows(IllegalStateException.class, () -> large.get(ValueLayout.JAVA_BYTE, 0));
            assertThrows(IllegalArgumentException.class, () -> arena.free(large));
            assertFalse(arena.owns(large));
        }
    }

    /// It was opened for the new block, which is gone.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theChunkOfAMoveThatFailsGoesBack(boolean bySegment) {
        Arena gone = Arena.ofShared();
        MemorySegment first = gone.allocate(CHUNK, 64);
        MemorySegment second = Arena.ofAuto().allocate(3 * CHUNK, 64);
        List<MemorySegment> closed = new ArrayList<>();
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                return gone.scope().isAlive() ? first : second;
            }

            @Override
            public void close(MemorySegment chunk) {
                closed.add(chunk);
            }
        };
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).shared().build()) {
            MemorySegment slice = arena.allocate(CHUNK);
            long block = arena.allocationOf(slice);
            gone.close();
            assertThrows(IllegalStateException.class, () -> {
                if (bySegment) {
                    arena.reallocate(slice, 3 * CHUNK, 1);
                } else {
                    arena.reallocate(block, 3 * CHUNK, 1);
                }
            });
            assertEquals(CHUNK, arena.byteSize());
            assertEquals(List.of(second), closed);
            assertEquals(1, arena.allocations());
            arena.verify();
        }
    }

    // ---- where chunks come from --------------------------------------------------------------------------------

    @Test
    void aSourceThatFailsChangesNothing() {
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).shared().build()) {
            MemorySegment block = arena.allocate(CHUNK);
            source.fails = true;
            assertThrows(UnsupportedOperationException.class, () -> arena.allocate(1));
            assertThrows(UnsupportedOperationException.class, () -> arena.tryAllocate(CHUNK + 1, 1));
            assertEquals(1, arena.allocations());
            arena.verify();
            source.fails = false;
            arena.allocate(1);
            arena.free(block);
            source.closeFails = new IllegalStateException("in use");
            arena.trim();
            assertEquals(CHUNK, arena.byteSize());
            assertEquals(2, source.open.size(), "one could not be closed yet");
            source.closeFails = null;
            arena.allocate(CHUNK);
            arena.trim();
        }
        assertEquals(Map.of(), source.open);
    }

    @Test
    void aCloseThatFailsIsTriedAgain() {
        Counting source = new Counting();
        SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).build();
        arena.allocate(CHUNK);
        arena.allocate(CHUNK);
        source.closeFails = new IllegalStateException("in use");
        assertThrows(IllegalStateException.class, arena::close);
        source.closeFails = null;
        arena.close();
        assertEquals(Map.of(), source.open);
        arena.close();
    }

    static List<Throwable> failures() {
        return List.of(new IllegalStateException("in use"), new AssertionError("broken"), new InternalError("no room"), new IOException("a checked one"));
    }

    /// Whatever a source throws when a chunk goes back: the call that has freed the last block is done, and only the arena's close tells.
    @ParameterizedTest
    @MethodSource("failures")
    void nobodyHearsOfAChunkThatCantBeClosedYet(Throwable failure) {
        Counting source = new Counting();
        SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, 64 * CHUNK).build();
        long block = arena.tryAllocate(2 * CHUNK, 1);
        arena.segment(block).fill((byte) 7);
        source.closeFails = failure;
        long moved = arena.reallocate(block, 3 * CHUNK, 1);
        assertEquals(7, arena.segment(moved).get(ValueLayout.JAVA_BYTE, 2 * CHUNK - 1));
        MemorySegment again = arena.reallocate(arena.segment(moved), 2 * CHUNK, 1);
        assertEquals(7, again.get(ValueLayout.JAVA_BYTE, 2 * CHUNK - 1));
        assertEquals(1, arena.allocations());
        long other = arena.tryAllocate(2 * CHUNK, 1);
        arena.free(again);
        arena.freeAll(new long[] {other}, 0, 1);
        arena.freeAt(arena.address(arena.tryAllocate(2 * CHUNK, 1)));
        arena.retire(arena.tryAllocate(2 * CHUNK, 1), 1);
        assertEquals(1, arena.reclaim(1));
        try (Arena scope = arena.scope()) {
            scope.allocate(2 * CHUNK);
        }
        arena.tryAllocate(2 * CHUNK, 1);
        arena.reset();
        assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(8 * CHUNK, 1));
        arena.trim();
        assertEquals(1, arena.allocations());
        arena.verify();
        assertSame(failure, assertThrows(Throwable.class, arena::close));
        assertSame(failure, assertThrows(Throwable.class, arena::close));
        source.closeFails = null;
        arena.close();
        assertEquals(Map.of(), source.open);
    }

    /// A segment that is no chunk goes back. If that fails, it is said beside what is wrong with it.
    @Test
    void whatIsWrongWithASegmentIsSaidWhateverItsCloseThrows() {
        AssertionError failure = new AssertionError("broken");
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                return Arena.ofAuto().allocate(100);
            }

            @Override
            public void close(MemorySegment chunk) {
                throw failure;
            }
        };
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).build()) {
            Throwable refused = assertThrows(IllegalArgumentException.class, () -> arena.allocate(1));
            assertEquals(List.of(failure), List.of(refused.getSuppressed()));
        }
    }

    /// Of two threads that close, each chunk is ended by one: a driver would free it twice.
    @Test
    void twoWhoCloseEndEachChunkOnce() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<Long> ended = new ArrayList<>();
        ChunkSource slow = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                return Arena.ofAuto().allocate(byteSize, byteAlignment);
            }

            @Override
            public void close(MemorySegment chunk) {
                synchronized (ended) {
                    ended.add(chunk.address());
                }
                inside.countDown();
                try {
                    assertTrue(goOn.await(10, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        };
        SegmentArena arena = SegmentArena.builder().growable(slow, CHUNK, MOST).shared().build();
        for (int i = 0; i < 5; i++) {
            arena.allocate(CHUNK);
        }
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            Future<?> first = pool.submit(arena::close);
            assertTrue(inside.await(10, TimeUnit.SECONDS));
            Future<?> second = pool.submit(arena::close);
            for (int i = 0; i < 50 && !second.isDone(); i++) {
                Thread.sleep(2);
            }
            goOn.countDown();
            first.get(10, TimeUnit.SECONDS);
            second.get(10, TimeUnit.SECONDS);
        } finally {
            pool.shutdownNow();
        }
        assertEquals(5, ended.size(), ended::toString);
        assertEquals(5, ended.stream().distinct().count(), ended::toString);
    }

    @Test
    void aSegmentThatIsNoChunkIsRefused() {
        for (MemorySegment wrong : List.of(MemorySegment.ofArray(new byte[1 << 20]), Arena.ofAuto().allocate(100), Arena.ofAuto().allocate(1 << 20).asReadOnly(),
                Arena.ofAuto().allocate(1 << 20, 64).asSlice(1))) {
            boolean[] closed = {false};
            ChunkSource source = new ChunkSource() {
                @Override
                public MemorySegment open(long byteSize, long byteAlignment) {
                    return wrong;
                }

                @Override
                public void close(MemorySegment chunk) {
                    assertEquals(wrong, chunk);
                    closed[0] = true;
                }
            };
            try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, MOST).build()) {
                assertThrows(IllegalArgumentException.class, () -> arena.allocate(1));
                assertTrue(closed[0]);
                arena.verify();
            }
        }
    }

    @Test
    void filesAreMadeAndDeleted(@TempDir Path directory) throws Exception {
        try (SegmentArena arena = SegmentArena.builder().growable(directory, CHUNK, MOST).build()) {
            MemorySegment a = arena.allocate(CHUNK);
            MemorySegment b = arena.allocate(3 * CHUNK, 4096);
            b.fill((byte) 7);
            assertEquals(List.of(CHUNK, 3 * CHUNK), sizes(directory));
            arena.force();
            arena.free(b);
            assertEquals(List.of(CHUNK), sizes(directory));
            arena.free(a);
        }
        assertEquals(List.of(), sizes(directory));
        SegmentArena gone = SegmentArena.builder().growable(directory.resolve("absent"), CHUNK, MOST).build();
        assertTrue(assertThrows(UncheckedIOException.class, () -> gone.allocate(1)).getMessage().contains("absent"));
        gone.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 4096, 1 << 16, 1 << 20})
    void addressesInFilesAreAlignedWhereverTheSystemMapsThem(long granule, @TempDir Path directory) throws Exception {
        long chunk = 4 << 20;
        try (SegmentArena arena = SegmentArena.builder().growable(directory, chunk, 4 * chunk).granule(granule).alignByAddress().build()) {
            for (int opened = 1; opened <= 4; opened++) {
                MemorySegment slice = arena.allocate(chunk, 1 << 20);
                assertEquals(0, slice.address() & (1 << 20) - 1);
                slice.fill((byte) opened);
                assertEquals(opened, sizes(directory).size());
                assertEquals(opened * chunk, arena.byteSize());
            }
            arena.force();
            arena.verify();
        }
        assertEquals(List.of(), sizes(directory));
    }

    /// With chunks or without, of what kind they are: only files that the arena has mapped can be forced.
    @Test
    void whetherItCanBeForcedDoesNotDependOnItsChunks(@TempDir Path directory) {
        for (SegmentArena.Builder builder : List.of(SegmentArena.builder().growable(CHUNK, MOST), SegmentArena.builder().growable(CHUNK, MOST).checked(),
                SegmentArena.builder().growable(new Counting(), CHUNK, MOST))) {
            try (SegmentArena arena = builder.build()) {
                assertThrows(IllegalStateException.class, arena::force);
                arena.allocate(1);
                assertThrows(IllegalStateException.class, arena::force);
            }
        }
        try (SegmentArena arena = SegmentArena.builder().growable(directory, CHUNK, MOST).build()) {
            arena.force();
            arena.allocate(1);
            arena.force();
        }
    }

    /// A chunk that another thread gives back meanwhile holds nothing that is to be written.
    @Test
    void forceWhileChunksGoBack(@TempDir Path directory) throws Exception {
        try (SegmentArena arena = SegmentArena.builder().growable(directory, 4096, 1 << 20).shared().build()) {
            for (int i = 0; i < 8; i++) {
                arena.allocate(4096);
            }
            AtomicBoolean enough = new AtomicBoolean();
            ExecutorService pool = Executors.newFixedThreadPool(1);
            try {
                Future<?> other = pool.submit(() -> {
                    while (!enough.get()) {
                        arena.free(arena.tryAllocate(3 * 4096, 1));
                    }
                });
                long end = System.nanoTime() + 800_000_000;
                while (System.nanoTime() < end) {
                    arena.force();
                    assertFalse(Thread.interrupted(), "nobody has interrupted it");
                }
                enough.set(true);
                other.get(10, TimeUnit.SECONDS);
            } finally {
                enough.set(true);
                pool.shutdownNow();
            }
        }
    }

    /// What stands in for the file of a chunk is no file, and not empty. When that has gone, another close ends the rest.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisabledOnOs(OS.WINDOWS) // no file that is mapped goes there
    void aFileThatCanNotBeDeletedIsDeletedByTheNextClose(boolean shared, @TempDir Path directory) throws Exception {
        SegmentArena.Builder builder = SegmentArena.builder().growable(directory, CHUNK, MOST);
        SegmentArena arena = (shared ? builder.shared() : builder).build();
        long block = arena.tryAllocate(2 * CHUNK, 1);
        Path given = only(directory);
        Files.delete(given);
        Path inside = Files.createFile(Files.createDirectory(given).resolve("inside"));
        arena.free(block); // its chunk can't go
        arena.allocate(CHUNK);
        for (int i = 0; i < 3; i++) {
            UncheckedIOException refusal = assertThrows(UncheckedIOException.class, arena::close);
            assertTrue(refusal.getMessage().contains("can't delete " + given), refusal.getMessage());
            assertEquals(given, only(directory));
        }
        Files.delete(inside);
        arena.close();
        assertEquals(List.of(), sizes(directory));
        arena.close();
    }

    private static Path only(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.reduce((a, b) -> {
                throw new AssertionError(a + " and " + b);
            }).orElseThrow();
        }
    }

    private static List<Long> sizes(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.toFile().length()).sorted().toList();
        }
    }

    // ---- arguments ---------------------------------------------------------------------------------------------

    @Test
    void refusesBadNumbersBeforeAnythingElse() {
        for (long[] bad : new long[][] {{0, 10}, {-1, 10}, {11, 10}, {10, Long.MIN_VALUE}, {1, 1L << 62}, {1, 1 << 30}, {Long.MAX_VALUE, Long.MAX_VALUE}}) {
            assertThrows(IllegalArgumentException.class, () -> of(false, bad[0], bad[1]).close(), () -> bad[0] + ", " + bad[1]);
        }
        assertThrows(IllegalStateException.class, () -> SegmentArena.builder().growable(CHUNK, MOST).realTime().build());
        assertThrows(IllegalStateException.class, () -> SegmentArena.builder().growable(CHUNK, MOST).reserve().build());
        try (SegmentArena large = of(false, 1 << 20, 31L << 30); SegmentArena larger = of(false, 1L << 30, 1L << 46)) {
            assertEquals(16, large.granule());
            large.allocate(100).fill((byte) 1);
            larger.allocate(100);
            assertEquals(1L << 46, larger.maxByteSize());
        }
        for (long[] bad : new long[][] {{1, 1}, {5, 15}}) { // the limit has no whole granule
            String message = assertThrows(IllegalArgumentException.class, () -> of(false, bad[0], bad[1]).close()).getMessage();
            assertTrue(message.contains("maxByteSize " + bad[1]) && message.contains("16"), message);
        }
        assertThrows(IllegalArgumentException.class, () -> SegmentArena.builder().growable(1, 4095).granule(4096).build().close());
        try (SegmentArena tiny = of(false, 1, 31)) {
            assertEquals(16, tiny.maxByteSize());
            assertEquals(16, tiny.allocate(16).byteSize());
            assertEquals(SegmentArena.NO_SPACE, tiny.tryAllocate(1, 1));
        }
    }

    /// What a message says of the largest limit is so, and what the documentation says of the number of chunks.
    @ParameterizedTest
    @CsvSource({"65536, 524285", "122880, 279618", "4096, 524285", "69632, 466031"})
    void theMostChunksAreAsManyAsIsSaid(long chunk, long most) {
        String message = assertThrows(IllegalArgumentException.class, () -> ChunkGeometry.of(chunk, 1L << 36, 4, 24)).getMessage();
        long refused = Long.parseLong(message.substring(message.lastIndexOf(' ') + 1));
        assertThrows(IllegalArgumentException.class, () -> ChunkGeometry.of(chunk, refused, 4, 24));
        ChunkGeometry largest = ChunkGeometry.of(chunk, refused - 1, 4, 24);
        assertEquals(most, largest.limit() / largest.chunk());
        assertTrue(most >= 279_000 && most <= 525_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 52, 1L << 48})
    void theLargestLimitIsWhatTheMessageSays(long chunk) {
        long most = (1L << 55) - 3 * chunk;
        ChunkGeometry largest = ChunkGeometry.of(chunk, most - 1, 4, 24);
        assertEquals(24, largest.shift());
        assertEquals(most - (1 << 24), largest.limit() << 24);
        String message = assertThrows(IllegalArgumentException.class, () -> ChunkGeometry.of(chunk, most, 4, 24)).getMessage();
        assertTrue(message.contains("less than 2^55"), message);
    }

    @Test
    void aResetKeepsNoChunkOfARequestsOwnSize() {
        try (SegmentArena arena = of(false, CHUNK, MOST)) {
            arena.allocate(3 * CHUNK);
            arena.reset();
            assertEquals(0, arena.byteSize());
            arena.allocate(3 * CHUNK);
            arena.allocate(CHUNK);
            arena.reset();
            assertEquals(CHUNK, arena.byteSize());
        }
    }

    // ---- threads -----------------------------------------------------------------------------------------------

    /// All threads grow and shrink the arena as hard as they can; each byte of each block is its owner's.
    @Test
    void manyThreadsGrowAndShrinkIt() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        Counting source = new Counting();
        try (SegmentArena arena = SegmentArena.builder().growable(source, 16 << 10, 512 << 10).shared().build()) {
            List<Future<?>> all = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                int mark = thread + 1;
                all.add(pool.submit(() -> work(arena, new SplittableRandom(mark), (byte) mark)));
            }
            for (Future<?> each : all) {
                each.get(40, TimeUnit.SECONDS);
            }
            arena.verify();
            assertEquals(0, arena.allocations());
            arena.trim();
            assertEquals(0, arena.byteSize());
        } finally {
            pool.shutdownNow();
        }
        assertEquals(Map.of(), source.open);
    }

    private static Void work(SegmentArena arena, SplittableRandom random, byte mark) {
        Map<Long, MemorySegment> mine = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            boolean grows = i / 500 % 2 == 0;
            if (random.nextInt(10) < (grows ? 7 : 3)) {
                long block = arena.tryAllocate(random.nextInt(1 << random.nextInt(15)), 1L << random.nextInt(7));
                if (block != SegmentArena.NO_SPACE) {
                    MemorySegment slice = arena.segment(block);
                    slice.fill(mark);
                    mine.put(block, slice);
                }
            } else if (!mine.isEmpty()) {
                long block = mine.keySet().iterator().next();
                MemorySegment slice = mine.remove(block);
                assertEquals(block, arena.allocationAt(slice.address()));
                for (long at = 0; at < slice.byteSize(); at += 1 + ThreadLocalRandom.current().nextInt(64)) {
                    assertEquals(mark, slice.get(ValueLayout.JAVA_BYTE, at));
                }
                if (random.nextBoolean()) {
                    arena.free(block);
                } else {
                    arena.free(slice);
                }
            }
            if (i % 2500 == 0) {
                arena.trim();
            }
        }
        mine.keySet().forEach(arena::free);
        return null;
    }

    /// Refused by name; the next request asks again.
    @Test
    void nullAndAClosedSegmentAreNoChunks() {
        Arena closed = Arena.ofConfined();
        MemorySegment dead = closed.allocate(1 << 16, 1 << 12);
        closed.close();
        MemorySegment[] next = {null};
        int[] ended = {0};
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                return next[0];
            }

            @Override
            public void close(MemorySegment chunk) {
                ended[0]++;
            }
        };
        try (Arena owner = Arena.ofConfined(); SegmentArena arena = SegmentArena.builder().growable(source, 1 << 14, 1 << 18).build()) {
            String message = assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(100, 1)).getMessage();
            assertTrue(message.contains("ChunkSource") && message.contains("null"), message);
            assertEquals(0, ended[0]);
            next[0] = dead;
            assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(100, 1));
            assertEquals(1, ended[0]);
            arena.verify();
            assertEquals(0, arena.byteSize());
            next[0] = owner.allocate(1 << 16, 1 << 12);
            arena.free(arena.tryAllocate(100, 1));
        }
        assertEquals(2, ended[0]);
    }
}
