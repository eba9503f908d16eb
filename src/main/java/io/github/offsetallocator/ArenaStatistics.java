package io.github.offsetallocator;

/// What an arena holds, as [SegmentArena#statistics()] returns it. `usedBytes + freeBytes == byteSize`, `usedBytes <= peakUsedBytes`,
/// `liveAllocations <= totalAllocations`.
///
/// @param byteSize           bytes that can be handed out
/// @param usedBytes          bytes of live and retired blocks, in whole granules
/// @param peakUsedBytes      the most that `usedBytes` has been. In a shared arena free slots of slabs count too: it is never too
///                           low, and too high by those at most. A growable arena may have had more than it has now
/// @param freeBytes          all other bytes
/// @param largestFreeBytes   a free region of the largest kind: never more than the largest, and at most an eighth less. Slabs in which
///                           no slot is used are not taken for free space here, though they are when a request needs them.
///                           [SegmentArena#storageReport()] has the exact number, and counts them
/// @param liveAllocations    blocks, without retired ones
/// @param totalAllocations   blocks that were ever allocated: of a durable arena, those since it was opened, and those that were live then
/// @param refusedAllocations requests that found no room
/// @param metadataBytes      native memory of the metadata
public record ArenaStatistics(long byteSize, long usedBytes, long peakUsedBytes, long freeBytes, long largestFreeBytes,
        long liveAllocations, long totalAllocations, long refusedAllocations, long metadataBytes) {
    /// How much of the free bytes lies outside the largest free region: 0 if all of them are one region, towards 1 if they are many
    /// small ones.
    ///
    /// @return a number from 0 to 1
    public double fragmentation() {
        return freeBytes == 0 ? 0 : 1 - (double) largestFreeBytes / freeBytes;
    }
}
