package io.github.offsetallocator.contract;

/// Table memory that fails when it is told to. How it is put in the place of the real one is [TableMemoryHook]'s business.
interface FailingMemory extends AutoCloseable {
    /// The n-th request from now on, counted from 1, fails, and so does each one after it, until [#calm()].
    void failFrom(int n);

    /// The n-th request from now on fails, and no other.
    void failAt(int n);

    /// No request fails.
    void calm();

    /// How many requests there were in all.
    long requests();

    /// How many of them have failed.
    long failures();

    /// Bytes that were asked for and not yet given back.
    long held();

    /// Puts the real one back.
    @Override
    void close();
}
