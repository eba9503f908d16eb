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
}
