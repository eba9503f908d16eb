package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/// The handle calls create no object: not "few", none.
class GarbageTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void coreCallsMakeNoGarbage() {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1 << 20).maxAllocations(1 << 12).preallocated().build()) {
            long[] blocks = new long[1 << 10];
            assertNoGarbage(() -> {
                for (int i = 0; i < blocks.length; i++) {
                    blocks[i] = allocator.allocate(i % 200, 1 << i % 3);
                    allocator.setTag(blocks[i], allocator.offset(blocks[i]) + allocator.size(blocks[i]));
                    allocator.resize(blocks[i], i % 150);
                }
                allocator.forEachAllocation(GarbageTest::ignore);
                for (int i = 0; i < blocks.length / 2; i++) {
                    allocator.free(blocks[i]);
                }
                for (int i = blocks.length / 2; i < 700; i++) {
                    allocator.retire(blocks[i], i);
                }
                allocator.reclaim(650);
                allocator.freeAll(blocks, 700, blocks.length);
                allocator.reclaim(700);
            });
        }
    }

    @Test
    void arenaHandlesMakeNoGarbage() {
        for (SegmentArena arena : new SegmentArena[] {SegmentArena.ofConfined(16 << 20), SegmentArena.ofShared(16 << 20)}) {
            try (arena) {
                long[] blocks = new long[1 << 10];
                assertNoGarbage(() -> {
                    for (int i = 0; i < blocks.length; i++) {
                        blocks[i] = arena.tryAllocate(i * 7 % 5000, 1 << i % 7);
                        arena.setTag(blocks[i], arena.offset(blocks[i]) + arena.size(blocks[i]));
                        arena.resize(blocks[i], i % 150);
                    }
                    for (int i = 0; i < blocks.length; i++) {
                        arena.free(blocks[i]);
                    }
                });
            }
        }
    }

    @Test
    void flushRangesMakeNoGarbageWhateverTheOrder() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 20)) {
            long[] slices = new long[5000];
            for (int i = 0; i < 10; i++) { // before there are slabs: these lie apart
                arena.tryAllocate(16, 1);
            }
            for (int i = 0; i < slices.length; i++) {
                slices[i] = arena.tryAllocate(16, 1);
            }
            FlushRanges ranges = FlushRanges.of(arena, 16);
            for (int added : new int[] {60, 500, slices.length}) {
                for (int first : new int[] {0, added / 2, added - 1}) {
                    assertNoGarbage(() -> {
                        ranges.clear();
                        for (int i = 0; i < added; i++) {
                            ranges.add(slices[(first + i) % added]);
                        }
                        assertEquals(1, ranges.count());
                    });
                }
            }
        }
    }

    private static void ignore(long allocation) {}

    private static void assertNoGarbage(Runnable work) {
        for (int i = 0; i < 30; i++) {
            work.run();
        }
        long self = Thread.currentThread().threadId();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long before = THREADS.getThreadAllocatedBytes(self);
            long middle = THREADS.getThreadAllocatedBytes(self);
            work.run();
            long after = THREADS.getThreadAllocatedBytes(self);
            least = Math.min(least, after - middle - (middle - before));
        }
        assertEquals(0, least);
    }
}
