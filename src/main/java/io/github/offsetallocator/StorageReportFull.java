package io.github.offsetallocator;

import io.github.offsetallocator.internal.regions.SmallFloat;
import java.util.Objects;

/// Number of free regions in each bin. A run of free slots in a slab counts as one. Where an allocation of no units was freed between two live ones,
/// a region of no units is left, in bin 0, which serves another such allocation.
public final class StorageReportFull {
    private final int[] counts;

    StorageReportFull(int[] counts) {
        this.counts = counts;
    }

    /// Number of bins, 256. The last sixteen hold nothing: a 32-bit size doesn't reach them.
    ///
    /// @return the number of bins
    public int bins() {
        return counts.length;
    }

    /// Smallest size of the regions in a bin, in units. They are smaller than the next bin's size.
    ///
    /// @param bin 0 to [#bins()] - 1
    /// @return the size
    /// @throws IndexOutOfBoundsException if there is no such bin
    public long size(int bin) {
        return SmallFloat.size(Objects.checkIndex(bin, counts.length));
    }

    /// Number of free regions in a bin.
    ///
    /// @param bin 0 to [#bins()] - 1
    /// @return the number of regions
    /// @throws IndexOutOfBoundsException if there is no such bin
    public int count(int bin) {
        return counts[Objects.checkIndex(bin, counts.length)];
    }
}
