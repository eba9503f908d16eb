package io.github.offsetallocator.examples;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.StorageReportFull;
import java.util.ArrayList;
import java.util.List;

/// All regions of an arena at one moment, by address, and its free regions by bin.
///
/// @param trace     what was replayed
/// @param operation how many operations were done
/// @param granule   bytes
/// @param regions   by address, without a gap
/// @param bins      free regions by size, in granules
record HeapSnapshot(String trace, int operation, long granule, List<Region> regions, StorageReportFull bins) {
    /// A region, free or used.
    ///
    /// @param offset    bytes from the start of the first region
    /// @param byteSize  bytes, in whole granules
    /// @param requested bytes that were asked for, or [#FREE]
    record Region(long offset, long byteSize, long requested) {
        static final long FREE = -1;

        boolean isFree() {
            return requested == FREE;
        }

        long end() {
            return offset + byteSize;
        }
    }

    static HeapSnapshot of(String trace, int operation, SegmentArena arena) {
        List<Region> regions = new ArrayList<>();
        long[] origin = {-1};
        arena.forEachRegion((offset, byteSize, allocation) -> {
            if (origin[0] < 0) {
                origin[0] = offset;
            }
            long requested = allocation == 0 ? Region.FREE : arena.size(allocation);
            regions.add(new Region(offset - origin[0], byteSize, requested));
        });
        return new HeapSnapshot(trace, operation, arena.granule(), List.copyOf(regions), arena.storageReportFull());
    }

    /// Bytes of all regions.
    long byteSize() {
        return regions.getLast().end();
    }

    /// Bytes of used regions.
    long used() {
        return byteSize() - free();
    }

    /// Bytes that were asked for.
    long requested() {
        return regions.stream().filter(region -> !region.isFree()).mapToLong(Region::requested).sum();
    }

    long free() {
        return regions.stream().filter(Region::isFree).mapToLong(Region::byteSize).sum();
    }

    long largestFree() {
        return regions.stream().filter(Region::isFree).mapToLong(Region::byteSize).max().orElse(0);
    }

    int freeRegions() {
        return (int) regions.stream().filter(Region::isFree).count();
    }

    int usedRegions() {
        return regions.size() - freeRegions();
    }

    /// The part of the free bytes that lies outside the largest free region.
    double externalFragmentation() {
        return free() == 0 ? 0 : 1 - (double) largestFree() / free();
    }

    /// The part of the used bytes that nobody asked for: requests are rounded up to granules.
    double internalFragmentation() {
        return used() == 0 ? 0 : 1 - (double) requested() / used();
    }
}
