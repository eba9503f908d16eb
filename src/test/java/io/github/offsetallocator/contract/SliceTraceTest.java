package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `statistics()`: from any thread, takes no lock, changes nothing. And a slice that leaves no trace.
class SliceTraceTest {
    /// Slices are asked for by handle and leave nothing in an index.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(14)
    void aSliceTakesNoMetadata(boolean shared) {
        try (SegmentArena arena = shared ? SegmentArena.ofShared(16 << 20) : SegmentArena.ofConfined(16 << 20)) {
            long[] blocks = new long[100_000];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = arena.tryAllocate(16 + i % 100, 1);
            }
            long before = arena.statistics().metadataBytes();
            for (long block : blocks) {
                arena.segment(block);
            }
            Check.equal(before, arena.statistics().metadataBytes(), "metadata");
        }
    }

    /// A thread that polls the metrics of a confined arena gets them.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(12)
    @Help(9)
    void anotherThreadMayAskForStatistics(boolean shared) {
        try (SegmentArena arena = shared ? SegmentArena.ofShared(1 << 20) : SegmentArena.ofConfined(1 << 20)) {
            for (int i = 0; i < 100; i++) {
                arena.tryAllocate(160, 1);
            }
            long[] seen = new long[3];
            Elsewhere.run(() -> {
                seen[0] = arena.statistics().liveAllocations();
                seen[1] = arena.statistics().byteSize();
                seen[2] = arena.statistics().usedBytes();
            });
            Check.equal(100, seen[0], "live");
            Check.equal(1 << 20, seen[1], "the capacity");
            Check.equal(16_000, seen[2], "used");
        }
    }
}
