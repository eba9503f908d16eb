package io.github.offsetallocator;

/// How many blocks an arena remembers the place of in the program that asked for them, see
/// [SegmentArena.Builder#leakDetection(LeakDetection)].
public enum LeakDetection {
    /// None, at no cost.
    OFF,
    /// About one in 128, chosen by chance, for programs in production. Where a program allocates so fast that looking at its
    /// stack for each of these would take more than about a two hundredth of its time, fewer.
    SAMPLED,
    /// All, for tests and hunts. An allocation takes microseconds, and a few dozen bytes of the Java heap while it is live.
    ALL
}
