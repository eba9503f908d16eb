package io.github.offsetallocator.internal.engine;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// Stops all threads that work, each after a store or where it waits for a lock: what memory has then is what a kill leaves. In classes that
/// [StopLoader] has loaded, each store to a segment is followed by a call of [#afterStore()].
public final class Stop {
    private static final long PATIENCE = 60_000_000_000L;
    private static final AtomicInteger LEFT = new AtomicInteger();
    private static volatile boolean stopped;

    private Stop() {}

    /// A thread that is stopped.
    static class Worker extends Thread {
        volatile boolean isParked;

        Worker(Runnable work) {
            super(work);
        }
    }

    public static void afterStore() {
        if (Thread.currentThread() instanceof Worker worker) {
            if (LEFT.decrementAndGet() == 0) {
                stopped = true;
            }
            while (stopped) {
                worker.isParked = true;
                LockSupport.park();
            }
            worker.isParked = false;
        }
    }

    /// Lets workers stop after so many stores from now on, if they would go on for longer. To be called by one of them.
    static void within(int stores) {
        LEFT.updateAndGet(left -> Math.min(left, stores));
    }

    /// Lets workers go on for so many stores, and waits until all have stopped.
    ///
    /// @return whether any has work left
    static boolean goOn(List<? extends Worker> workers, int stores) {
        LEFT.set(stores);
        stopped = false;
        workers.forEach(LockSupport::unpark);
        for (long end = System.nanoTime() + PATIENCE; !haveStopped(workers); ) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("some threads neither stop nor end, nor wait for one that has stopped: " + workers);
            }
            Thread.onSpinWait();
        }
        return workers.stream().anyMatch(Thread::isAlive);
    }

    private static boolean haveStopped(List<? extends Worker> workers) {
        if (workers.stream().noneMatch(Thread::isAlive)) {
            return true;
        }
        if (!stopped) {
            return false;
        }
        Set<Long> still = new HashSet<>();
        workers.stream().filter(worker -> worker.isParked && worker.getState() == Thread.State.WAITING).forEach(worker -> still.add(worker.threadId()));
        return workers.stream().allMatch(worker -> !worker.isAlive() || still.contains(worker.threadId()) || waitsForOneOf(still, worker));
    }

    private static boolean waitsForOneOf(Set<Long> still, Worker worker) {
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(worker.threadId());
        return info != null && info.getThreadState() == Thread.State.BLOCKED && still.contains(info.getLockOwnerId());
    }
}
