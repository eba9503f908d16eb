package io.github.offsetallocator.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// What does it cost when a random slot of many is filled or emptied each time, so that sizes mix, blocks live for random
/// times and neither caches nor branch predictors help? Replays a churn, see [Work].
///
/// Run: `java -jar jmh/target/benchmarks.jar ChurnReplay`
public class ChurnReplay extends Workload {
    private static final int OPERATIONS = Work.LARGE_CHURN_OPERATIONS;

    /// Which one.
    @Param({"CHURN_1K", "CHURN_64K", "CHURN_1M"})
    public Work churn;

    private Script script;

    /// Makes the churn, checks the subject on it and makes a new one.
    @Setup
    public void open() {
        script = churn.script();
        Check.run(script, subject);
        allocator = subject.open(script.slotCount(), script.pool());
    }

    /// One replay of the largest, and as many of the smaller ones as make the same number of operations.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void replay() {
        for (int done = 0; done < OPERATIONS; done += script.operations()) {
            script.replay(allocator);
        }
    }
}
