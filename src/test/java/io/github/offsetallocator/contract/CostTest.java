package io.github.offsetallocator.contract;

import com.sun.management.ThreadMXBean;
import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.SparseFiles;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Costs that are said to be O(1) or fixed, in CPU time of the thread. Each is compared with another cost of the same
/// machine in the same moment, and only a difference of many times counts.
class CostTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Nanoseconds of CPU time, the least of some tries.
    private static long least(int tries, Runnable work) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < tries; i++) {
            long before = THREADS.getCurrentThreadCpuTime();
            work.run();
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - before);
        }
        return least;
    }

    /// Blocks at regular distances must not meet in the index: some sizes took 20 to 50 times as long as others.
    @Test
    @Fault(21)
    void everySizeIsFoundInTheSameTime() {
        int blocks = 32_767;
        int calls = 20_000;
        long[] sizes = {4096, 3632, 7264, 3648, 4112, 5168, 6016, 7088, 8192, 2576};
        long[] costs = new long[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            costs[i] = bySlice(sizes[i], blocks, calls);
        }
        long[] sorted = costs.clone();
        Arrays.sort(sorted);
        Check.that(sorted[sorted.length - 1] < 6 * sorted[sorted.length / 2],
                "ns for " + calls + " pairs by slice, for sizes " + Arrays.toString(sizes) + ": " + Arrays.toString(costs));
    }

    /// Many sizes, each a quicker look.
    @Test
    @Fault(21)
    @SparseFiles
    void noSizeIsSlowerByFar() {
        int calls = 2000;
        long[] costs = new long[120];
        for (int i = 0; i < costs.length; i++) {
            costs[i] = bySlice(16L * (100 + 3 * i), 32_767, calls);
        }
        long[] sorted = costs.clone();
        Arrays.sort(sorted);
        for (int i = 0; i < costs.length; i++) {
            Check.that(costs[i] < 8 * sorted[sorted.length / 2],
                    16 * (100 + 3 * i) + " bytes: " + costs[i] + " ns for " + calls + " pairs, half of the sizes take less than " + sorted[sorted.length / 2]);
        }
    }

    private static long bySlice(long size, int blocks, int calls) {
        try (Arena memory = Arena.ofConfined()) {
            // Not touched, so only the addresses are taken.
            MemorySegment backing = untouched(memory, size * (blocks + 2L));
            try (SegmentArena arena = SegmentArena.ofConfined(backing)) {
                MemorySegment[] live = new MemorySegment[blocks];
                for (int i = 0; i < blocks; i++) {
                    live[i] = arena.allocate(size);
                }
                SplittableRandom random = new SplittableRandom(21);
                int[] order = random.ints(calls, 0, blocks).toArray();
                return least(3, () -> {
                    for (int at : order) {
                        arena.free(live[at]);
                        live[at] = arena.allocate(size);
                    }
                });
            }
        }
    }

    /// Memory that is mapped and not written to costs nothing.
    private static MemorySegment untouched(Arena arena, long byteSize) {
        try {
            java.nio.file.Path file = java.nio.file.Files.createTempFile("untouched", null);
            try (java.nio.channels.FileChannel channel = java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.READ,
                    java.nio.file.StandardOpenOption.WRITE, java.nio.file.StandardOpenOption.DELETE_ON_CLOSE)) {
                return channel.map(java.nio.channels.FileChannel.MapMode.READ_WRITE, 0, byteSize, arena);
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// The time of a commit must not depend on what else there is. The last one of a plan counts too.
    @Test
    @Fault(25)
    void aCommitCostsTheSameInALargePool() {
        for (int i = 0; i < 30; i++) {
            longestCommit(2000);
        }
        long small = longestCommit(2000);
        long large = longestCommit(400_000);
        Check.that(large < 10 * small + 100_000, "the longest commit takes " + large + " ns among 400,000 blocks, " + small + " among 2,000");
    }

    /// The longest commit of a plan with a handful of moves: of several such plans the least.
    private static long longestCommit(int blocks) {
        try (OffsetAllocator allocator = OffsetAllocator.create(100L * blocks)) {
            long[] all = new long[blocks];
            for (int i = 0; i < blocks; i++) {
                all[i] = allocator.allocate(100);
            }
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 12; round++) {
                int at = blocks / 2 + 10 * round;
                allocator.free(all[at]);
                allocator.free(all[at + 5]);
                try (CompactionPlan plan = allocator.planCompaction(200)) {
                    Check.that(!plan.moves().isEmpty(), "nothing to move");
                    long longest = 0;
                    for (CompactionPlan.Move move : plan.moves()) {
                        long before = System.nanoTime();
                        plan.commit(move);
                        longest = Math.max(longest, System.nanoTime() - before);
                    }
                    least = Math.min(least, longest);
                }
                while (allocator.allocate(100) > 0) {
                    // full again
                }
            }
            return least;
        }
    }

    /// Under `realTime()` no call waits for anything to grow, not even by slice.
    @Test
    @Fault(25)
    void realTimeHasNoLongCallBySlice() {
        int blocks = 200_000;
        long[] shortest = new long[blocks];
        Arrays.fill(shortest, Long.MAX_VALUE);
        for (int round = 0; round < 4; round++) {
            try (SegmentArena arena = SegmentArena.builder().nativeMemory(16L * blocks).maxAllocations(blocks).realTime().build()) {
                for (int i = 0; i < blocks; i++) {
                    long before = System.nanoTime();
                    arena.allocate(16);
                    shortest[i] = Math.min(shortest[i], System.nanoTime() - before);
                }
            }
        }
        long longest = Arrays.stream(shortest).max().orElseThrow();
        Check.that(longest < 500_000, "one of the calls takes " + longest + " ns each time");
    }

    /// What has to be looked at before an aligned request is refused is bounded, whatever the pool looks like.
    @ParameterizedTest
    @ValueSource(longs = {2, 16, 4096})
    @Fault(25)
    void anAlignedRefusalCostsTheSameInALargePool(long alignment) {
        alignedRefusals(1000, alignment);
        long small = alignedRefusals(1000, alignment);
        long large = alignedRefusals(100_000, alignment);
        Check.that(large < 60 * small + 10_000_000, "1,000 refusals take " + large + " ns among 100,000 holes, " + small + " among 1,000");
    }

    private static long alignedRefusals(int holes, long alignment) {
        try (OffsetAllocator allocator = OffsetAllocator.create(20_000L * 300)) {
            long[] blocks = new long[holes];
            for (int i = 0; i < holes; i++) {
                blocks[i] = allocator.allocate(1 + i % 50);
            }
            for (long largest; (largest = allocator.storageReport().largestFreeRegion()) > 50; ) {
                allocator.allocate(largest);
            }
            for (int i = 0; i < holes; i++) {
                if ((i + i / 50) % 2 == 0) { // no two neighbours, whether they lie in a slab or side by side
                    allocator.free(blocks[i]);
                }
            }
            long[] refused = {0};
            long cost = least(3, () -> {
                for (int i = 0; i < 1000; i++) {
                    refused[0] += allocator.allocate(51, alignment) == OffsetAllocator.NO_SPACE ? 1 : 0;
                }
            });
            Check.that(refused[0] > 2000, () -> "not all were refused: " + refused[0]);
            return cost;
        }
    }

    /// Counting what is live is O(1), whatever waits to be merged.
    @Test
    @Fault({14, 25})
    void countingTakesNoTime() {
        try (OffsetAllocator allocator = OffsetAllocator.create(100_000_000)) {
            long[] blocks = new long[200_000];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = allocator.allocate(1 + i % 64);
            }
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 5; round++) {
                for (int i = round; i < blocks.length; i += 5) {
                    allocator.free(blocks[i]);
                }
                long before = THREADS.getCurrentThreadCpuTime();
                allocator.allocations();
                allocator.storageReport();
                least = Math.min(least, THREADS.getCurrentThreadCpuTime() - before);
            }
            long longest = least;
            Check.that(longest < 5_000_000, "a count and a report take " + longest + " ns");
        }
    }

    /// Zeroing as fast as the JDK's own, in a JVM that has done nothing else.
    @Test
    @Help(10)
    void zeroingIsAsFastAsTheJdks() {
        Fork.Result result = Fork.run(ZeroMain.class, 120, List.of());
        Check.equal(0, result.exit(), result.output());
        long ours = result.number("ours");
        long jdks = result.number("jdks");
        Check.that(ours < 1.3 * jdks, "64 KiB: " + ours + " ns, the JDK takes " + jdks);
    }
}
