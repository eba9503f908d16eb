package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// What does it cost to replace a block when the number of live ones stays the same? Frees a random one of them and
/// allocates one of random size, 16 to 2048 bytes, evenly spread. Half a pair counts as one operation; it includes half
/// of drawing the random number, as `NOTHING` shows.
///
/// Run: `java -jar jmh/target/benchmarks.jar SteadyState`
public class SteadyState extends Workload {
    private static final int SIZES = 128;
    private static final int PAIRS = 1 << 16;
    private static final int CHECKED_OPERATIONS = 1 << 20;
    private static final int CHECKED_SLOTS = 1 << 16;

    /// How many blocks are live.
    @Param({"1024", "65536", "1048576"})
    public int live;

    /// Size of the pool in multiples of what is live on average.
    @Param("1.5")
    public double pool;

    private Replacement replacement;

    /// Checks the subject on a churn of at most 65 536 slots, makes a new one and fills it.
    @Setup
    public void open() {
        Trace churn = Trace.churn(Math.min(2 * live, CHECKED_SLOTS), CHECKED_OPERATIONS, SIZES << 4, 1);
        Check.run(Script.of(churn, CHECKED_OPERATIONS), subject);
        allocator = subject.open(live, (long) (pool * Replacement.meanLive(live, SIZES)));
        replacement = new Replacement(allocator, live, SIZES);
        replacement.fill();
    }

    /// Replaces a number of blocks.
    @Benchmark
    @OperationsPerInvocation(2 * PAIRS)
    public void replace() {
        replacement.replace(PAIRS);
    }
}
