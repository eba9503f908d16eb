package io.github.offsetallocator;

import static io.github.offsetallocator.OffsetAllocatorTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// One arena and many threads: nothing is lost, nothing is handed out twice, nobody waits for ever.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedArenaTest {
    private static final long SEED = 20_05;
    private static final int EXCHANGE = 256;
    private static final Duration PROMPTLY = Duration.ofSeconds(10);
    private static final ThreadFactory VIRTUAL = Thread.ofVirtual().factory();

    /// What the arena of the mixed work is made of. All but the first are small enough to be full now and then.
    enum Setup {
        ROOMY, TIGHT, HEAP, UNALIGNED, ZEROED, REFERENCE, REAL_TIME, LARGE_GRANULE, ABOVE_2_TO_31_GRANULES;

        private static final int TIGHT_SIZE = 96 << 10;
        private static final long SPARSE_SIZE = (1L << 36) - 16;

        SegmentArena open(Path directory) {
            SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(TIGHT_SIZE).shared();
            return switch (this) {
                case ROOMY -> SegmentArena.ofShared(16 << 20);
                case TIGHT -> builder.build();
                case HEAP -> SegmentArena.ofShared(MemorySegment.ofArray(new long[TIGHT_SIZE / 8]));
                case UNALIGNED -> SegmentArena.ofShared(Arena.ofAuto().allocate(TIGHT_SIZE + 100, 64).asSlice(3, TIGHT_SIZE + 33));
                case ZEROED -> builder.zeroed().build();
                case REFERENCE -> builder.fit(Fit.REFERENCE).build();
                case REAL_TIME -> builder.maxAllocations(200).realTime().build();
                case LARGE_GRANULE -> builder.granule(256).build();
                case ABOVE_2_TO_31_GRANULES -> builder.mapped(directory.resolve("sparse"), SPARSE_SIZE).build();
            };
        }

        long largestAlignment() {
            return this == HEAP ? 8 : 1024;
        }
    }

    @TempDir
    Path directory;

    // ---- mixed work --------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Setup.class)
    void mixedWorkLosesNothing(Setup setup) throws InterruptedException {
        assumeFalse(setup == Setup.ABOVE_2_TO_31_GRANULES && OS.WINDOWS.isCurrentOs(), "a file takes its whole length on the disk there");
        try (SegmentArena arena = setup.open(directory)) {
            long below = setup == Setup.ABOVE_2_TO_31_GRANULES ? arena.tryAllocate(arena.byteSize() - Setup.TIGHT_SIZE, 1) : 0;
            long refusals = mixedWork(arena, setup, 4, 30_000);
            assertEquals(setup == Setup.ROOMY, refusals == 0, refusals + " requests were refused");
            if (below != 0) {
                arena.free(below);
            }
            assertAllIsFree(arena);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 64})
    void fewThreadsAndManyLoseNothing(int threads) throws InterruptedException {
        for (Setup setup : new Setup[] {Setup.ROOMY, Setup.TIGHT}) {
            try (SegmentArena arena = setup.open(directory)) {
                mixedWork(arena, setup, threads, 200_000 / threads);
                assertAllIsFree(arena);
            }
        }
    }

    /// Rounds of work on new threads each, so that the old ones have died, and between them a look at everything.
    private static long mixedWork(SegmentArena arena, Setup setup, int threads, int steps) throws InterruptedException {
        int rounds = 4;
        BlockingQueue<SharedWork.Block> exchange = new ArrayBlockingQueue<>(EXCHANGE);
        List<SharedWork> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            workers.add(new SharedWork(arena, setup == Setup.ZEROED, setup.largestAlignment(), exchange, SEED + i));
        }
        int others = arena.allocations();
        long before = arena.storageReport().totalFreeSpace();
        for (int round = 1; round <= rounds; round++) {
            int now = round;
            workers.forEach(SharedWork::forgetRetired);
            Parallel.run(threads, i -> workers.get(i).run(steps / rounds, now));
            arena.verify();
            arena.reclaim(round - 1L);
            long granules = workers.stream().mapToLong(SharedWork::checkAll).sum();
            granules += exchange.stream().mapToLong(block -> block.granules(arena)).sum();
            assertEquals(before, arena.storageReport().totalFreeSpace() + granules * arena.granule());
            assertEquals(others + workers.stream().mapToInt(SharedWork::live).sum() + exchange.size(), arena.allocations());
            arena.verify();
        }
        arena.reclaim(rounds);
        Parallel.run(threads, i -> workers.get(i).freeAll());
        return workers.stream().mapToLong(SharedWork::refusals).sum();
    }

    /// A short life each: allocate, give way to others, find the content as it was, free.
    @Test
    void aHundredThousandVirtualThreadsLoseNothing() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(8 << 20)) {
            AtomicInteger refusals = new AtomicInteger();
            Parallel.run(100_000, VIRTUAL, index -> {
                SplittableRandom random = new SplittableRandom(SEED + index);
                for (int i = 0; i < 3; i++) {
                    long block = arena.tryAllocate(Long.BYTES + random.nextInt(600), 8);
                    if (block == SegmentArena.NO_SPACE) {
                        refusals.getAndIncrement();
                        continue;
                    }
                    MemorySegment slice = arena.segment(block);
                    long mark = random.nextLong();
                    slice.fill((byte) mark);
                    slice.set(ValueLayout.JAVA_LONG, 0, mark);
                    Thread.yield();
                    assertEquals(mark, slice.get(ValueLayout.JAVA_LONG, 0));
                    for (long at = Long.BYTES; at < slice.byteSize(); at++) {
                        if (slice.get(ValueLayout.JAVA_BYTE, at) != (byte) mark) {
                            throw new AssertionError("someone else wrote to byte " + at + " of " + slice);
                        }
                    }
                    if (random.nextBoolean()) {
                        arena.free(block);
                    } else {
                        arena.free(slice);
                    }
                }
            });
            assertTrue(refusals.get() < 300_000, "all were refused");
            assertAllIsFree(arena);
        }
    }

    private static void assertAllIsFree(SegmentArena arena) {
        arena.verify();
        assertEquals(0, arena.allocations());
        assertEquals(0, arena.retired());
        long capacity = arena.byteSize();
        assertEquals(capacity, arena.storageReport().totalFreeSpace());
        assertEquals(capacity, arena.storageReport().largestFreeRegion());
        long all = arena.tryAllocate(capacity, 1);
        assertEquals(capacity, arena.size(all));
        assertEquals(0, arena.storageReport().totalFreeSpace());
        arena.free(all);
        arena.verify();
    }

    // ---- no free block stays hidden ----------------------------------------------------------------------------

    /// Whatever lies parked with a thread is given back before someone is refused, whether that thread lives or not.
    @ParameterizedTest
    @CsvSource({"1, true", "1, false", "8, true", "8, false", "64, false"})
    void allOfItCanBeHadAfterManyThreadsFreedSmallBlocks(int threads, boolean alive) throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            CountDownLatch freed = new CountDownLatch(threads);
            CountDownLatch asked = new CountDownLatch(1);
            Thread asking = Thread.ofPlatform().unstarted(() -> {
                await(freed);
                long all = arena.tryAllocate(1 << 20, 1);
                asked.countDown();
                arena.free(all);
            });
            AtomicBoolean failed = new AtomicBoolean();
            asking.setUncaughtExceptionHandler((_, _) -> failed.set(true));
            if (alive) {
                asking.start();
            }
            Parallel.run(threads, index -> {
                long[] blocks = new long[100];
                for (int i = 0; i < blocks.length; i++) {
                    blocks[i] = arena.tryAllocate((i % 20 + index % 3 + 1) * 6, 1);
                }
                for (long block : blocks) {
                    arena.free(block);
                }
                freed.countDown();
                if (alive) {
                    await(asked);
                }
            });
            if (!alive) {
                asking.start();
            }
            asking.join();
            assertEquals(false, failed.get(), "the whole was refused");
            assertAllIsFree(arena);
        }
    }

    /// One block is free, and it is parked wherever the thread that freed it parks: everyone else must find it.
    @ParameterizedTest
    @ValueSource(ints = {16, 48, 1024, 1040, 4096})
    void theLastFreeBlockIsFoundByEveryThread(int byteSize) throws InterruptedException {
        int blocks = 64;
        try (SegmentArena arena = SegmentArena.ofShared((long) blocks * byteSize)) {
            long[] all = new long[blocks];
            for (int i = 0; i < blocks; i++) {
                all[i] = arena.tryAllocate(byteSize, 1);
            }
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1));
            for (int i = 0; i < blocks; i++) {
                int at = i;
                Parallel.run(1, _ -> arena.free(all[at]));
                assertEquals(byteSize, arena.storageReport().largestFreeRegion());
                Parallel.run(1, _ -> arena.free(all[(at + 1) % all.length]));
                Parallel.run(1, _ -> all[at] = arena.tryAllocate(2 * byteSize, 1));
                if (at + 1 < blocks) {
                    assertNotEquals(SegmentArena.NO_SPACE, all[at]);
                    arena.resize(all[at], byteSize);
                    all[at + 1] = arena.tryAllocate(byteSize, 1);
                    assertNotEquals(SegmentArena.NO_SPACE, all[at + 1]);
                } else {
                    assertEquals(SegmentArena.NO_SPACE, all[at], "the last and the first are no neighbours");
                }
            }
            arena.verify();
        }
    }

    /// As many blocks as all threads together ever hold at once: then there is always one free for the thread that
    /// asks, and no moment at which it could be refused.
    @ParameterizedTest
    @CsvSource({"2, 1", "2, 4", "8, 1", "8, 16"})
    void exactlyEnoughForAllIsNeverRefused(int threads, int each) throws InterruptedException {
        for (int byteSize : new int[] {16, 112, 1040}) {
            try (SegmentArena arena = SegmentArena.ofShared((long) threads * each * byteSize)) {
                Parallel.run(threads, index -> {
                    SplittableRandom random = new SplittableRandom(SEED + index);
                    long[] held = new long[each];
                    for (int i = 0; i < 50_000; i++) {
                        int at = random.nextInt(each);
                        if (held[at] != 0) {
                            arena.free(held[at]);
                        }
                        held[at] = arena.tryAllocate(byteSize, 1);
                        assertNotEquals(SegmentArena.NO_SPACE, held[at], "refused, though a block was free all the time");
                    }
                    for (long block : held) {
                        if (block != 0) {
                            arena.free(block);
                        }
                    }
                });
                assertAllIsFree(arena);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void asManyAllocationsAsStatedNotOneMoreOrLess(boolean realTime) throws InterruptedException {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(1 << 20).shared().maxAllocations(1000);
        try (SegmentArena arena = (realTime ? builder.realTime() : builder).build()) {
            for (int round = 0; round < 20; round++) {
                BlockingQueue<Long> granted = new ArrayBlockingQueue<>(2000);
                Parallel.run(4, index -> {
                    for (long block; (block = arena.tryAllocate(16 * index, 1)) != SegmentArena.NO_SPACE; ) {
                        granted.put(block);
                    }
                });
                assertEquals(1000, granted.size());
                assertEquals(1000, arena.allocations());
                Parallel.run(4, _ -> {
                    for (Long block; (block = granted.poll()) != null; ) {
                        arena.free(block);
                    }
                });
            }
            assertAllIsFree(arena);
        }
    }

    /// Whatever can't be met is refused, whatever others do meanwhile, and does them no harm.
    @Test
    void impossibleRequestsAreRefusedWhileOthersWork() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            long half = arena.tryAllocate(1 << 19, 1);
            AtomicInteger working = new AtomicInteger(3);
            BlockingQueue<SharedWork.Block> exchange = new ArrayBlockingQueue<>(EXCHANGE);
            Parallel.run(4, index -> {
                if (index < 3) {
                    SharedWork work = new SharedWork(arena, false, 1024, exchange, SEED + index);
                    work.run(30_000, 1);
                    work.freeAll();
                    working.getAndDecrement();
                } else {
                    while (working.get() > 0) {
                        for (long size : new long[] {(1 << 19) + 1, 1 << 20, (1 << 20) + 1, 1L << 40, Long.MAX_VALUE}) {
                            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(size, 1));
                            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(size, 4096));
                            OutOfSpaceException full = assertThrows(OutOfSpaceException.class, () -> arena.allocate(size, 1));
                            assertEquals(size, full.requested());
                        }
                        assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(-1, 1));
                        assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(1, 3));
                    }
                }
            });
            arena.reclaim(1);
            arena.free(half);
            assertAllIsFree(arena);
        }
    }

    /// A request that can't be met takes no lock: it is refused while another thread dwells in a walk.
    @Test
    void impossibleRequestsWaitForNoWalk() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            long half = arena.tryAllocate(1 << 19, 1);
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch refused = new CountDownLatch(1);
            Parallel.run(2, index -> {
                if (index == 0) {
                    arena.forEachAllocation(_ -> {
                        inside.countDown();
                        assertTrue(await(refused, PROMPTLY), "the refusal waits for the end of the walk");
                    });
                } else {
                    await(inside);
                    assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate((1 << 19) + 1, 1));
                    assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(1 << 20, 64));
                    refused.countDown();
                }
            });
            arena.free(half);
            assertAllIsFree(arena);
        }
    }

    // ---- one of two, never both --------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofAllWhoFreeOneBlockOneSucceeds(boolean bySegment) throws InterruptedException {
        int threads = 4;
        int blocks = 5000;
        try (SegmentArena arena = SegmentArena.ofShared(1 << 22)) {
            long[] handles = new long[blocks];
            MemorySegment[] slices = new MemorySegment[blocks];
            for (int i = 0; i < blocks; i++) {
                handles[i] = arena.tryAllocate(1 + i * 37 % 700, 1);
                slices[i] = arena.segment(handles[i]);
            }
            AtomicInteger freed = new AtomicInteger();
            Parallel.run(threads, index -> {
                for (int i = 0; i < blocks; i++) {
                    int at = index % 2 == 0 ? i : blocks - 1 - i;
                    try {
                        if (bySegment && index < 2) {
                            arena.free(slices[at]);
                        } else {
                            arena.free(handles[at]);
                        }
                        freed.getAndIncrement();
                    } catch (IllegalStateException | IllegalArgumentException refused) {
                        assertEquals(bySegment && index < 2, refused instanceof IllegalArgumentException);
                    }
                }
            });
            assertEquals(blocks, freed.get());
            assertAllIsFree(arena);
        }
    }

    @Test
    void misuseIsRefusedWithItsValuesOnEveryThread() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 16); SegmentArena other = SegmentArena.ofShared(1 << 16)) {
            MemorySegment slice = arena.allocate(100);
            long freed = arena.tryAllocate(100, 1);
            arena.free(freed);
            Parallel.run(4, _ -> {
                for (long wrong : new long[] {freed, 0, -1, Long.MIN_VALUE, Long.MAX_VALUE, freed + 1, 0x1234_5678_0000_0200L}) {
                    assertMessage(IllegalStateException.class, Long.toHexString(wrong), () -> arena.free(wrong));
                    assertMessage(IllegalStateException.class, Long.toHexString(wrong), () -> arena.size(wrong));
                    assertMessage(IllegalStateException.class, Long.toHexString(wrong), () -> arena.resize(wrong, 1));
                    assertMessage(IllegalStateException.class, Long.toHexString(wrong), () -> arena.setTag(wrong, 1));
                    assertMessage(IllegalStateException.class, Long.toHexString(wrong), () -> arena.retire(wrong, 1));
                    assertMessage(IllegalStateException.class, Long.toHexString(wrong), () -> arena.freeAll(new long[] {wrong}, 0, 1));
                }
                MemorySegment foreign = other.allocate(100);
                assertMessage(IllegalArgumentException.class, "" + foreign, () -> arena.free(foreign));
                assertMessage(IllegalArgumentException.class, "byteSize: 99", () -> arena.free(slice.asSlice(0, 99)));
                assertMessage(IllegalArgumentException.class, "-5", () -> arena.tryAllocate(-5, 1));
                assertMessage(IllegalArgumentException.class, "48", () -> arena.tryAllocate(5, 48));
            });
            assertEquals(1, arena.allocations());
            arena.free(slice);
            assertAllIsFree(arena);
        }
    }

    @Test
    void whatWasHandedOutBeforeAResetIsRefused() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            for (int round = 0; round < 20; round++) {
                long[][] blocks = new long[4][500];
                Parallel.run(4, index -> {
                    for (int i = 0; i < 500; i++) {
                        blocks[index][i] = arena.tryAllocate(i % 50 * 8, 1);
                        if (i % 3 == 0) {
                            arena.free(blocks[index][i]);
                        }
                    }
                });
                arena.reset();
                assertAllIsFree(arena);
                Parallel.run(4, index -> {
                    long fresh = arena.tryAllocate(100, 1);
                    for (long block : blocks[(index + 1) % 4]) {
                        assertThrows(IllegalStateException.class, () -> arena.free(block));
                    }
                    arena.free(fresh);
                });
                assertAllIsFree(arena);
            }
        }
    }

    @Test
    void aResetWhileOthersWorkLeavesOrder() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 18)) {
            Parallel.run(4, index -> {
                SplittableRandom random = new SplittableRandom(SEED + index);
                long[] held = new long[50];
                for (int i = 0; i < 20_000; i++) {
                    if (index == 0 && i % 200 == 0) {
                        arena.reset();
                    }
                    int at = random.nextInt(held.length);
                    try {
                        if (held[at] > 0) {
                            arena.free(held[at]);
                        }
                    } catch (IllegalStateException wasReset) {
                        assertTrue(wasReset.getMessage().contains("not live"), wasReset::getMessage);
                    }
                    held[at] = arena.tryAllocate(random.nextInt(1000), 1);
                }
            });
            arena.verify();
            arena.reset();
            assertAllIsFree(arena);
        }
    }

    /// Blocks carved ahead for a stripe take nodes that were never used: each must be known by the time it's handed out,
    /// wherever in the table the batch ends.
    @Test
    void blocksCarvedAheadAreKnown() {
        for (int shift = 0; shift < 40; shift++) {
            try (SegmentArena arena = SegmentArena.ofShared(1 << 24)) {
                for (int i = 0; i < 100; i++) {
                    arena.free(arena.tryAllocate(1, 1));
                }
                for (int i = 0; i < 3000; i++) {
                    // The metadata has grown for the last time by then; the larger come from the bins, one at a time.
                    boolean ahead = i < 2200 || i >= 2200 + shift;
                    arena.setTag(arena.tryAllocate(ahead ? 16 : 5000, 1), i);
                }
                arena.verify();
            }
        }
    }

    /// Blocks of one size go from thread to thread by way of the depot, whose shelf grows meanwhile. One that came twice
    /// would be freed twice.
    @Test
    void blocksThatPassThroughTheDepotComeOnce() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            long seed = SEED + round;
            try (SegmentArena arena = SegmentArena.ofShared(4 << 20)) {
                Parallel.run(3, index -> {
                    SplittableRandom random = new SplittableRandom(seed * 3 + index);
                    long[] held = new long[3000];
                    for (int wave = 0; wave < 10; wave++) {
                        int blocks = random.nextInt(held.length);
                        for (int i = 0; i < blocks; i++) {
                            held[i] = arena.tryAllocate(32, 1);
                        }
                        for (int i = 0; i < blocks; i++) {
                            arena.free(held[i]);
                        }
                    }
                });
                assertAllIsFree(arena);
            }
        }
    }

    // ---- close -------------------------------------------------------------------------------------------------

    /// Half of the threads only use a slice, half call the arena as well; none crashes, and close waits for none.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeEndsTheSlicesThatOthersUse(boolean virtual) throws InterruptedException {
        for (int round = 0; round < 25; round++) {
            SegmentArena arena = SegmentArena.ofShared(1 << 20);
            CountDownLatch using = new CountDownLatch(4);
            Thread closer = Thread.ofPlatform().unstarted(() -> {
                await(using);
                arena.close();
            });
            closer.start();
            Parallel.run(4, virtual ? VIRTUAL : Thread.ofPlatform().factory(), index -> {
                MemorySegment slice = arena.allocate(1000 + index);
                using.countDown();
                IllegalStateException end = assertThrows(IllegalStateException.class, () -> useForEver(arena, slice, index % 2 == 0));
                String message = index % 2 == 0 ? "Already closed" : "closed";
                assertTrue(end.getMessage().contains(message), end::getMessage);
            });
            assertTrue(closer.join(PROMPTLY), "close has not returned");
            assertMessage(IllegalStateException.class, "closed", () -> arena.tryAllocate(1, 1));
            arena.close();
        }
    }

    private static void useForEver(SegmentArena arena, MemorySegment slice, boolean sliceOnly) {
        for (long i = 0; ; i++) {
            slice.set(ValueLayout.JAVA_BYTE, i % 1000, (byte) i);
            if (!sliceOnly) {
                arena.free(arena.tryAllocate(i % 500, 1));
            }
            if (i % 10_000 == 0) {
                LockSupport.parkNanos(1); // JDK 25: virtual threads that only yield can starve one that waited for a monitor
            }
        }
    }

    /// A read from a pipe into a slice blocks in native code, and holds the memory.
    @Test
    void closeIsRefusedWhileANativeCallUsesASlice() throws Exception {
        SegmentArena arena = SegmentArena.ofShared(1 << 16);
        Pipe pipe = Pipe.open();
        long block = arena.tryAllocate(10, 1);
        ByteBuffer buffer = arena.segment(block).asByteBuffer();
        Thread reader = Thread.ofPlatform().start(() -> read(pipe, buffer));
        while (!inNativeRead(reader)) {
            Thread.onSpinWait();
        }
        Assertions.assertTimeout(PROMPTLY, () -> assertThrows(IllegalStateException.class, arena::close));
        long another = arena.tryAllocate(100, 1);
        arena.segment(another).fill((byte) 1);
        arena.free(another);
        assertEquals(1, arena.allocations());
        arena.verify();
        pipe.sink().write(ByteBuffer.wrap(new byte[] {7}));
        reader.join();
        assertEquals(7, arena.segment(block).get(ValueLayout.JAVA_BYTE, 0));
        arena.close();
        assertThrows(IllegalStateException.class, () -> arena.free(block));
        pipe.source().close();
        pipe.sink().close();
    }

    private static void read(Pipe pipe, ByteBuffer buffer) {
        try {
            pipe.source().read(buffer);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean inNativeRead(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length > 0 && stack[0].isNativeMethod() && stack[0].getMethodName().startsWith("read");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean await(CountDownLatch latch, Duration patience) {
        try {
            return latch.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Slabs of other sizes that became empty hold most of the pool. Without room for slabs small blocks would go to the bins, under the lock.
    @Test
    void emptySlabsMakeRoomForSlabsOfAnotherSize() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 7900; i++) {
                blocks.add(arena.tryAllocate(16 * (3 + i % 10), 1));
            }
            blocks.forEach(arena::free);
            int slots = 0;
            for (int i = 0; i < 300; i++) {
                slots += SlabTable.isSlot(arena.tryAllocate(32, 1)) ? 1 : 0;
            }
            assertTrue(slots > 250, slots + " of 300");
        }
    }
}
