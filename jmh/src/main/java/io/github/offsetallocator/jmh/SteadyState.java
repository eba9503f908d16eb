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
    static final int MEAN_BYTES = 1032;

    private static final int PAIRS = 1 << 16;
    private static final int CHECKED_OPERATIONS = 1 << 20;
    private static final int CHECKED_SLOTS = 1 << 16;

    /// How many blocks are live.
    @Param({"1024", "65536", "1048576"})
    public int live;

    /// Size of the pool in multiples of what is live on average.
    @Param("1.5")
    public double pool;

    private long random = 1;

    /// Checks the subject on a churn of at most 65 536 slots, makes a new one and fills it.
    @Setup
    public void open() {
        Trace churn = Trace.churn(Math.min(2 * live, CHECKED_SLOTS), CHECKED_OPERATIONS, 2 * MEAN_BYTES, 1);
        Check.run(Script.of(churn, CHECKED_OPERATIONS), subject);
        allocator = subject.open(live, (long) (pool * MEAN_BYTES * live));
        for (int slot = 0; slot < live; slot++) {
            random = next(random);
            allocator.allocate(slot, bytes(random));
        }
    }

    /// Replaces a number of blocks.
    @Benchmark
    @OperationsPerInvocation(2 * PAIRS)
    public void replace() {
        Subject a = allocator;
        long r = random;
        for (int i = 0; i < PAIRS; i++) {
            r = next(r);
            int slot = (int) ((r >>> 32) * live >>> 32);
            a.free(slot);
            a.allocate(slot, bytes(r));
        }
        random = r;
    }

    private static long next(long random) {
        return random * 0xD1342543DE82EF95L + 1;
    }

    /// From bits that have no part in the choice of one of up to 2^25 slots.
    private static int bytes(long random) {
        return (int) (random >>> 32 & 127) + 1 << 4;
    }
}
