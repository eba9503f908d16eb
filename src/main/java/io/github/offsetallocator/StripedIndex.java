package io.github.offsetallocator;

import java.util.Arrays;

/// A [SegmentIndex] for any thread: hash tables side by side, each with its own lock, chosen by offset.
final class StripedIndex extends SegmentIndex {
    private static final int SHIFT = 5;

    private final HashIndex[] stripes = new HashIndex[1 << SHIFT];

    StripedIndex(OffsetAllocator allocator) {
        Arrays.setAll(stripes, _ -> new HashIndex(allocator, TableMemory.Threads.ONE_AT_A_TIME));
    }

    @Override
    void put(long offset, int node) {
        HashIndex stripe = stripe(offset);
        synchronized (stripe) {
            stripe.put(offset, node);
        }
    }

    @Override
    long find(long offset) {
        HashIndex stripe = stripe(offset);
        synchronized (stripe) {
            return stripe.find(offset);
        }
    }

    /// Someone else may have the block already.
    @Override
    void freed(long offset, int node) {}

    @Override
    void close() {
        for (HashIndex stripe : stripes) {
            synchronized (stripe) {
                stripe.close();
            }
        }
    }

    /// By other bits of the product than those that a table goes by.
    private HashIndex stripe(long offset) {
        return stripes[(int) (offset * 0x9E37_79B9_7F4A_7C15L >>> Long.SIZE - SHIFT)];
    }
}
