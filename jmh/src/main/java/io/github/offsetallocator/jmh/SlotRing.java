package io.github.offsetallocator.jmh;

import java.util.concurrent.atomic.AtomicLongArray;

/// A bounded queue from one thread to another. What is queued are slots of a [Subject], in turn, so two counters are
/// all there is; they lie on cache lines of their own.
///
/// ```
///  slots   [ . . . x x x x . . . ]
///                  ^       ^
///             consumed   produced      0 <= produced - consumed <= capacity
/// ```
final class SlotRing {
    static final int CAPACITY = 1024;

    private static final int PRODUCED = 16;
    private static final int CONSUMED = 48;

    private final AtomicLongArray counters = new AtomicLongArray(64);

    /// How many slots the producer may fill now.
    int empty() {
        return (int) (CAPACITY + counters.getAcquire(CONSUMED) - counters.getPlain(PRODUCED));
    }

    /// How many slots the consumer may empty now.
    int full() {
        return (int) (counters.getAcquire(PRODUCED) - counters.getPlain(CONSUMED));
    }

    /// The slot to be filled next, `ahead` of the first.
    int toFill(int ahead) {
        return (int) (counters.getPlain(PRODUCED) + ahead & CAPACITY - 1);
    }

    /// The slot to be emptied next, `ahead` of the first.
    int toEmpty(int ahead) {
        return (int) (counters.getPlain(CONSUMED) + ahead & CAPACITY - 1);
    }

    /// Lets the consumer have that many more.
    void produced(int slots) {
        counters.setRelease(PRODUCED, counters.getPlain(PRODUCED) + slots);
    }

    /// Lets the producer have that many more.
    void consumed(int slots) {
        counters.setRelease(CONSUMED, counters.getPlain(CONSUMED) + slots);
    }
}
