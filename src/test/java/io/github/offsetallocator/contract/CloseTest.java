package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
