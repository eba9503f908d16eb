package io.github.offsetallocator.internal.engine;

/// The slots that were handed out lately as slices, by where they start: most are freed soon, and are found here in one step,
/// without the page map.
///
/// A hint: whether that slot starts there now, and is live, its slab says. Two units that share a place here forget each other. Places are the
/// highest bits of a product (Knuth, *The Art of Computer Programming*, volume 3, 6.4), since slots of a size lie at equal distances.
final class RecentSlices {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final int BITS = 9;

    /// A unit above, a slot below.
    private final long[] words = new long[1 << BITS];

    private static int place(long unit) {
        return (int) (unit * GOLDEN >>> Long.SIZE - BITS);
    }

    void add(long unit, int slot) {
        words[place(unit)] = unit << 32 | slot;
    }

    /// The slot that may start at a unit, or 0, which is none.
    int slotAt(long unit) {
        long word = words[place(unit)];
        return word >>> 32 == unit ? (int) word : 0;
    }
}
