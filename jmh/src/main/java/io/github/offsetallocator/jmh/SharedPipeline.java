package io.github.offsetallocator.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Control;

/// How many blocks a microsecond get through a pair of threads of which one allocates and the other frees? See
/// [Pipeline]. What JMH adds up for the pair are operations, two for each block.
///
/// Run: `java -jar jmh/target/benchmarks.jar SharedPipeline`
@State(Scope.Group)
public class SharedPipeline extends ManyThreads {
    private static final int BLOCKS = 4096;

    /// Who is measured.
    @Param({"ARENA_SHARED", "MALLOC", "LWJGL", "LWJGL_MIMALLOC", "NETTY_ADAPTIVE", "NETTY_POOLED"})
    public Kind subject;

    /// The trace that the sizes are from.
    @Param({"ESPRESSO", "CC1PLUS"})
    public Work trace;

    private Pipeline pipeline;

    /// Reads the trace, checks the subject on it and makes a new pool.
    @Setup
    public void open() {
        Script script = trace.script();
        Check.run(script, subject);
        pipeline = new Pipeline(script, SharedPool.open(subject, 1, Pipeline.POOL).subject(SlotRing.CAPACITY));
    }

    /// Allocates.
    @Benchmark
    @Group("pair")
    @OperationsPerInvocation(BLOCKS)
    public void producer(Control control) {
        int idle = 0;
        for (int done = 0; done < BLOCKS && !control.stopMeasurement; ) {
            int blocks = pipeline.produce();
            done += blocks;
            idle = blocks == 0 ? Crew.pause(idle) : 0;
        }
    }

    /// Frees.
    @Benchmark
    @Group("pair")
    @OperationsPerInvocation(BLOCKS)
    public void consumer(Control control) {
        int idle = 0;
        for (int done = 0; done < BLOCKS && !control.stopMeasurement; ) {
            int blocks = pipeline.consume();
            done += blocks;
            idle = blocks == 0 ? Crew.pause(idle) : 0;
        }
    }
}
