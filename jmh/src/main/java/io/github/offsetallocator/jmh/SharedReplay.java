package io.github.offsetallocator.jmh;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.infra.BenchmarkParams;

/// How many operations do all threads together get done on one allocator, when each allocates and frees what it uses
/// itself? Each replays the same trace in slots of its own, from a place of its own. `ARENA`, which can't be shared, is
/// there as what the hardware would allow: one for each thread.
///
/// Run: `java -jar jmh/target/benchmarks.jar SharedReplay`
public class SharedReplay extends ManyThreads {
    private static final int OPERATIONS = 1024;

    /// What the threads share.
    @State(Scope.Benchmark)
    public static class Shared {
        /// Who is measured.
        @Param({"ARENA", "ARENA_SHARED", "MALLOC", "LWJGL", "LWJGL_MIMALLOC", "NETTY_ADAPTIVE", "NETTY_POOLED"})
        public Kind subject;

        /// Which trace.
        @Param({"ESPRESSO", "CC1PLUS"})
        public Work trace;

        private final AtomicInteger threads = new AtomicInteger();
        private Script script;
        private SharedPool pool;

        /// Reads the trace, checks the subject on it and makes a new pool.
        @Setup
        public void open(BenchmarkParams params) {
            script = trace.script();
            Check.run(script, subject);
            pool = SharedPool.open(subject, params.getThreads(), script.pool());
        }
    }

    /// What each has for itself.
    @State(Scope.Thread)
    public static class Own {
        private Replayer replayer;

        /// Goes to its place.
        @Setup
        public void open(Shared shared, BenchmarkParams params) {
            Subject subject = shared.pool.subject(shared.script.slotCount());
            replayer = new Replayer(shared.script, subject, shared.threads.getAndIncrement(), params.getThreads());
        }
    }

    /// By itself.
    @Benchmark
    @Threads(1)
    @OperationsPerInvocation(OPERATIONS)
    public void oneThread(Own own) {
        own.replayer.run(OPERATIONS);
    }

    /// With another one.
    @Benchmark
    @Threads(2)
    @OperationsPerInvocation(OPERATIONS)
    public void twoThreads(Own own) {
        own.replayer.run(OPERATIONS);
    }

    /// More threads than cores.
    @Benchmark
    @Threads(64)
    @OperationsPerInvocation(OPERATIONS)
    public void sixtyFourThreads(Own own) {
        own.replayer.run(OPERATIONS);
    }
}
