package io.github.offsetallocator.jmh;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/// Two threads and a bounded queue: one allocates, the other frees. Sizes are those of the allocations of a script, in
/// their order. Blocks are handed on in small batches, as they come.
///
/// ```
///  producer: allocate --> [ . . x x x x . . . ] --> free :consumer
///                               ^       ^
///                          consumed   produced      0 <= produced - consumed <= SLOTS
/// ```
///
/// What is queued are slots of a [Subject], in turn, so two counters are all there is; they lie on cache lines of their
/// own.
final class Pipeline {
    /// How long the queue is.
    static final int SLOTS = 1024;
    /// Bytes that are enough for a full queue of any script.
    static final long POOL = 256 << 20;

    private static final int BATCH = 64;
    private static final int PRODUCED = 16;
    private static final int CONSUMED = 48;

    private final AtomicLongArray counters = new AtomicLongArray(64);
    private final int[] sizes;
    private final Subject subject;
    private int next;

    Pipeline(Script script, Subject subject) {
        int[] bytes = new int[script.operations()];
        int n = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (script.slot(i) >= 0) {
                bytes[n++] = script.bytes(i);
            }
        }
        sizes = Arrays.copyOf(bytes, n);
        this.subject = subject;
    }

    /// Allocates what there is room for in the queue, at most a batch.
    ///
    /// @return how many blocks
    int produce() {
        long produced = counters.getPlain(PRODUCED);
        int n = (int) Math.min(SLOTS + counters.getAcquire(CONSUMED) - produced, BATCH);
        for (int i = 0; i < n; i++) {
            subject.allocate(slot(produced + i), sizes[next]);
            if (++next == sizes.length) {
                next = 0;
            }
        }
        counters.setRelease(PRODUCED, produced + n);
        return n;
    }

    /// Frees what there is in the queue, at most a batch.
    ///
    /// @return how many blocks
    int consume() {
        long consumed = counters.getPlain(CONSUMED);
        int n = (int) Math.min(counters.getAcquire(PRODUCED) - consumed, BATCH);
        for (int i = 0; i < n; i++) {
            subject.free(slot(consumed + i));
        }
        counters.setRelease(CONSUMED, consumed + n);
        return n;
    }

    private static int slot(long number) {
        return (int) (number & SLOTS - 1);
    }
}
