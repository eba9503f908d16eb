package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;

/// One thread's part of mixed work on a shared arena. Each block is filled with a pattern of its own, every byte of it,
/// and must still hold it whenever it changes hands, its size or its state.
///
/// ```
///  allocate --> live --> free, by handle or by segment
///                |  ^
///                |  +--> resize, reallocate
///                |-----> exchange, where another thread frees it
///                +-----> retired in this round, untouched until the round is over, reclaimed in the next
/// ```
final class SharedWork {
    /// A block and what its bytes and its tag must be.
    record Block(long handle, MemorySegment segment, long pattern) {
        long granules(SegmentArena arena) {
            return (Math.max(1, segment.byteSize()) - 1) / arena.granule() + 1;
        }
    }

    private static final int MOST_LIVE = 64;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SegmentArena arena;
    private final boolean zeroed;
    private final long largestAlignment;
    private final Queue<Block> exchange;
    private final SplittableRandom random;
    private final List<Block> live = new ArrayList<>();
    private final List<Block> retired = new ArrayList<>();

    private long refusals;

    SharedWork(SegmentArena arena, boolean zeroed, long largestAlignment, Queue<Block> exchange, long seed) {
        this.arena = arena;
        this.zeroed = zeroed;
        this.largestAlignment = largestAlignment;
        this.exchange = exchange;
        random = new SplittableRandom(seed);
    }

    /// A number of random steps.
    ///
    /// @param round what a counter, as for a GPU's queue, has reached; all rounds before are over
    void run(int steps, int round) {
        for (int i = 0; i < steps; i++) {
            switch (random.nextInt(32)) {
                case 0, 1 -> resize();
                case 2, 3 -> reallocate();
                case 4, 5, 6 -> handOver();
                case 7, 8, 9, 10 -> freeForAnother();
                case 11 -> retire(round);
                case 12 -> arena.reclaim(round - 1L);
                case 13, 14, 15, 16, 17, 18, 19 -> freeOne();
                default -> allocate();
            }
        }
    }

    /// How often there was no room.
    long refusals() {
        return refusals;
    }

    /// Checks, when no one is running, all that this thread owns. Returns its granules.
    long checkAll() {
        long granules = 0;
        for (Block block : live) {
            assertIntact(block, block.segment.byteSize());
            assertEquals(block.segment.byteSize(), arena.size(block.handle));
            assertEquals(block.segment.address(), arena.backing().address() + arena.offset(block.handle));
            granules += block.granules(arena);
        }
        for (Block block : retired) {
            assertIntact(block, block.segment.byteSize());
            granules += block.granules(arena);
        }
        return granules;
    }

    int live() {
        return live.size();
    }

    /// What was retired in the round that is over may be reclaimed.
    void forgetRetired() {
        retired.clear();
    }

    void freeAll() {
        while (!live.isEmpty()) {
            freeOne();
        }
        while (!exchange.isEmpty()) {
            freeForAnother();
        }
    }

    private void allocate() {
        if (live.size() == MOST_LIVE) {
            freeOne();
        }
        long size = randomSize();
        long alignment = randomAlignment();
        long handle;
        MemorySegment segment;
        if (random.nextBoolean()) {
            handle = arena.tryAllocate(size, alignment);
            if (handle == SegmentArena.NO_SPACE) {
                refusals++;
                return;
            }
            segment = arena.segment(handle);
        } else {
            try {
                segment = arena.allocate(size, alignment);
            } catch (OutOfSpaceException full) {
                assertEquals(size, full.requested());
                refusals++;
                return;
            }
            handle = arena.allocationOf(segment);
        }
        assertEquals(size, segment.byteSize());
        assertEquals(0, segment.address() % alignment);
        assertEquals(0, arena.tag(handle));
        if (zeroed) {
            for (long at = 0; at < size; at++) {
                assertEquals(0, segment.get(ValueLayout.JAVA_BYTE, at));
            }
        }
        own(handle, segment);
    }

    private void own(long handle, MemorySegment segment) {
        Block block = new Block(handle, segment, random.nextLong());
        fill(segment, block.pattern);
        arena.setTag(handle, block.pattern);
        live.add(block);
    }

