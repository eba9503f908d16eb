package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Leak detection: who is found, who is not, and who is told.
@ResourceLock("log")
class LeakTest {
    private static final Logger LOGGER = Logger.getLogger("io.github.offsetallocator");

    private static SegmentArena arena(boolean shared, LeakDetection detection) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(16 << 20).name("tested").leakDetection(detection);
        return shared ? builder.shared().build() : builder.build();
    }

    private static long plantBySegment(SegmentArena arena) {
        return arena.allocate(100, 8).byteSize();
    }

    private static long plantByHandle(SegmentArena arena) {
        return arena.tryAllocate(5000, 64);
    }

    private static long plantByString(SegmentArena arena) {
        return arena.allocateFrom("a leak").byteSize();
    }

    private static void churn(SegmentArena arena, int operations) {
        SplittableRandom random = new SplittableRandom(5);
        long[] blocks = new long[100];
        for (int i = 0; i < operations; i++) {
            int at = random.nextInt(blocks.length);
            if (blocks[at] > 0) {
                arena.free(blocks[at]);
            }
            blocks[at] = arena.tryAllocate(1 + random.nextInt(2000), 1);
        }
        for (long block : blocks) {
            if (block > 0) {
                arena.free(block);
            }
        }
    }

    private static String method(Leak leak) {
        return leak.site().getFirst().getMethodName();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allFindsEverySiteAndNothingElse(boolean shared) {
        try (SegmentArena arena = arena(shared, LeakDetection.ALL)) {
            List<Long> handles = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                plantBySegment(arena);
                handles.add(plantByHandle(arena));
                plantByString(arena);
                churn(arena, 500);
            }
            List<Leak> leaks = arena.leaks();
            assertEquals(List.of("plantByHandle", "plantBySegment", "plantByString"), leaks.stream().map(LeakTest::method).toList());
            assertEquals(List.of(7L, 7L, 7L), leaks.stream().map(Leak::count).toList());
            assertEquals(List.of(35_000L, 700L, 49L), leaks.stream().map(Leak::bytes).toList());
            assertEquals("allFindsEverySiteAndNothingElse", leaks.getFirst().site().get(1).getMethodName());
            for (long handle : handles) {
                arena.free(handle);
            }
            assertEquals(2, arena.leaks().size());
            arena.reset();
            assertEquals(List.of(), arena.leaks());
        }
    }

    /// A block that moves belongs to who moved it; one that grows in place, or is dissolved out of its slab, to who made it.
    @Test
    void resizingAndMoving() {
        try (SegmentArena arena = arena(false, LeakDetection.ALL)) {
            long[] planted = new long[2];
            for (int i = 0; i < 2; i++) {
                planted[i] = plantByHandle(arena);
            }
            long first = planted[0];
            assertTrue(arena.resize(first, 4000));
            assertEquals(9000, arena.leaks().getFirst().bytes());
            long moved = arena.reallocate(first, 100_000, 1);
            assertTrue(moved != first);
            assertEquals(List.of("resizingAndMoving", "plantByHandle"), arena.leaks().stream().map(LeakTest::method).toList());
            arena.retire(moved, 1);
            assertEquals(List.of("plantByHandle"), arena.leaks().stream().map(LeakTest::method).toList());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void samplingFindsALeakThatGoesOn(boolean shared) throws InterruptedException {
        try (SegmentArena arena = arena(shared, LeakDetection.SAMPLED)) {
            for (int i = 0; i < 5000 && arena.leaks().isEmpty(); i++) {
                for (int j = 0; j < 20; j++) {
                    plantBySegment(arena);
                }
                churn(arena, 40);
                Thread.sleep(1); // stacks are looked at for a two hundredth of the time
            }
            assertEquals(List.of("plantBySegment"), arena.leaks().stream().map(LeakTest::method).distinct().toList());
        }
    }

    /// About one in 128, if there is time.
    @Test
    void samplesAreOneIn128() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(64 << 20).leakDetection(LeakDetection.SAMPLED).build()) {
            for (int i = 0; i < 12_800; i++) {
                plantBySegment(arena);
                if (i % 40 == 0) {
                    Thread.sleep(0, 100_000);
                }
            }
            long seen = arena.leaks().stream().mapToLong(Leak::count).sum();
            assertTrue(seen > 0 && seen < 200, () -> seen + " of 12800");
        }
    }

    @Test
    void offKnowsNothing() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 20)) {
            plantBySegment(arena);
            assertEquals(List.of(), arena.leaks());
            assertTrue(arena.name().matches("arena-\\d+"), arena.name());
        }
    }

    @Test
    void afterCloseItIsRefused() {
        SegmentArena arena = arena(false, LeakDetection.ALL);
        arena.close();
        assertThrows(IllegalStateException.class, arena::leaks);
        assertThrows(IllegalStateException.class, () -> arena.dump(new StringBuilder()));
        assertEquals("tested", arena.name());
    }

    // ---- who is told -------------------------------------------------------------------------------------------

    private static List<String> logged(Runnable action) {
        List<String> lines = new CopyOnWriteArrayList<>();
        listening(lines::add, action);
        return List.copyOf(lines);
    }

    /// Lets someone hear each line that is logged meanwhile.
    private static void listening(Consumer<String> listener, Runnable action) {
        Handler handler = new Handler() {
            @Override
            public synchronized void publish(LogRecord record) {
                listener.accept(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        LOGGER.addHandler(handler);
        LOGGER.setUseParentHandlers(false);
        try {
            action.run();
        } finally {
            LOGGER.removeHandler(handler);
            LOGGER.setUseParentHandlers(true);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingNamesTheWorstSites(boolean shared) {
        List<String> lines = logged(() -> {
            SegmentArena arena = arena(shared, LeakDetection.ALL);
            plantBySegment(arena);
            plantByHandle(arena);
            arena.close();
            arena.close();
        });
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.getFirst().startsWith("tested was closed; live allocations: 2"), lines::toString);
        assertTrue(lines.getFirst().indexOf("LeakTest.plantByHandle(LeakTest.java:") < lines.getFirst().indexOf("LeakTest.plantBySegment(LeakTest.java:"), lines::toString);
    }

    /// The tables of a durable arena end with its memory, so what is live must be looked at before; in every kind of memory.
    @ParameterizedTest
    @CsvSource({"NATIVE, false", "NATIVE, true", "MAPPED, false", "MAPPED, true", "DURABLE, false", "DURABLE, true", "CHUNKS, false", "CHUNKS, true"})
    void closingTellsOfLeaksInAnyMemory(Building.From memory, boolean shared, @TempDir Path directory) {
        SegmentArena.Builder builder = SegmentArena.builder().name("tested").leakDetection(LeakDetection.ALL);
        switch (memory) {
            case MAPPED -> builder.mapped(directory.resolve("mapped"), 1 << 16);
            case DURABLE -> builder.durable(directory.resolve("durable"), 1 << 16);
            case CHUNKS -> builder.growable(1 << 14, 1 << 16);
            default -> builder.nativeMemory(1 << 16);
        }
        List<String> lines = logged(() -> {
            SegmentArena arena = (shared ? builder.shared() : builder).build();
            plantBySegment(arena);
            plantByHandle(arena);
            arena.close();
            arena.close();
        });
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.getFirst().startsWith("tested was closed; live allocations: 2. Known sites (live)"), lines::toString);
        assertTrue(lines.getFirst().contains("LeakTest.plantByHandle("), lines::toString);
    }

    /// Of a close that is refused nobody is told; of the one that succeeds, once.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseThatIsRefusedSaysNothing(boolean shared) {
        SegmentArena arena = arena(shared, LeakDetection.ALL);
        plantByHandle(arena);
        MemorySegment used = arena.allocate(8);
        List<Throwable> refused = new ArrayList<>();
        assertEquals(List.of(), logged(() -> {
            try {
                NativeCall.over(used, () -> refused.add(assertThrows(IllegalStateException.class, arena::close)));
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }));
        assertEquals(1, refused.size());
        assertEquals(2, arena.leaks().size());
        List<String> lines = logged(arena::close);
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.getFirst().startsWith("tested was closed; live allocations: 2"), lines::toString);
    }

    /// Who hears of leaks may wait for a thread that uses the arena.
    @Test
    void itIsToldOutsideTheLock() {
        SegmentArena arena = arena(true, LeakDetection.ALL);
        plantByHandle(arena);
        List<String> heard = new ArrayList<>();
        listening(_ -> {
            Thread other = Thread.ofPlatform().daemon().start(() -> {
                try {
                    arena.tryAllocate(100_000, 1);
                } catch (IllegalStateException closed) {
                    heard.add(closed.getMessage());
                }
            });
            try {
                assertTrue(other.join(Duration.ofSeconds(2)), "it waits for the lock");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }, arena::close);
        assertEquals(1, heard.size());
    }

    @Test
    void closingWithNothingLiveSaysNothing() {
        assertEquals(List.of(), logged(() -> {
            SegmentArena arena = arena(true, LeakDetection.ALL);
            churn(arena, 1000);
            arena.close();
        }));
    }

    private static void forget(boolean shared) {
        plantBySegment(arena(shared, LeakDetection.ALL));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anArenaThatIsCollectedSaysSo(boolean shared) {
        List<String> lines = logged(() -> {
            forget(shared);
            for (int i = 0; i < 10; i++) {
                System.gc();
                try {
                    Thread.sleep(50);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.getFirst().startsWith("tested was collected without having been closed; live allocations: 1"), lines::toString);
        assertTrue(lines.getFirst().contains("plantBySegment"), lines::toString);
    }

    /// Many threads note and free while others ask.
    @Test
    void manyThreads() throws InterruptedException {
        try (SegmentArena arena = arena(true, LeakDetection.ALL)) {
            List<Thread> threads = new ArrayList<>();
            List<Throwable> wrong = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < 10; i++) {
                            plantBySegment(arena);
                            churn(arena, 300);
                            arena.leaks();
                        }
                    } catch (Throwable e) {
                        synchronized (wrong) {
                            wrong.add(e);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), wrong);
            assertEquals(40, arena.leaks().stream().mapToLong(Leak::count).sum());
            assertFalse(arena.leaks().isEmpty());
        }
    }
}
