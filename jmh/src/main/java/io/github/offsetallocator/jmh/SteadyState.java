package io.github.offsetallocator.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to replace a block when the number of live ones stays the same? Frees a random one of them and
/// allocates one of random size, 16 to 2048 bytes, evenly spread. Half a pair counts as one operation; it includes half
/// of drawing the random number, as `NOTHING` shows.
///
/// Run: `java -jar jmh/target/benchmarks.jar SteadyState`
@State(Scope.Thread)
public class SteadyState extends JmhSettings {
    private static final int SIZES = 128;
    private static final int PAIRS = 1 << 15;

    /// Who is measured.
    @Param
    public Kind subject;

    /// How many blocks are live.
    @Param({"1024", "65536", "1048576"})
    public int live;

    /// Size of the pool in multiples of what is live on average.
    @Param("1.5")
    public double pool;

    private Subject allocator;
    private Replacement replacement;

    /// Makes a new one and fills it.
    @Setup
    public void open() {
        allocator = subject.open(live, (long) (pool * Replacement.meanLive(live, SIZES)) & -16);
        replacement = new Replacement(allocator, live, SIZES);
        replacement.fill();
    }

    /// Replaces a number of blocks.
    @Benchmark
    @OperationsPerInvocation(2 * PAIRS)
    public void replace() {
        replacement.replace(PAIRS);
    }

    /// Releases what the subject holds.
    @TearDown
    public void close() {
        allocator.close();
    }
}
