package io.github.offsetallocator;

/// Called for each region of a walk, see [OffsetAllocator#forEachRegion(RegionVisitor)].
@FunctionalInterface
public interface RegionVisitor {
    /// What `allocation` is for a block that was retired and not yet reclaimed.
    long RETIRED = -1L;

    /// One region. Only primitive values are passed, so that a walk makes no garbage.
    ///
    /// @param offset     where it starts, in units; bytes in an arena
    /// @param size       how large it is, in units; bytes in whole granules in an arena
    /// @param allocation its handle, 0 if the region is free, or [#RETIRED]
    void region(long offset, long size, long allocation);
}
