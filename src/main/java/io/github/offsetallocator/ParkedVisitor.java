package io.github.offsetallocator;

/// Called for each block that was freed and waits, unmerged, for a request of its size.
@FunctionalInterface
interface ParkedVisitor {
    void parked(int node, long size);
}
