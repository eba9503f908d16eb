package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import java.lang.foreign.MemorySegment;

/// Which free region a request gets, and all that depends on it.
///
/// Both rules are O(1) and search upwards from a bin that is sure to hold regions that are large enough. They differ in
/// what they look at before.
public abstract sealed class FitPolicy permits FitPolicy.Reference, FitPolicy.Good {
    /// Regions of a bin that are looked at before the search, and before a refusal.
    static final int PROBES = 4, DEEP_PROBES = 64;

    /// Regions of the highest bin that are looked at for a bound.
    private static final int BOUND_PROBES = 8;

    public static final FitPolicy REFERENCE = new Reference(), GOOD = new Good();

    /// The free region that a request for `size` units gets, or NIL.
    abstract int find(MemorySegment t, long size);

    /// As [#find], with a deeper look, after that found nothing.
    abstract int findLast(MemorySegment t, long size);

    /// The largest size that `find` and `findLast` are sure to find. O(1).
    public abstract long largest(MemorySegment t);

    /// As [#largest], or up to an eighth less: looks at one region only.
    abstract long nearlyLargest(MemorySegment t);

    /// A size that no region is larger than: that of the largest, if few share its bin. O(1).
    public final long bound(MemorySegment t) {
        int bin = Bins.last(t);
        long largest = 0;
        int node = bin < 0 ? NIL : Bins.first(t, bin);
        for (int left = BOUND_PROBES; node != NIL; left--) {
            if (left == 0) {
                return SmallFloat.size(bin + 1) - 1;
            }
            largest = Math.max(largest, sizeOf(region(t, node)));
            node = next(t, node);
        }
        return largest;
    }

    /// Whether a free region that becomes larger goes to the front of its bin, though it stays in that bin.
    abstract boolean renewsPlace(MemorySegment t, int node);

    /// The smallest range in which one block of `size` units is sure to fit.
    public abstract long capacityFor(long size);

    /// Where a free region that starts at `from` must end, so that a request is sure to fit in it, if it is the first of its bin.
    public final long endOf(long from, long size, long alignment, long phase) {
        long units = Math.max(1, size); // an empty block takes a place in a region, too
        return alignment == 1 ? from + capacityFor(units) : from + padding(from << 32, alignment, phase) + units;
    }

    /// The smallest that fits of the first `probes` regions of each bin that could hold `size` units at a multiple of
    /// `alignment`, or any region that is large enough wherever it lies. `phase` is added to offsets before they are
    /// compared with the alignment.
    final int findAligned(MemorySegment t, long size, long alignment, long phase, boolean last) {
        int sure = SmallFloat.roundUp(Math.min(size + alignment - 1, LOW + 1));
        for (int bin = Bins.firstFrom(t, Bins.bin(size)); bin >= 0 && bin < sure; bin = Bins.firstFrom(t, bin + 1)) {
            int best = NIL;
            long bestSize = Long.MAX_VALUE;
            int node = Bins.first(t, bin);
            for (int left = last ? DEEP_PROBES : PROBES; node != NIL && left > 0; left--) {
                long region = region(t, node);
                long nodeSize = sizeOf(region);
                if (nodeSize < bestSize && nodeSize >= size + padding(region, alignment, phase)) {
                    best = node;
                    bestSize = nodeSize;
                }
                node = next(t, node);
            }
            if (best != NIL) {
                return best;
            }
        }
        int found = Bins.firstFrom(t, sure);
        return found < 0 ? NIL : Bins.first(t, found);
    }

    /// Units from the start of a region to the first place in it that is aligned.
    static long padding(long region, long alignment, long phase) {
        return -(offsetOf(region) + phase) & (alignment - 1);
    }

    /// Offset for offset what the original C++ returns: the first region of the first bin at or above the request's size
    /// rounded up.
    static final class Reference extends FitPolicy {
        @Override
        int find(MemorySegment t, long size) {
            int found = Bins.firstFrom(t, SmallFloat.roundUp(size));
            return found < 0 ? NIL : Bins.first(t, found);
        }

        @Override
        int findLast(MemorySegment t, long size) {
            return NIL;
        }

        /// The original reports the smallest size of the highest bin that holds a region.
        @Override
        public long largest(MemorySegment t) {
            int bin = Bins.last(t);
            return bin < 0 ? 0 : SmallFloat.size(bin);
        }

        @Override
        long nearlyLargest(MemorySegment t) {
            return largest(t);
        }

        @Override
        boolean renewsPlace(MemorySegment t, int node) {
            return previous(t, node) >= FIRST_REGION;
        }

        @Override
        public long capacityFor(long size) {
            return SmallFloat.size(SmallFloat.roundUp(size));
        }
    }

    /// The best of the first four regions of the request's own bin, its size rounded down; then as [Reference]; before a
    /// refusal, the best of the first 64 of the own bin.
    static final class Good extends FitPolicy {
        @Override
        int find(MemorySegment t, long size) {
            int own = SmallFloat.roundDown(size);
            int found = Bins.firstFrom(t, own);
            if (found == own) {
                int node = best(t, own, size, PROBES);
                if (node != NIL) {
                    return node;
                }
                found = Bins.firstFrom(t, own + 1);
            }
            return found < 0 ? NIL : Bins.first(t, found);
        }

        @Override
        int findLast(MemorySegment t, long size) {
            return best(t, SmallFloat.roundDown(size), size, DEEP_PROBES);
        }

        /// The smallest that fits of the first `probes` regions of a bin.
        private static int best(MemorySegment t, int bin, long size, int probes) {
            int best = NIL;
            long bestSize = Long.MAX_VALUE;
            int node = t.get(HALF, ((long) (BIN_HEADS + bin) << SHIFT) + NEXT);
            for (int left = probes; node != NIL && left > 0; left--) {
                long at = (long) node << SHIFT;
                long nodeSize = t.get(WORD, at + REGION) & LOW;
                if (nodeSize >= size && nodeSize < bestSize) {
                    best = node;
                    bestSize = nodeSize;
                    if (nodeSize == size) {
                        break;
                    }
                }
                node = t.get(HALF, at + NEXT);
            }
            return best;
        }

        @Override
        public long largest(MemorySegment t) {
            int bin = Bins.last(t);
            long largest = 0;
            int node = bin < 0 ? NIL : Bins.first(t, bin);
            for (int left = DEEP_PROBES; node != NIL && left > 0; left--) {
                largest = Math.max(largest, sizeOf(region(t, node)));
                node = next(t, node);
            }
            return largest;
        }

        @Override
        long nearlyLargest(MemorySegment t) {
            int bin = Bins.last(t);
            return bin < 0 ? 0 : sizeOf(region(t, Bins.first(t, bin)));
        }

        @Override
        boolean renewsPlace(MemorySegment t, int node) {
            return false;
        }

        @Override
        public long capacityFor(long size) {
            return size;
        }
    }
}
