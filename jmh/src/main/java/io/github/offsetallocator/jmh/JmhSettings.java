package io.github.offsetallocator.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/// What the benchmarks of JMH share: nanoseconds per operation of a thread, where an operation is one allocation or one
/// free.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {
            io.github.offsetallocator.jmh.Fork.NATIVE_ACCESS,
            io.github.offsetallocator.jmh.Fork.UNSAFE,
            io.github.offsetallocator.jmh.Fork.DIRECT_MEMORY,
            io.github.offsetallocator.jmh.Fork.NO_LEAK_DETECTION,
            io.github.offsetallocator.jmh.Fork.COLLECTOR,
            "-Djmh.executor=CUSTOM",
            "-Djmh.executor.class=io.github.offsetallocator.jmh.FastThreads"
        })
public abstract class JmhSettings {}
