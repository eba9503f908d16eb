package io.github.offsetallocator.jmh;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does an arena for a moment cost: opened, slices of one size allocated, closed? The JDK's own against a scope over a
/// pool. All slices are zeroed.
///
/// Run: `java -jar jmh/target/benchmarks.jar Scopes`
@State(Scope.Thread)
public class Scopes extends JmhSettings {
    /// Bytes of a slice.
    @Param({"64", "1024", "16384", "65536"})
    public int size;

    /// How many slices a scope has.
    @Param({"1", "10"})
    public int slices;

    private SegmentArena confined;
    private SegmentArena shared;

    /// Makes the pools.
    @Setup
    public void open() {
        confined = SegmentArena.ofConfined(16 << 20);
        shared = SegmentArena.ofShared(16 << 20);
    }

    /// Releases them.
    @TearDown
    public void close() {
        confined.close();
        shared.close();
    }

    private long use(Arena arena) {
        long sum = 0;
        for (int i = 0; i < slices; i++) {
            MemorySegment slice = arena.allocate(size, 16);
            sum += slice.address();
        }
        return sum;
    }

    /// `Arena.ofConfined()`.
    @Benchmark
    public long jdkConfined() {
        try (Arena arena = Arena.ofConfined()) {
            return use(arena);
        }
    }

    /// `Arena.ofShared()`.
    @Benchmark
    public long jdkShared() {
        try (Arena arena = Arena.ofShared()) {
            return use(arena);
        }
    }

    /// `SegmentArena.scope()` of a confined pool.
    @Benchmark
    public long poolConfined() {
        try (Arena arena = confined.scope()) {
            return use(arena);
        }
    }

    /// `SegmentArena.scope()` of a shared pool.
    @Benchmark
    public long poolShared() {
        try (Arena arena = shared.scope()) {
            return use(arena);
        }
    }
}
