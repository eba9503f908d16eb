package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The end of an arena while others still use it.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CloseTest {
    private static final Duration PROMPTLY = Duration.ofSeconds(3);

    /// `close` waits for the visitor of a walk and for no one else, as its documentation says.
    @Test
    @Fault(24)
    void closeWaitsForAVisitor() throws InterruptedException {
        waitsForAVisitor(SegmentArena::close);
    }

    @Test
    @Fault(24)
    void resetWaitsForAVisitor() throws InterruptedException {
        waitsForAVisitor(SegmentArena::reset);
    }

    private interface Call {
        void on(SegmentArena arena);
    }

    private static void waitsForAVisitor(Call call) throws InterruptedException {
        SegmentArena arena = SegmentArena.ofShared(1 << 16);
        long block = arena.tryAllocate(100, 1);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread visitor = Thread.ofPlatform().daemon().start(() -> arena.forEachAllocation(_ -> {
            inside.countDown();
            try {
                goOn.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                thrown.set(e);
            }
        }));
        inside.await();
        Thread caller = Thread.ofPlatform().daemon().start(() -> call.on(arena));
        Check.that(!caller.join(Duration.ofMillis(100)), "it did not wait");
        Check.equal(100, arena.size(block), "nothing has changed yet");
        goOn.countDown();
        Elsewhere.join(visitor, PROMPTLY);
        Elsewhere.join(caller, PROMPTLY);
        Check.that(thrown.get() == null, () -> "" + thrown.get());
        Check.refused(() -> arena.free(block));
        arena.close();
    }

    /// Questions about a slot, which are answered without the lock.
    private enum Question implements Call {
        SIZE(arena -> arena.size(block(arena))),
        OFFSET(arena -> arena.offset(block(arena))),
        ADDRESS(arena -> arena.address(block(arena))),
        SEGMENT(arena -> arena.segment(block(arena))),
        ALLOCATION_AT(arena -> arena.allocationAt(arena.address(block(arena)))),
        ALLOCATE_ZEROED(arena -> arena.tryAllocateZeroed(32, 1)),
        ALLOCATE_AND_FREE(arena -> arena.free(arena.allocate(32, 1))),
        PUT(arena -> arena.access().setLong(block(arena), 0, 1)),
        STATISTICS(SegmentArena::statistics);

        private static final ThreadLocal<Long> BLOCK = new ThreadLocal<>();

        private final Call call;

        Question(Call call) {
            this.call = call;
        }

        private static long block(SegmentArena arena) {
            return BLOCK.get();
        }

        @Override
        public void on(SegmentArena arena) {
            call.on(arena);
        }
    }

    /// One that meets `close` is answered or refused as one that is late.
    @ParameterizedTest
    @EnumSource
    void aQuestionThatMeetsCloseIsAnsweredOrRefused(Question question) {
        for (int round = 0; round < 60; round++) {
            SegmentArena arena = SegmentArena.ofShared(1 << 20);
            for (int i = 0; i < 50; i++) {
                arena.tryAllocate(32, 1);
            }
            long block = arena.tryAllocate(32, 1);
            Elsewhere.together(2, index -> {
                if (index == 0) {
                    arena.close();
                    return;
                }
                Question.BLOCK.set(block);
                try {
                    while (true) {
                        question.on(arena);
                    }
                } catch (IllegalStateException closed) {
                    return; // else it hangs, and the test says where
                }
            });
        }
    }

    /// Handles that come late are refused, whatever kind of call they come with, and no one hangs.
    @Test
    @Fault(24)
    void callsThatComeTooLateAreRefused() {
        for (int round = 0; round < 50; round++) {
            SegmentArena arena = SegmentArena.ofShared(1 << 16);
            Elsewhere.together(3, index -> {
                long[] blocks = new long[10];
                try {
                    for (int i = 0; i < 100_000; i++) {
                        int at = i % blocks.length;
                        if (blocks[at] > 0) {
                            arena.free(blocks[at]);
                        }
                        blocks[at] = arena.tryAllocate(1 + i % 300, 1);
                        if (index == 0 && i == 300) {
                            arena.close();
                        }
                    }
                    throw new AssertionError("never refused");
                } catch (IllegalStateException closed) {
                    Check.that(closed.getMessage().toLowerCase().contains("closed"), closed.getMessage());
                }
            });
            Check.thrown(IllegalStateException.class, arena::verify);
            arena.close();
        }
    }
}
