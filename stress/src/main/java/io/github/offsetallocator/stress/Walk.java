package io.github.offsetallocator.stress;

import io.github.offsetallocator.RegionVisitor;

/// Whether the regions of a walk follow each other without a gap, and how far they reach.
final class Walk implements RegionVisitor {
    private long start = -1;
    private long end;
    private int live;
    private boolean gap;

    @Override
    public void region(long offset, long byteSize, long allocation) {
        if (start < 0) {
            start = offset;
        } else {
            gap |= offset != end;
        }
        end = offset + byteSize;
        live += allocation > 0 ? 1 : 0;
    }

    /// The bytes from the first region to the end of the last, and whether there was a gap.
    String extent() {
        return end - start + (gap ? " with a gap" : " in order");
    }

    String live() {
        return live + " live";
    }
}
