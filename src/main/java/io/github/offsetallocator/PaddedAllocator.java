package io.github.offsetallocator;

/// Two cache lines between what the holder of the lock writes at every step and what every call of [SharedAllocator] reads:
/// side by side, each write would take the line away from all other threads.
abstract sealed class PaddedAllocator extends OffsetAllocator permits SharedAllocator {
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;

    PaddedAllocator(Builder builder, int lastGeneration) {
        super(builder, lastGeneration);
    }
}
