package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A shared arena that knows who leaks, and threads that meet there: none of them waits for ever.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LeakRaceTest {
    private static final Logger LOGGER = Logger.getLogger("io.github.offsetallocator");
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int ROUNDS = 20;
    private static final long LONG_ENOUGH = 200_000_000;

    /// What a thread does again and again until the arena is closed.
    private enum Work {
        ALLOCATE(arena -> arena.free(arena.tryAllocate(100, 1))), LEAKS(SegmentArena::leaks), DUMP(LeakRaceTest::dump);

        final Consumer<SegmentArena> work;

        Work(Consumer<SegmentArena> work) {
            this.work = work;
        }

        void untilClosed(SegmentArena arena) {
            try {
                while (true) {
                    work.accept(arena);
                }
            } catch (IllegalStateException closed) {
                assertTrue(closed.getMessage().contains("closed"), closed::getMessage);
            }
        }
    }

    @BeforeEach
    void quiet() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterEach
    void loud() {
        LOGGER.setLevel(null);
    }

    private static void dump(SegmentArena arena) {
        try {
            arena.dump(new StringBuilder());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SegmentArena.Builder builder(LeakDetection detection) {
        return SegmentArena.builder().nativeMemory(1 << 20).shared().leakDetection(detection);
    }

    private static SegmentArena filled(SegmentArena.Builder builder) {
        SegmentArena arena = builder.build();
        for (int i = 0; i < 60; i++) {
            arena.tryAllocate(100, 1);
        }
        return arena;
    }

    /// Two threads at once, and what one of them has thrown.
    private static void together(Runnable one, Runnable other) throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (Runnable work : List.of(one, other)) {
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                try {
                    work.run();
                } catch (Throwable failure) {
                    thrown.compareAndSet(null, failure);
                }
            }));
        }
        for (Thread thread : threads) {
            if (!thread.join(PATIENCE)) {
                AssertionError hanging = new AssertionError(thread + " waits for ever");
                threads.forEach(each -> {
                    Throwable where = new Throwable(each.toString());
                    where.setStackTrace(each.getStackTrace());
                    hanging.addSuppressed(where);
                });
                throw hanging;
            }
        }
        if (thrown.get() != null) {
            fail(thrown.get());
        }
    }

    private interface Round {
        void run(int number) throws InterruptedException;
    }

    private static void rounds(Round round) throws InterruptedException {
        long end = System.nanoTime() + LONG_ENOUGH;
        for (int i = 0; i < ROUNDS && System.nanoTime() < end; i++) {
            round.run(i);
        }
    }

    private static void pause(int round) {
        for (int i = 0; i < 5000 * round; i++) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @CsvSource({"ALLOCATE, ALL", "LEAKS, ALL", "DUMP, ALL", "ALLOCATE, SAMPLED", "LEAKS, SAMPLED"})
    void closeAgainst(Work work, LeakDetection detection) throws InterruptedException {
        rounds(round -> {
            SegmentArena arena = filled(builder(detection));
            together(() -> work.untilClosed(arena), () -> {
                pause(round);
                arena.close();
            });
        });
    }

    /// Who closes may look at the leaks.
    @ParameterizedTest
    @EnumSource(Work.class)
    void aReportAtCloseAgainst(Work work) throws InterruptedException {
        rounds(round -> {
            SegmentArena arena = filled(builder(LeakDetection.ALL).closeReportsLive(closing -> {
                closing.leaks();
                dump(closing);
            }));
            together(() -> work.untilClosed(arena), () -> {
                pause(round);
                arena.close();
            });
        });
    }

    @ParameterizedTest
    @EnumSource(Work.class)
    void aVisitorThatLooksAtLeaksAgainst(Work work) throws InterruptedException {
        rounds(round -> {
            SegmentArena arena = filled(builder(LeakDetection.ALL));
            together(() -> work.untilClosed(arena), () -> {
                for (int i = 0; i < 10; i++) {
                    int[] seen = {0};
                    arena.forEachAllocation(_ -> {
                        if (seen[0]++ < 3) {
                            arena.leaks();
                            dump(arena);
                        }
                    });
                }
                arena.close();
            });
        });
    }

    /// A broken border is told of with its site.
    @ParameterizedTest
    @EnumSource(Work.class)
    void aBrokenBorderAgainst(Work work) throws InterruptedException {
        rounds(round -> {
            SegmentArena arena = filled(builder(LeakDetection.ALL).checked());
            together(() -> work.untilClosed(arena), () -> {
                for (int i = 0; i < 30; i++) {
                    long block = arena.tryAllocate(16, 1);
                    arena.backing().set(ValueLayout.JAVA_BYTE, arena.offset(block) + 16, (byte) 7);
                    try {
                        arena.free(block);
                        fail("the border is broken");
                    } catch (AssertionError broken) {
                        assertTrue(broken.getMessage().contains("aBrokenBorderAgainst"), broken::getMessage);
                    }
                    arena.free(block);
                }
                arena.close();
            });
        });
    }

    /// In a durable arena nobody sees a block that moves before it has moved.
    @Test
    void aBlockThatMovesWhileAnotherThreadLooksIsKnown(@TempDir Path directory) throws InterruptedException {
        try (SegmentArena arena = SegmentArena.builder().durable(directory.resolve("arena"), 16 << 20).shared().leakDetection(LeakDetection.ALL).build()) {
            AtomicBoolean isDone = new AtomicBoolean();
            Thread looker = Thread.ofPlatform().start(() -> {
                while (!isDone.get()) {
                    arena.leaks();
                    LockSupport.parkNanos(50_000);
                }
            });
            for (int i = 0; i < 2000; i++) {
                long block = arena.tryAllocate(2000, 1);
                long behind = arena.tryAllocate(2000, 1);
                arena.reallocate(block, 4000, 1);
                arena.free(behind);
            }
            isDone.set(true);
            looker.join();
            assertEquals(arena.allocations(), arena.leaks().stream().mapToLong(Leak::count).sum());
        }
    }
}
