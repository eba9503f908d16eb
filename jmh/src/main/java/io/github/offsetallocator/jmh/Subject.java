package io.github.offsetallocator.jmh;

/// An allocator under test, with a numbered place for each block that is live.
///
/// ```
///  loop:  allocate(slot, bytes) / free(slot)      one call each
///           |
///  subject: slot -> handle, segment, address or buffer, whatever its client would keep
/// ```
///
/// Each JVM times one subject only, so the calls have one target and are inlined.
interface Subject extends AutoCloseable {
    /// What [#offset(int)] says if the subject hands out addresses.
    long NO_OFFSET = -1;

    /// Allocates a block into an empty slot.
    ///
    /// @throws Refused if there is no room for it
    void allocate(int slot, int bytes);

    /// Frees the block in a slot.
    void free(int slot);

    /// Where the block in a slot starts in the pool, in granules of 16 bytes, or [#NO_OFFSET].
    default long offset(int slot) {
        return NO_OFFSET;
    }

    @Override
    default void close() {}

    /// Bytes in granules of 16.
    static long granules(int bytes) {
        return (bytes + 15L) >>> 4;
    }

    /// There is no room for a block. Without a stack trace, so that it costs little to be refused often.
    final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(int bytes) {
            super("no room for " + bytes + " bytes: the pool is too small for this work", null, false, false);
        }
    }
}
