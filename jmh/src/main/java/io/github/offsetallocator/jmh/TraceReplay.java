package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// What does an allocation or a free cost in the order and sizes of a real program? Replays the first 130 000
/// allocations of a recorded trace (the shortest has 130 844), the frees among them, and frees the rest: 260 000
/// operations. Blocks are not written to, except by `CONFINED`, which zeroes them.
///
/// Run: `java -jar jmh/target/benchmarks.jar TraceReplay`
public class TraceReplay extends Workload {
    private static final int OPERATIONS = 260_000;

    /// Which of [Trace#RECORDED].
    @Param({"espresso", "cc1plus", "gawk", "perl"})
    public String trace;

    private Script script;

    /// Reads the trace, checks the subject on it and makes a new one.
    @Setup
    public void open() {
        script = Script.of(Trace.recorded(trace), OPERATIONS);
        Check.run(script, subject);
        allocator = subject.open(script.slotCount(), script.pool());
    }

    /// One replay.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void replay() {
        script.replay(allocator);
    }
}
