package io.github.offsetallocator;

/// How much is free, and in how large a piece.
///
/// @param totalFreeSpace    sum of all free regions, in units
/// @param largestFreeRegion under [Fit#GOOD] a size that the next `allocate(size)` is sure to be given: the size of the
///                          largest free region, or, if more than 64 regions share its bin, of the largest of the first
///                          64 (so at most 12.5 % too low). Under [Fit#REFERENCE] what the original reports: the
///                          smallest size of the highest bin that holds a region. 0 if nothing is free
public record StorageReport(long totalFreeSpace, long largestFreeRegion) {}
