package io.github.offsetallocator.jmh;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

/// Threads that work at the same time, for a while, as often as they are told to. They are such that Netty uses its
/// caches on them.
final class Crew {
    /// The work of one thread.
    @FunctionalInterface
    interface Job {
        /// Does a little of it.
        ///
        /// @return how many operations that was; 0 if it has to wait for others
        int work();
    }

    private static final int SPINS = 200;
    private static final ThreadFactory THREADS = new DefaultThreadFactory("crew", true);

    private final CyclicBarrier barrier;
    private final long[] operations;
    private volatile boolean over;

    /// @param jobs what makes each job, on the thread that is going to do it
    Crew(List<Supplier<Job>> jobs) {
        barrier = new CyclicBarrier(jobs.size() + 1);
        operations = new long[jobs.size()];
        for (int i = 0; i < jobs.size(); i++) {
            int index = i;
            THREADS.newThread(() -> live(index, jobs.get(index))).start();
        }
    }

    /// Lets all work for a while.
    ///
    /// @return million operations per second, of all together
    double round(long nanos) throws InterruptedException, BrokenBarrierException {
        over = false;
        barrier.await();
        long start = System.nanoTime();
        Thread.sleep(nanos / 1_000_000);
        over = true;
        barrier.await();
        long elapsed = System.nanoTime() - start;
        long sum = 0;
        for (long each : operations) {
            sum += each;
        }
        return 1e3 * sum / elapsed;
    }

    private void live(int index, Supplier<Job> maker) {
        try {
            Job job = maker.get();
            while (true) {
                barrier.await();
                operations[index] = workUntilOver(job);
                barrier.await();
            }
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private long workUntilOver(Job job) {
        long done = 0;
        int idle = 0;
        while (!over) {
            int now = job.work();
            done += now;
            idle = now == 0 ? pause(idle) : 0;
        }
        return done;
    }

    /// Spins for a moment, then lets others have the core.
    ///
    /// @param idle how often it was called before, in a row
    /// @return how often it was called now
    static int pause(int idle) {
        if (idle < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
        return idle + 1;
    }
}