    private void freeOne() {
        if (!live.isEmpty()) {
            free(removeRandom());
        }
    }

    private void freeForAnother() {
        Block block = exchange.poll();
        if (block != null) {
            free(block);
        }
    }

    private void free(Block block) {
        assertIntact(block, block.segment.byteSize());
        if (random.nextBoolean()) {
            arena.free(block.handle);
        } else {
            arena.free(block.segment);
        }
        if (random.nextInt(16) == 0) {
            assertThrows(IllegalStateException.class, () -> arena.free(block.handle));
            assertThrows(IllegalStateException.class, () -> arena.resize(block.handle, 1));
        }
    }

    private void handOver() {
        if (!live.isEmpty()) {
            Block block = removeRandom();
            if (!exchange.offer(block)) {
                free(block);
            }
        }
    }

    private void retire(int round) {
        if (!live.isEmpty()) {
            Block block = removeRandom();
            assertIntact(block, block.segment.byteSize());
            arena.retire(block.handle, round);
            assertThrows(IllegalStateException.class, () -> arena.free(block.handle));
            retired.add(block);
        }
    }

    private void resize() {
        if (!live.isEmpty()) {
            Block block = removeRandom();
            long size = randomSize();
            long before = block.segment.byteSize();
            boolean done = arena.resize(block.handle, size);
            assertTrue(done || size > before, "shrinking can't fail");
            assertEquals(done ? size : before, arena.size(block.handle));
            assertIntact(block, done ? Math.min(size, before) : before);
            own(block.handle, arena.segment(block.handle));
        }
    }

    private void reallocate() {
        if (!live.isEmpty()) {
            Block block = removeRandom();
            long size = randomSize();
            long alignment = randomAlignment();
            long handle = arena.reallocate(block.handle, size, alignment);
            if (handle == SegmentArena.NO_SPACE) {
                refusals++;
                assertIntact(block, block.segment.byteSize());
                live.add(block);
                return;
            }
            MemorySegment segment = arena.segment(handle);
            assertEquals(size, segment.byteSize());
            assertEquals(0, segment.address() % alignment);
            assertHolds(segment, block.pattern, Math.min(size, block.segment.byteSize()));
            assertEquals(block.pattern, arena.tag(handle));
            own(handle, segment);
        }
    }

    private long randomSize() {
        return random.nextInt(1 << random.nextInt(12));
    }

    private long randomAlignment() {
        return Math.min(largestAlignment, 1L << random.nextInt(random.nextInt(8) == 0 ? 10 : 5));
    }

    private Block removeRandom() {
        int at = random.nextInt(live.size());
        Block block = live.get(at);
        Block moved = live.removeLast();
        if (moved != block) {
            live.set(at, moved);
        }
        return block;
    }

    private void assertIntact(Block block, long byteSize) {
        assertHolds(block.segment, block.pattern, byteSize);
    }

    /// Words that differ from place to place, so that content which was moved by mistake shows too.
    private static void fill(MemorySegment segment, long pattern) {
        long words = segment.byteSize() & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            segment.set(WORD, at, pattern + at);
        }
        for (long at = words; at < segment.byteSize(); at++) {
            segment.set(ValueLayout.JAVA_BYTE, at, byteOf(pattern + words, at));
        }
    }

    private static void assertHolds(MemorySegment segment, long pattern, long byteSize) {
        long words = byteSize & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            if (segment.get(WORD, at) != pattern + at) {
                throw writtenOver(segment, at);
            }
        }
        for (long at = words; at < byteSize; at++) {
            if (segment.get(ValueLayout.JAVA_BYTE, at) != byteOf(pattern + words, at)) {
                throw writtenOver(segment, at);
            }
        }
    }

    private static byte byteOf(long word, long at) {
        return (byte) (word >>> Byte.SIZE * (at & Long.BYTES - 1));
    }

    private static AssertionError writtenOver(MemorySegment segment, long at) {
        return new AssertionError("someone else wrote to byte " + at + " of " + segment);
    }
}
