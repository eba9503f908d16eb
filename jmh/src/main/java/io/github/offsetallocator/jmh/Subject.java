package io.github.offsetallocator.jmh;

/// An allocator under test, with a numbered place for each block that is live.
///
/// ```
///  loop:  allocate(slot, bytes) / free(slot)      one abstract call
///           |
///  subject: slot -> handle, segment, address or buffer, whatever its client would keep
/// ```
///
/// Every JVM times one subject only, so the call in a loop over it has one target and is inlined.
abstract class Subject implements AutoCloseable {
    /// What [#offset(int)] says if the subject hands out addresses.
    static final long NO_OFFSET = -1;

    /// Allocates a block into an empty slot. Being refused is a failure of the benchmark.
    abstract void allocate(int slot, int bytes);

    /// Frees the block in a slot.
    abstract void free(int slot);

    /// Where the block in a slot starts in the pool, in granules of 16 bytes, or [#NO_OFFSET].
    long offset(int slot) {
        return NO_OFFSET;
    }

    @Override
    public abstract void close();

    static long granules(int bytes) {
        return (bytes + 15L) >>> 4;
    }

    static IllegalStateException refused(int bytes) {
        return new IllegalStateException("refused " + bytes + " bytes: the pool is too small for this work");
    }
}
