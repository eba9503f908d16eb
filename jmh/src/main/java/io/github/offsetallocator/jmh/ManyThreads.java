package io.github.offsetallocator.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/// What the benchmarks of many threads share: operations per microsecond of all threads together, where an operation is
/// one allocation or one free.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
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
public abstract class ManyThreads {}
