package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// What does it cost when a random slot of many is filled or emptied each time, so that sizes mix, blocks live for random
/// times and neither caches nor branch predictors help? [Trace#churn(int, int, int, long)], 1 byte to 16 KiB, of which
/// half of the slots are live in the long run; then frees the rest: 5 242 880 operations.
///
/// Run: `java -jar jmh/target/benchmarks.jar ChurnReplay`
public class ChurnReplay extends Workload {
    private static final int OPERATIONS = 5 << 20;
    private static final int LARGEST = 16 << 10;
    private static final long SEED = 1;

    /// How many slots.
    @Param({"1024", "65536", "1048576"})
    public int slots;

    private Script script;

    /// Makes the churn, checks the subject on it and makes a new one.
    @Setup
    public void open() {
        script = Script.of(Trace.churn(slots, OPERATIONS, LARGEST, SEED), OPERATIONS);
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
