package io.github.offsetallocator;

/// Finds allocations by their offset, for those who free by segment.
abstract sealed class SegmentIndex permits HashIndex, StripedIndex {
    static SegmentIndex of(OffsetAllocator allocator) {
        return switch (allocator.threads()) {
            case CONFINED -> new HashIndex(allocator, TableMemory.Threads.CONFINED);
            case ONE_AT_A_TIME -> new HashIndex(allocator, TableMemory.Threads.ONE_AT_A_TIME);
            case ANY -> new StripedIndex(allocator);
        };
    }

    /// Remembers that the allocation at `offset` has this node.
    abstract void put(long offset, int node);

    /// The handle of the live allocation at `offset`, or 0 if it has none or was never put here.
    abstract long find(long offset);

    /// Told after the block at `offset` was freed by its segment. Keeping its entry does no harm.
    abstract void freed(long offset, int node);

    abstract void close();
}
