package io.github.offsetallocator;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Runs the same work on many threads that start together, waits for all, and throws what one of them threw.
final class Parallel {
    private static final long PATIENCE_SECONDS = 60;

    private Parallel() {}

    /// The work of one thread.
    @FunctionalInterface
    interface Work {
        /// Does it.
        ///
        /// @param index of the thread, from 0
        void run(int index) throws Exception;
    }

    /// On platform threads.
    static void run(int threads, Work work) throws InterruptedException {
        run(threads, Thread.ofPlatform().daemon().factory(), work);
    }

    /// On threads of this kind.
    static void run(int threads, ThreadFactory kind, Work work) throws InterruptedException {
        CountDownLatch start = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(threads);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int index = i;
            Thread thread = kind.newThread(() -> {
                try {
                    start.await();
                    work.run(index);
                } catch (Throwable thrown) {
                    if (!failure.compareAndSet(null, thrown)) {
                        failure.get().addSuppressed(thrown);
                    }
                } finally {
                    done.countDown();
                }
            });
            all.add(thread);
            thread.start();
        }
        start.countDown();
        if (!done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw stuck(done.getCount(), all);
        }
        for (Thread thread : all) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("one of " + threads + " threads failed", failure.get());
        }
    }

    private static AssertionError stuck(long count, List<Thread> threads) {
        AssertionError error = new AssertionError(count + " of " + threads.size() + " threads have not ended after " + PATIENCE_SECONDS + " s");
        threads.stream().filter(Thread::isAlive).limit(4).forEach(thread -> {
            Throwable where = new Throwable(thread.toString());
            where.setStackTrace(thread.getStackTrace());
            error.addSuppressed(where);
        });
        return error;
    }
}
