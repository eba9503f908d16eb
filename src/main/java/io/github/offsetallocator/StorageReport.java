package io.github.offsetallocator;

/// How much is free, and in how large a piece.
///
/// @param totalFreeSpace    sum of all free regions and free slots, in units; in an arena in bytes
/// @param largestFreeRegion under [Fit#GOOD] a size that the next `allocate(size)` is sure to be given, unless the limit of
///                          allocations is reached: the size of the largest free region or, if more than 64 regions
///                          share its bin, of the largest of the first 64 (so at most 12.5 % too low). An empty slab
///                          counts together with the free space beside it. Free slots of a slab with live blocks
///                          don't count: a larger request may still be granted, since slabs are dissolved before a
///                          refusal. Under [Fit#REFERENCE] what the original reports: the smallest size of the
///                          highest bin that holds a region. 0 if there is no such region
public record StorageReport(long totalFreeSpace, long largestFreeRegion) {}
