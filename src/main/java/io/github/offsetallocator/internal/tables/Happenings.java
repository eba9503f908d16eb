package io.github.offsetallocator.internal.tables;

/// Told of rare events, where they happen. A call comes when no table is half changed, by the thread whose call it is, which may
/// hold the engine's lock: it must not wait, and may read sums but not call the allocator.
public interface Happenings {
    Happenings NONE = new Happenings() {};

    /// A table of metadata was made, or made larger or smaller.
    ///
    /// @param before its bytes, 0 if there was none
    default void metadataResized(long before, long after) {}

    /// Slabs were dissolved to make room for a request, a plan or a resize.
    default void slabsDissolved(int slabs) {}

    /// A request was refused.
    default void refused(long units, long alignment) {}

    /// There are more units.
    default void grown(long before, long after) {}

    /// A compaction was planned.
    default void compactionPlanned(long target, int moves) {}

    /// A plan has ended.
    default void compactionDone(int moves) {}
}
