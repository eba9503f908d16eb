package io.github.offsetallocator;

/// Thrown by the calls of [SegmentArena] that return a segment, when no free region is large enough or the limit of
/// allocations is reached. (Those that return a handle return [OffsetAllocator#NO_SPACE] instead.) The message names the
/// limit, and retired blocks, where these are the reason.
public final class OutOfSpaceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What was asked for.
    private final long requested;
    /// What was free.
    private final long free;
    /// What would have been granted.
    private final long largest;

    OutOfSpaceException(long requested, long alignment, StorageReport report, int live, int retired, int limit) {
        super("no room for " + requested + " bytes at a multiple of " + alignment + ": " + report.totalFreeSpace()
                + " bytes are free, the largest region has " + report.largestFreeRegion()
                + (live + retired >= limit ? "; the limit of " + limit + " allocations is reached: see maxAllocations" : "")
                + (retired > 0 ? "; " + retired + " allocations are retired: reclaim them" : ""));
        this.requested = requested;
        this.free = report.totalFreeSpace();
        this.largest = report.largestFreeRegion();
    }

    /// Bytes that were asked for.
    ///
    /// @return the size of the request
    public long requested() {
        return requested;
    }

    /// Bytes that were free, in all regions and slabs.
    ///
    /// @return the sum
    public long free() {
        return free;
    }

    /// Bytes of the largest free region, as in [StorageReport].
    ///
    /// @return its size
    public long largest() {
        return largest;
    }
}
