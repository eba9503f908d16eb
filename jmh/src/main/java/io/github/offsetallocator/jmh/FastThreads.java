package io.github.offsetallocator.jmh;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Threads on which Netty's allocators use their thread-local caches, as on Netty's own event loops. The other subjects
/// don't care. JMH finds it by the property `jmh.executor.class`.
public final class FastThreads extends ThreadPoolExecutor {
    /// Called by JMH.
    ///
    /// @param threads how many
    /// @param prefix  of their names
    public FastThreads(int threads, String prefix) {
        super(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new DefaultThreadFactory(prefix));
    }

    /// What [#run(Task)] runs.
    interface Task {
        /// Does it.
        void run() throws Exception;
    }

    /// Runs something on such a thread and waits for it. If it fails, the JVM ends with status 1.
    static void run(Task task) {
        Thread thread = new DefaultThreadFactory("player").newThread(() -> {
            try {
                task.run();
            } catch (Throwable e) {
                e.printStackTrace();
                System.exit(1);
            }
        });
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
