package io.github.offsetallocator.jmh;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/// Threads that work at the same time, for a while, as often as they are told to. They are such that Netty uses its
/// caches on them.
final class Crew {
    /// The work of one thread.
    interface Job {
        /// Does a little of it.
        ///
        /// @return how many operations that was; 0 if it has to wait for others
        int work();
    }

    /// @param wall million operations per second on the clock, of all together
    /// @param cpu  million operations per second of CPU time, times the cores that they can have: what the clock would show
    ///             on a machine that no one else uses, if nobody waits
    record Rate(double wall, double cpu) {}

    private static final int SPINS = 200;

    private final CyclicBarrier barrier;
    private final long[] operations;
    private final long[] cpuNanos;
    private volatile boolean over;

    /// @param jobs what makes each job, on the thread that is going to do it
    Crew(List<Supplier<Job>> jobs) {
        barrier = new CyclicBarrier(jobs.size() + 1);
        operations = new long[jobs.size()];
        cpuNanos = new long[jobs.size()];
        for (int i = 0; i < jobs.size(); i++) {
            int index = i;
            new FastThreadLocalThread(() -> live(index, jobs.get(index))).start();
        }
    }

    /// Lets all work for a while.
    Rate round(long millis) throws InterruptedException, BrokenBarrierException {
        over = false;
        barrier.await();
        long start = System.nanoTime();
        Thread.sleep(millis);
        over = true;
        barrier.await();
        long elapsed = System.nanoTime() - start;
        double done = LongStream.of(operations).sum();
        int cores = Math.min(operations.length, Runtime.getRuntime().availableProcessors());
        return new Rate(1e3 * done / elapsed, 1e3 * done * cores / LongStream.of(cpuNanos).sum());
    }

    private void live(int index, Supplier<Job> maker) {
        try {
            Job job = maker.get();
            while (true) {
                barrier.await();
                long start = Fork.cpuNanos();
                operations[index] = workUntilOver(job);
                cpuNanos[index] = Fork.cpuNanos() - start;
                barrier.await();
            }
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    /// Whoever has to wait spins for a moment, then lets others have the core.
    private long workUntilOver(Job job) {
        long done = 0;
        int idle = 0;
        while (!over) {
            int now = job.work();
            done += now;
            if (now > 0) {
                idle = 0;
            } else if (idle++ < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        return done;
    }
}
