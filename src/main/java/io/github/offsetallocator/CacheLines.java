package io.github.offsetallocator;

/// Two cache lines before the fields of a subclass, so that what others write just before it in the heap doesn't take the
/// line away from those who read them.
abstract class CacheLines {
    long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
}
