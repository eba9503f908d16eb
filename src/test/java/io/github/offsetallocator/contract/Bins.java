package io.github.offsetallocator.contract;

import io.github.offsetallocator.StorageReportFull;

/// Sizes of bins, worked out in the plainest way: below 16 each is one size, above there are eight in each power of two.
final class Bins {
    private Bins() {}

    private static long step(long size) {
        return size < 16 ? 1 : Long.highestOneBit(size) / 8;
    }

    /// Smallest size of the bin that a region of this size lies in.
    static long roundedDown(long size) {
        return size / step(size) * step(size);
    }

    /// Smallest size of the first bin whose regions are all large enough for a request of this size.
    static long roundedUp(long size) {
        long step = step(size);
        return (size + step - 1) / step * step;
    }

    /// How many free regions share the bin of this size.
    static int sharing(StorageReportFull report, long size) {
        long down = roundedDown(size);
        for (int bin = 0; bin < report.bins(); bin++) {
            if (report.size(bin) == down) {
                return report.count(bin);
            }
        }
        throw new AssertionError("no bin has size " + down);
    }
}
