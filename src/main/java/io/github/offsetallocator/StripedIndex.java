package io.github.offsetallocator;

import java.util.concurrent.atomic.AtomicReferenceArray;

/// A [SegmentIndex] for any thread: hash tables side by side, each with its own lock, chosen by offset. Each is made when
/// it is first needed, since closing memory that threads share takes a handshake with all of them.
final class StripedIndex extends SegmentIndex {
    private static final int SHIFT = 4;

    private final OffsetAllocator allocator;
    private final AtomicReferenceArray<HashIndex> stripes = new AtomicReferenceArray<>(1 << SHIFT);
    private boolean closed;

    StripedIndex(OffsetAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    void put(long offset, int node) {
        HashIndex stripe = stripes.get(stripe(offset));
        if (stripe == null) {
            stripe = newStripe(stripe(offset));
        }
        synchronized (stripe) {
            stripe.put(offset, node);
        }
    }

    @Override
    long find(long offset) {
        HashIndex stripe = stripes.get(stripe(offset));
        if (stripe == null) {
            return 0;
        }
        synchronized (stripe) {
            return stripe.find(offset);
        }
    }

    /// Someone else may have the block already.
    @Override
    void freed(long offset, int node) {}

    private synchronized HashIndex newStripe(int index) {
        if (closed) {
            throw new IllegalStateException("the arena is closed");
        }
        HashIndex stripe = stripes.get(index);
        if (stripe == null) {
            stripe = new HashIndex(allocator, TableMemory.Threads.ONE_AT_A_TIME);
            stripes.set(index, stripe);
        }
        return stripe;
    }

    @Override
    synchronized void close() {
        closed = true;
        for (int i = 0; i < stripes.length(); i++) {
            HashIndex stripe = stripes.get(i);
            if (stripe != null) {
                synchronized (stripe) {
                    stripe.close();
                }
            }
        }
    }

    /// By other bits of the product than those that a table goes by.
    private static int stripe(long offset) {
        return (int) (offset * 0x9E37_79B9_7F4A_7C15L >>> Long.SIZE - SHIFT);
    }
}
