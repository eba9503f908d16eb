package io.github.offsetallocator.jmh;

/// Keeps a fixed number of blocks live: frees a random one of them and allocates one of random size into its place, a
/// multiple of 16 bytes, evenly spread.
final class Replacement {
    private final Subject subject;
    private final int live;
    private final int sizes;
    private long random = 1;

    /// @param live  how many blocks, up to 2^25
    /// @param sizes how many sizes, a power of two up to 128; the largest is so many times 16 bytes
    Replacement(Subject subject, int live, int sizes) {
        this.subject = subject;
        this.live = live;
        this.sizes = sizes;
    }

    /// Bytes that are live on average.
    static long meanLive(int live, int sizes) {
        return (sizes + 1) * 8L * live;
    }

    void fill() {
        for (int slot = 0; slot < live; slot++) {
            random = next(random);
            subject.allocate(slot, bytes(random));
        }
    }

    /// Frees and allocates so many times.
    void replace(int pairs) {
        Subject s = subject;
        long r = random;
        for (int i = 0; i < pairs; i++) {
            r = next(r);
            int slot = (int) ((r >>> 32) * live >>> 32);
            s.free(slot);
            s.allocate(slot, bytes(r));
        }
        random = r;
    }

    private static long next(long random) {
        return random * 0xD1342543DE82EF95L + 1;
    }

    /// From bits that have no part in the choice of the slot.
    private int bytes(long random) {
        return (int) (random >>> 32 & sizes - 1) + 1 << 4;
    }
}
