package io.github.offsetallocator.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// What does an allocation or a free cost in the order and sizes of a real program? Replays the start of a recorded
/// trace, see [Work]. Blocks are not written to, except by `CONFINED`, which zeroes them.
///
/// Run: `java -jar jmh/target/benchmarks.jar TraceReplay`
public class TraceReplay extends Workload {
    /// Which one.
    @Param({"ESPRESSO", "CC1PLUS", "GAWK", "PERL"})
    public Work trace;

    private Script script;

    /// Reads the trace, checks the subject on it and makes a new one.
    @Setup
    public void open() {
        script = trace.script();
        Check.run(script, subject);
        allocator = subject.open(script.slotCount(), script.pool());
    }

    /// One replay.
    @Benchmark
    @OperationsPerInvocation(Work.TRACE_OPERATIONS)
    public void replay() {
        script.replay(allocator);
    }
}
