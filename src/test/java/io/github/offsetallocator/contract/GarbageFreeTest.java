package io.github.offsetallocator.contract;

import com.sun.management.ThreadMXBean;
import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.SegmentArena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Calls by handle create no object: not few, none.
class GarbageFreeTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Bytes that this thread has allocated, at the least of some tries, once the work is warm.
    private static long garbage(Runnable work) {
        for (int i = 0; i < 30; i++) {
            work.run();
        }
        long self = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long before = THREADS.getThreadAllocatedBytes(self);
            long middle = THREADS.getThreadAllocatedBytes(self);
            work.run();
            least = Math.min(least, THREADS.getThreadAllocatedBytes(self) - middle - (middle - before));
        }
        return least;
    }

    private static void useAll(SegmentArena arena, long[] blocks) {
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = arena.tryAllocate(i * 7 % 5000, 1 << i % 7);
            arena.setTag(blocks[i], arena.offset(blocks[i]) + arena.size(blocks[i]));
            arena.resize(blocks[i], i % 150);
            blocks[i] = arena.reallocate(blocks[i], i % 300, 1);
        }
        arena.allocations();
        for (int i = 0; i < 400; i++) {
            arena.retire(blocks[i], i);
        }
        arena.reclaim(300);
        arena.reclaim(400);
    }

    /// When metadata has shrunk, what finds blocks by address still names slabs that are gone. That costs a look, not an exception.
    @Test
    void placesOfSlabsThatAreGoneMakeNone() {
        try (SegmentArena arena = SegmentArena.ofConfined(64 << 20)) {
            long[] blocks = new long[200_000];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = arena.tryAllocate(1 + i % 200, 1);
            }
            long most = arena.metadataSize();
            arena.freeAll(blocks, 0, blocks.length);
            arena.trim();
            Check.that(arena.metadataSize() < most / 2, "metadata has not shrunk");
            long[] addresses = new long[200];
            Check.equal(0, garbage(() -> {
                for (int i = 0; i < addresses.length; i++) {
                    addresses[i] = arena.address(arena.tryAllocate(100_003, 1));
                }
                for (long address : addresses) {
                    arena.freeAt(address);
                }
            }), "bytes");
        }
    }

    /// Arenas with room for all of [#useAll].
    enum Kind {
        CONFINED(builder -> builder.nativeMemory(16 << 20)),
        SHARED(builder -> builder.nativeMemory(16 << 20).shared()),
        REFERENCE(builder -> builder.nativeMemory(16 << 20).fit(Fit.REFERENCE)),
        REFERENCE_SHARED(builder -> builder.nativeMemory(16 << 20).fit(Fit.REFERENCE).shared()),
        REAL_TIME(builder -> builder.nativeMemory(16 << 20).maxAllocations(2000).realTime()),
        REAL_TIME_SHARED(builder -> builder.nativeMemory(16 << 20).maxAllocations(2000).realTime().shared()),
        GRANULE_64_SHARED(builder -> builder.nativeMemory(16 << 20).granule(64).shared()),
        ZEROED(builder -> builder.nativeMemory(16 << 20).zeroed()),
        GROWABLE(builder -> builder.growable(16 << 20, 64 << 20)),
        GROWABLE_SHARED(builder -> builder.growable(16 << 20, 64 << 20).shared());

        final UnaryOperator<SegmentArena.Builder> options;

        Kind(UnaryOperator<SegmentArena.Builder> options) {
            this.options = options;
        }
    }

    @ParameterizedTest
    @EnumSource
    @Fault(16)
    void handleCallsMakeNone(Kind kind) {
        handleCallsMakeNone(kind.options.apply(SegmentArena.builder()));
    }

    /// Once it has begun, a reset can't be taken back. So it must not need the heap, but for chunks that go back after it.
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"GROWABLE", "GROWABLE_SHARED"})
    @Fault(22)
    void aResetMakesNone(Kind kind) {
        try (SegmentArena arena = kind.options.apply(SegmentArena.builder()).build()) {
            Check.equal(0, garbage(() -> {
                for (int i = 0; i < 40; i++) {
                    arena.tryAllocate(100, 1);
                    arena.tryAllocate(5000, 1);
                }
                arena.reset();
            }), "bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(16)
    void handleCallsMakeNoneInAFile(boolean shared, @TempDir Path directory) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(directory.resolve("durable"), 16 << 20);
        handleCallsMakeNone(shared ? builder.shared() : builder);
    }

    private static void handleCallsMakeNone(SegmentArena.Builder builder) {
        try (SegmentArena arena = builder.build()) {
            long[] blocks = new long[1000];
            Check.equal(0, garbage(() -> {
                useAll(arena, blocks);
                for (int i = 400; i < blocks.length; i++) {
                    arena.free(blocks[i]);
                }
            }), "bytes");
        }
    }

    @Test
    @Fault(16)
    void freeAllMakesNoneForOneThread() {
        try (SegmentArena arena = SegmentArena.ofConfined(16 << 20)) {
            freeAllMakesNone(arena);
        }
        try (OffsetAllocator allocator = OffsetAllocator.create(1 << 20)) {
            long[] blocks = new long[1000];
            Check.equal(0, garbage(() -> {
                for (int i = 0; i < blocks.length; i++) {
                    blocks[i] = allocator.allocate(i % 90);
                }
                allocator.freeAll(blocks);
            }), "bytes");
        }
    }

    @Test
    @Fault(16)
    void freeAllMakesNoneForManyThreads() {
        try (SegmentArena arena = SegmentArena.ofShared(16 << 20)) {
            freeAllMakesNone(arena);
        }
    }

    private static void freeAllMakesNone(SegmentArena arena) {
        long[] blocks = new long[1000];
        Check.equal(0, garbage(() -> {
            useAll(arena, blocks);
            arena.freeAll(blocks, 400, blocks.length);
        }), "bytes");
    }

    /// Walks and reports of an allocator, but for the report itself.
    @ParameterizedTest
    @EnumSource(Fit.class)
    @Fault(16)
    void walksMakeNone(Fit fit) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1 << 20).fit(fit).build()) {
            for (int i = 0; i < 1000; i++) {
                allocator.allocate(i % 90);
            }
            long[] sum = {0};
            LongConsumer visitor = allocation -> sum[0] += allocation;
            RegionVisitor regions = (offset, size, allocation) -> sum[0] += offset + size + allocation;
            Check.equal(0, garbage(() -> {
                allocator.forEachAllocation(visitor);
                allocator.forEachRegion(regions);
                sum[0] += allocator.allocations() + allocator.capacity() + allocator.metadataSize() + allocator.retired();
            }), "bytes");
        }
    }

    /// Where threads meet, none makes garbage by waiting. If one does, the documentation has to say so. As everywhere here, the least of
    /// some tries counts: the JVM makes an object of its own now and then, when it throws compiled code away for example.
    @Test
    @Fault(16)
    void contentionMakesNone() {
        try (SegmentArena arena = SegmentArena.ofShared(64 << 20)) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 8; round++) {
                AtomicLong garbage = new AtomicLong();
                Elsewhere.together(3, index -> {
                    long self = Thread.currentThread().threadId();
                    THREADS.getThreadAllocatedBytes(self);
                    work(arena, index);
                    long before = THREADS.getThreadAllocatedBytes(self);
                    long middle = THREADS.getThreadAllocatedBytes(self);
                    work(arena, index);
                    garbage.addAndGet(THREADS.getThreadAllocatedBytes(self) - middle - (middle - before));
                });
                least = Math.min(least, garbage.get());
            }
            Check.equal(0, least, "bytes");
        }
    }

    private static void work(SegmentArena arena, int index) {
        for (int i = 0; i < 20_000; i++) {
            arena.free(arena.tryAllocate(20_000 + i % 1000 * 16 + index, 1));
        }
    }
}
