package io.github.offsetallocator.jmh;

import java.util.Arrays;

/// Two threads and a bounded queue: one allocates, the other frees.
///
/// ```
///  producer: allocate --> [ SlotRing ] --> free :consumer
/// ```
///
/// Sizes are those of the allocations of a script, in their order. Blocks are handed on in small batches, as they come.
final class Pipeline {
    /// Bytes that are enough for a full queue of any script.
    static final long POOL = 256 << 20;

    private static final int BATCH = 64;

    private final SlotRing ring = new SlotRing();
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
        int n = Math.min(ring.empty(), BATCH);
        for (int i = 0; i < n; i++) {
            subject.allocate(ring.toFill(i), sizes[next]);
            if (++next == sizes.length) {
                next = 0;
            }
        }
        ring.produced(n);
        return n;
    }

    /// Frees what there is in the queue, at most a batch.
    ///
    /// @return how many blocks
    int consume() {
        int n = Math.min(ring.full(), BATCH);
        for (int i = 0; i < n; i++) {
            subject.free(ring.toEmpty(i));
        }
        ring.consumed(n);
        return n;
    }
}
