package io.github.offsetallocator.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What all benchmarks share: one thread, nanoseconds per operation, where an operation is one allocation or one free.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {
            Jvm.NATIVE_ACCESS,
            Jvm.UNSAFE,
            Jvm.DIRECT_MEMORY,
            Jvm.NO_LEAK_DETECTION,
            Jvm.COLLECTOR,
            "-Djmh.executor=CUSTOM",
            "-Djmh.executor.class=io.github.offsetallocator.jmh.FastThreads"
        })
public abstract class Workload {
    /// Who is measured.
    @Param
    public Kind subject;

    Subject allocator;

    /// Releases what the subject holds.
    @TearDown
    public void close() {
        allocator.close();
    }
}
