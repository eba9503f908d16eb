package io.github.offsetallocator;

/// Which of the free regions that are large enough a request gets. Both are O(1).
public enum Fit {
    /// Offset for offset what the original C++ returns: the first region of the first non-empty bin at or above the
    /// request's size rounded up. A region may be refused to a request that is up to 12.5 % smaller than it, and sizes
    /// that lie just above a bin's size can leave a third of a pool unused.
    REFERENCE,

    /// The default. Looks at the first few regions of the request's own bin (its size rounded down) before it searches
    /// as [#REFERENCE] does, keeps small freed blocks at hand in quick lists, and before it refuses a request, merges
    /// those and looks deeper into the request's own bin.
    ///
    /// A request is refused only if no free region is at least as large as the request rounded up to a bin (at most
    /// 12.5 % more than it), and none of the first 64 regions of the request's own bin fits either. So a request that
    /// equals the only free region gets it, and a request for the reported largest region succeeds.
    GOOD
}
