package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;

/// A JVM of its own with a limit on its address space, in which real time is asked for and no limit of blocks is stated.
final class RealTimeMain {
    private RealTimeMain() {}

    public static void main(String[] arguments) {
        try {
            for (int i = 0; i < 8; i++) {
                arena(SegmentArena.builder().nativeMemory(64 << 10).granule(16L << i), 4096 >> i, i);
            }
            for (Fit fit : Fit.values()) {
                offsets(OffsetAllocator.builder(1000).fit(fit));
                offsets(OffsetAllocator.builder(OffsetAllocator.MAX_CAPACITY).fit(fit));
            }
        } catch (Throwable failure) {
            System.out.println("FAILED");
            failure.printStackTrace(System.out);
            System.exit(1);
        }
        System.out.println("failures=0");
        System.exit(0);
    }

    /// An arena's blocks are whole granules, so there can't be more.
    private static void arena(SegmentArena.Builder builder, int granules, int round) {
        SegmentArena.Builder chosen = round % 2 == 0 ? builder : builder.shared();
        try (SegmentArena arena = chosen.realTime().build()) {
            for (int i = 0; i < granules; i++) {
                Check.that(arena.tryAllocate(1, 1) > 0, "refused granule " + i + " of " + granules);
            }
            Check.equal(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1), "more than there is");
            arena.verify();
        }
    }

    /// Blocks of no units have no limit of their own, so an allocator may want one, and says so.
    private static void offsets(OffsetAllocator.Builder builder) {
        try (OffsetAllocator allocator = builder.realTime().build()) {
            Check.that(allocator.allocate(10) > 0, "no room");
            Check.that(allocator.metadataSize() < 1 << 28, "it takes " + allocator.metadataSize());
        } catch (IllegalArgumentException | IllegalStateException | OutOfMemoryError refused) {
            Check.that(("" + refused.getMessage()).contains("maxAllocations"), "\"maxAllocations\" is not in: " + refused);
        }
    }
}
