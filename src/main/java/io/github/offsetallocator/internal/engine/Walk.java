package io.github.offsetallocator.internal.engine;

/// Called for each region of a walk, in the order of their offsets, with what the walk was started with: a function that
/// captures nothing makes no garbage.
@FunctionalInterface
public interface Walk<A, B> {
    /// What `handle` is for free space.
    long FREE = 0;
    /// What `handle` is for a block that was retired.
    long RETIRED = -1;

    void region(A a, B b, long offset, long size, long handle);
}
