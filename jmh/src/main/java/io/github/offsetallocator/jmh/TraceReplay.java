package io.github.offsetallocator.jmh;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/// What does an allocation or a free cost in the order and sizes of a real program? Each thread replays the same trace or
/// churn again and again, in slots of its own and from a place of its own. Blocks are not written to, except by
/// `CONFINED`, which zeroes them.
///
/// Run: `java -jar jmh/target/benchmarks.jar TraceReplay`; with `-t 2` for two threads, `-prof gc` for garbage.
public class TraceReplay extends JmhSettings {
    private static final int OPERATIONS = 1 << 16;

    /// What the threads share.
    @State(Scope.Benchmark)
    public static class Shared {
        /// Who is measured.
        @Param
        public Kind subject;

        /// What is replayed.
        @Param
        public Work work;

        private final AtomicInteger threads = new AtomicInteger();
        private Script script;
        private Supplier<Subject> subjects;

        /// Reads or makes the work, and makes the pool.
        @Setup
        public void open(BenchmarkParams params) {
            script = work.script();
            subjects = subject.open(params.getThreads(), script.slotCount(), script.pool(2));
        }
    }

    /// What each has for itself.
    @State(Scope.Thread)
    public static class Own {
        private Replayer replayer;

        /// Goes to its place.
        @Setup
        public void open(Shared shared, BenchmarkParams params) {
            replayer = new Replayer(
                    shared.script, shared.subjects.get(), shared.threads.getAndIncrement(), params.getThreads());
        }
    }

    /// A piece of it.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void replay(Own own) {
        own.replayer.run(OPERATIONS);
    }
}
