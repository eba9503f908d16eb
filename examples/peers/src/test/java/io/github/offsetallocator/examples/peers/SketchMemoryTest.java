package io.github.offsetallocator.examples.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.apache.datasketches.common.MemorySegmentRequest;
import org.apache.datasketches.common.ResizeFactor;
import org.apache.datasketches.kll.KllDoublesSketch;
import org.apache.datasketches.theta.UpdatableThetaSketch;
import org.apache.datasketches.theta.UpdatableThetaSketchBuilder;
import org.junit.jupiter.api.Test;

/// Sketches of Apache DataSketches that grow in an arena.
class SketchMemoryTest {
    private static final int FIRST = 1 << 10;

    private static UpdatableThetaSketchBuilder theta() {
        return UpdatableThetaSketch.builder().setNominalEntries(4096).setResizeFactor(ResizeFactor.X2);
    }

    /// Counts what a sketch asks for and gives back.
    private static final class Counting implements MemorySegmentRequest {
        private final SketchMemory memory;
        private final List<Long> requests = new ArrayList<>();
        private int closed;

        Counting(SketchMemory memory) {
            this.memory = memory;
        }

        @Override
        public MemorySegment request(long byteSize) {
            requests.add(byteSize);
            return memory.request(byteSize);
        }

        @Override
        public void requestClose(MemorySegment segment) {
            closed++;
            memory.requestClose(segment);
        }
    }

    @Test
    void asTheSameSketchOnTheHeap() {
        try (SegmentArena arena = SegmentArena.builder().growable(256 << 10, 4 << 20).closeRefusesLive().build()) {
            try (SketchMemory memory = new SketchMemory(arena)) {
                Counting counting = new Counting(memory);
                UpdatableThetaSketch here = theta().setMemorySegmentRequest(counting).build(memory.request(FIRST));
                UpdatableThetaSketch onHeap = theta().build();
                for (long i = 0; i < 100_000; i++) {
                    here.update(i);
                    onHeap.update(i);
                }
                assertArrayEquals(onHeap.compact().toByteArray(), here.compact().toByteArray());
                assertTrue(here.isOffHeap());
                assertTrue(counting.requests.size() >= 3, "it asked for " + counting.requests);
                assertEquals(counting.requests.size(), counting.closed, "each old segment goes back at once");
                assertEquals(1, arena.allocations(), "the last one is still there");
            }
            assertEquals(0, arena.allocations());
            arena.verify();
        }
    }

    /// Some sketches keep what they find: the last byte of an empty KLL sketch is one that nobody writes.
    @Test
    void segmentsAreZerosWhereverTheyLie() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 20)) {
            for (int updates : new int[] {0, 1, 150}) { // few enough that none of them draws lots
                MemorySegment all = arena.allocate((1 << 20) - 64);
                all.fill((byte) -1);
                arena.free(all);
                try (SketchMemory memory = new SketchMemory(arena)) {
                    KllDoublesSketch here = KllDoublesSketch.newDirectInstance(200, memory.request(4 * FIRST), memory);
                    KllDoublesSketch onHeap = KllDoublesSketch.newHeapInstance(200);
                    for (int i = 0; i < updates; i++) {
                        here.update(i * 37 % 151);
                        onHeap.update(i * 37 % 151);
                    }
                    assertArrayEquals(onHeap.toByteArray(), here.toByteArray());
                }
                assertEquals(0, arena.allocations());
            }
        }
    }

    @Test
    void aFullArenaStopsTheSketchAndNothingElse() {
        try (SegmentArena arena = SegmentArena.ofConfined(24 << 10)) {
            try (SketchMemory memory = new SketchMemory(arena)) {
                UpdatableThetaSketch sketch = UpdatableThetaSketch.builder().setMemorySegmentRequest(memory).build(memory.request(1 << 10));
                assertThrows(OutOfMemoryError.class, () -> updateOften(sketch));
                double estimate = sketch.getEstimate();
                assertTrue(estimate > 200 && estimate < 4096, "it knows what it has counted: " + estimate);
                assertEquals(1, arena.allocations());
                arena.verify();
            }
        }
    }

    private static void updateOften(UpdatableThetaSketch sketch) {
        for (long i = 0; i < 100_000; i++) {
            sketch.update(i);
        }
    }

    @Test
    void manySketchesShareOneArena() {
        try (SegmentArena arena = SegmentArena.ofConfined(2 << 20)) {
            List<SketchMemory> memories = new ArrayList<>();
            List<UpdatableThetaSketch> sketches = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                SketchMemory memory = new SketchMemory(arena);
                memories.add(memory);
                sketches.add(theta().setMemorySegmentRequest(memory).build(memory.request(FIRST)));
            }
            for (long value = 0; value < 2_000; value++) {
                for (int i = 0; i < sketches.size(); i++) {
                    sketches.get(i).update(value % (100 * (i + 1)));
                }
            }
            for (int i = 0; i < sketches.size(); i++) {
                assertEquals(100 * (i + 1), sketches.get(i).getEstimate());
            }
            assertEquals(20, arena.allocations());
            memories.forEach(SketchMemory::close);
            assertEquals(0, arena.allocations());
        }
    }
}
