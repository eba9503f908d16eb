package io.github.offsetallocator.contract;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/// Runs something on other threads, and doesn't wait for ever.
final class Elsewhere {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// The work of one thread.
    @FunctionalInterface
    interface Work {
        /// Does it.
        ///
        /// @param index of the thread, from 0
        void run(int index) throws Throwable;
    }

    private Elsewhere() {}

    /// What an action throws on a thread of its own, or null.
    static Throwable thrown(Check.Action action) {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                action.run();
            } catch (Throwable failure) {
                thrown.set(failure);
            }
        });
        join(thread, PATIENCE);
        return thrown.get();
    }

    /// Does something on a thread of its own.
    static void run(Check.Action action) {
        Throwable thrown = thrown(action);
        if (thrown != null) {
            throw new AssertionError("on another thread: " + thrown.getMessage(), thrown);
        }
    }

    /// Does the same on many threads that start together.
    static void together(int threads, Work work) {
        CountDownLatch start = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int index = i;
            all.add(Thread.ofPlatform().daemon().start(() -> {
                try {
                    start.await();
                    work.run(index);
                } catch (Throwable failure) {
                    thrown.compareAndSet(null, failure);
                }
            }));
        }
        start.countDown();
        all.forEach(thread -> join(thread, PATIENCE));
        if (thrown.get() != null) {
            throw new AssertionError("on one of " + threads + " threads: " + thrown.get().getMessage(), thrown.get());
        }
    }

    /// Waits for a thread; one that doesn't end is a failure with its stack.
    static void join(Thread thread, Duration patience) {
        try {
            if (!thread.join(patience)) {
                AssertionError hanging = new AssertionError(thread + " has not ended after " + patience);
                Throwable where = new Throwable("it is here");
                where.setStackTrace(thread.getStackTrace());
                hanging.addSuppressed(where);
                throw hanging;
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
