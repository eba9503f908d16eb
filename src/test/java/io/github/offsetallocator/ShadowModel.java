package io.github.offsetallocator;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// What an allocator must have done, kept in the plainest way: an ordered map of the blocks that are taken. It objects to
/// overlap, misalignment, a block beyond the end, and a handle given out twice.
final class ShadowModel {
    /// A block as it was handed out. Its tag and offset change.
    static final class Block {
        final long allocation;
        long offset;
        long size;
        long tag;
        long retiredUntil;

        Block(long allocation, long offset, long size) {
            this.allocation = allocation;
            this.offset = offset;
            this.size = size;
        }
    }

    long capacity;
    final NavigableMap<Long, Block> byOffset = new TreeMap<>();
    /// How many blocks of no size lie at an offset. They keep the free space on both sides of them apart.
    final NavigableMap<Long, Integer> walls = new TreeMap<>();
    final Map<Long, Block> byAllocation = new HashMap<>();
    long used;

    ShadowModel(long capacity) {
        this.capacity = capacity;
    }

    Block take(long allocation, long offset, long size, long alignment) {
        require(allocation > 0, "a handle that is not positive: " + allocation);
        require(offset >= 0 && offset + size <= capacity, "beyond the end: " + offset + " + " + size + " of " + capacity);
        require(offset % alignment == 0, "not aligned to " + alignment + ": " + offset);
        Block block = new Block(allocation, offset, size);
        require(byAllocation.put(allocation, block) == null, "a handle given out twice: " + allocation);
        insert(block);
        return block;
    }

    void give(Block block) {
        byAllocation.remove(block.allocation);
        remove(block);
    }

    void move(Block block, long offset, long size) {
        remove(block);
        block.offset = offset;
        block.size = size;
        insert(block);
    }

    void clear() {
        byOffset.clear();
        walls.clear();
        byAllocation.clear();
        used = 0;
    }

    private void remove(Block block) {
        used -= block.size;
        if (block.size == 0) {
            walls.merge(block.offset, -1, (a, b) -> a + b == 0 ? null : a + b);
        } else {
            byOffset.remove(block.offset);
        }
    }

    private void insert(Block block) {
        used += block.size;
        if (block.size == 0) {
            walls.merge(block.offset, 1, Integer::sum);
            return;
        }
        Map.Entry<Long, Block> before = byOffset.floorEntry(block.offset);
        Map.Entry<Long, Block> behind = byOffset.ceilingEntry(block.offset);
        require(before == null || before.getKey() + before.getValue().size <= block.offset, "overlap with the block before");
        require(behind == null || block.offset + block.size <= behind.getKey(), "overlap with the block behind");
        byOffset.put(block.offset, block);
    }

    /// The largest gap between blocks.
    long largestGap() {
        long largest = 0;
        long end = 0;
        for (Block block : byOffset.values()) {
            largest = Math.max(largest, largestGap(end, block.offset));
            end = block.offset + block.size;
        }
        return Math.max(largest, largestGap(end, capacity));
    }

    private long largestGap(long from, long to) {
        long largest = 0;
        for (long wall : walls.subMap(from, to).keySet()) {
            largest = Math.max(largest, wall - from);
            from = wall;
        }
        return Math.max(largest, to - from);
    }

    /// Units free behind a block, or -1 if blocks of no size make that ambiguous.
    long gapBehind(Block block) {
        long end = block.offset + block.size;
        if (block.size == 0 && walls.get(end) > 1) {
            return -1;
        }
        Long next = byOffset.ceilingKey(end);
        Long wall = block.size == 0 ? walls.higherKey(end) : walls.ceilingKey(end);
        return Math.min(next == null ? capacity : next, wall == null ? capacity : wall) - end;
    }

    private static void require(boolean fact, String otherwise) {
        if (!fact) {
            throw new AssertionError(otherwise);
        }
    }
}
