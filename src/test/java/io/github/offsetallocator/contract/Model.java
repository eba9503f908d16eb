package io.github.offsetallocator.contract;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// What an allocator must have done, kept in the plainest way: an ordered map of the blocks that are taken, in units. It
/// objects to overlap, a block beyond the end, and a handle given out twice.
final class Model {
    /// A block as it was handed out.
    static final class Block {
        long allocation;
        /// Units from the first one that is divided.
        long offset;
        long units;
        /// As asked for: units of an allocator, bytes of an arena.
        long size;
        long alignment;
        long tag;
        long pattern;
        long retiredUntil;
        /// Its slice as it was last handed out, or null.
        MemorySegment segment;
        /// Where it is in the list of live blocks.
        int index;

        @Override
        public String toString() {
            return "0x" + Long.toHexString(allocation) + " at " + offset + ", " + units + " units, size " + size;
        }
    }

    long capacity;
    /// The parts of the range that have memory, or null if all of it has.
    NavigableMap<Long, Long> pieces;
    final NavigableMap<Long, Block> byOffset = new TreeMap<>();
    /// How many blocks of no units lie at an offset. They keep the free space on both sides of them apart.
    final NavigableMap<Long, Integer> walls = new TreeMap<>();
    final Map<Long, Block> byAllocation = new HashMap<>();
    long used;

    Model(long capacity) {
        this.capacity = capacity;
    }

    void take(Block block) {
        Check.that(block.allocation > 0, "a handle that is not positive: " + block.allocation);
        Check.that(block.offset >= 0 && block.offset + block.units <= endOfPiece(block.offset), "beyond the end of " + capacity + ": " + block);
        Check.that(byAllocation.put(block.allocation, block) == null, "a handle given out twice: " + block);
        insert(block);
    }

    void give(Block block) {
        Check.that(byAllocation.remove(block.allocation) == block, "the model has lost " + block);
        remove(block);
    }

    void move(Block block, long offset, long units) {
        remove(block);
        block.offset = offset;
        block.units = units;
        Check.that(offset >= 0 && offset + units <= endOfPiece(offset), "beyond the end of " + capacity + ": " + block);
        insert(block);
    }

    void clear() {
        byOffset.clear();
        walls.clear();
        byAllocation.clear();
        used = 0;
    }

    private void remove(Block block) {
        used -= block.units;
        if (block.units == 0) {
            walls.merge(block.offset, -1, (a, b) -> a + b == 0 ? null : a + b);
        } else {
            byOffset.remove(block.offset);
        }
    }

    private void insert(Block block) {
        used += block.units;
        if (block.units == 0) {
            walls.merge(block.offset, 1, Integer::sum);
            return;
        }
        Map.Entry<Long, Block> before = byOffset.floorEntry(block.offset);
        Map.Entry<Long, Block> behind = byOffset.ceilingEntry(block.offset);
        Check.that(before == null || before.getKey() + before.getValue().units <= block.offset,
                () -> block + " overlaps the block before, " + before.getValue());
        Check.that(behind == null || block.offset + block.units <= behind.getKey(),
                () -> block + " overlaps the block behind, " + behind.getValue());
        byOffset.put(block.offset, block);
    }

    /// The end of the memory that an offset lies in; -1 if it lies in none.
    private long endOfPiece(long offset) {
        if (pieces == null) {
            return capacity;
        }
        Map.Entry<Long, Long> piece = pieces.floorEntry(offset);
        return piece == null || piece.getValue() < offset ? -1 : piece.getValue();
    }

    /// The largest gap between blocks.
    long largestGap() {
        if (pieces == null) {
            return largestGapIn(0, capacity);
        }
        return pieces.entrySet().stream().mapToLong(piece -> largestGapIn(piece.getKey(), piece.getValue())).max().orElse(0);
    }

    private long largestGapIn(long start, long limit) {
        long largest = 0;
        long end = start;
        for (Block block : byOffset.subMap(start, limit).values()) {
            largest = Math.max(largest, largestGap(end, block.offset));
            end = block.offset + block.units;
        }
        return Math.max(largest, largestGap(end, limit));
    }

    private long largestGap(long from, long to) {
        long largest = 0;
        for (long wall : walls.subMap(from, to).keySet()) {
            largest = Math.max(largest, wall - from);
            from = wall;
        }
        return Math.max(largest, to - from);
    }

    /// Units free behind a block, or -1 if blocks of no units make that ambiguous.
    long gapBehind(Block block) {
        long end = block.offset + block.units;
        if (block.units == 0 && walls.get(end) > 1) {
            return -1;
        }
        Long next = byOffset.ceilingKey(end);
        Long wall = block.units == 0 ? walls.higherKey(end) : walls.ceilingKey(end);
        long limit = endOfPiece(block.offset);
        return Math.min(next == null ? limit : Math.min(next, limit), wall == null ? limit : wall) - end;
    }
}
