package io.github.offsetallocator;

import io.github.offsetallocator.internal.regions.FitPolicy;

/// Which of the free regions that are large enough a request gets. Both searches are O(1).
public enum Fit {
    /// Offset for offset what the original C++ returns: the first region of the first non-empty bin at or above the
    /// request's size rounded up. A region may be refused to a request that is up to 12.5 % smaller than it, and sizes
    /// that lie just above a bin's size can leave a third of a pool unused.
    REFERENCE(FitPolicy.REFERENCE),

    /// The default. Serves small and popular sizes from slabs, looks at the first few regions of the request's own bin (its size
    /// rounded down) before it searches as [#REFERENCE] does, and before it refuses a request, dissolves slabs and looks
    /// deeper into the request's own bin.
    ///
    /// A request without an alignment is refused only if all slabs with a free slot have been dissolved, no free region is at
    /// least as large as the request rounded up to a bin (at most 12.5 % more than it), and none of the first 64 regions of
    /// the request's own bin fits either; or if the limit of allocations is reached. So a request that equals the only free
    /// region gets it, and a request for the reported largest region succeeds. A request with an alignment looks at the
    /// first 64 regions of each bin that may hold one that fits.
    GOOD(FitPolicy.GOOD);

    final FitPolicy policy;

    Fit(FitPolicy policy) {
        this.policy = policy;
    }
}
