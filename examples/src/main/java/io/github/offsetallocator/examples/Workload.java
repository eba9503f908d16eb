package io.github.offsetallocator.examples;

import java.util.Arrays;

/// A trace made so that it can be replayed again and again: what it leaves live is freed at the end.
///
/// ```
///  | the trace                        | frees of what is left |
///  |<---------------- operations() ------------------------->|
///             ^ fullest(): the operation after which most bytes are live
/// ```
///
/// A request of no bytes becomes one of a single byte, so that each block has a first byte.
final class Workload {
    /// What all blocks are aligned to, as `malloc` does, and the granule of the arenas.
    static final long ALIGNMENT = 16;

    private static final long POOL_UNIT = 64 << 10;

    private final Trace trace;
    private final int[] slots;
    private final int[] sizes;
    private final int fullest;
    private final long peak;

    private Workload(Trace trace, int[] slots, int[] sizes, int fullest, long peak) {
        this.trace = trace;
        this.slots = slots;
        this.sizes = sizes;
        this.fullest = fullest;
        this.peak = peak;
    }

    static Workload of(Trace trace) {
        int n = trace.operations();
        int[] slots = new int[n + trace.slotCount()];
        int[] sizes = new int[slots.length];
        long[] live = new long[trace.slotCount()];
        long now = 0;
        long peak = 0;
        int fullest = 0;
        for (int i = 0; i < n; i++) {
            slots[i] = trace.slot(i);
            int slot = slots[i] & ~Trace.FREE;
            if (slots[i] < 0) {
                now -= live[slot];
                live[slot] = 0;
            } else {
                sizes[i] = Math.max(1, trace.size(i));
                live[slot] = roundUp(sizes[i], ALIGNMENT);
                now += live[slot];
                if (now > peak) {
                    peak = now;
                    fullest = i;
                }
            }
        }
        for (int slot = 0; slot < live.length; slot++) {
            if (live[slot] > 0) {
                slots[n++] = slot | Trace.FREE;
            }
        }
        return new Workload(trace, Arrays.copyOf(slots, n), Arrays.copyOf(sizes, n), fullest, peak);
    }

    private static long roundUp(long bytes, long unit) {
        return (bytes + unit - 1) / unit * unit;
    }

    String name() {
        return trace.name();
    }

    /// How many operations were recorded; the others are the frees at the end.
    int recorded() {
        return trace.operations();
    }

    int operations() {
        return slots.length;
    }

    int slotCount() {
        return trace.slotCount();
    }

    /// The slot of an operation, with [Trace#FREE] set if it frees.
    int slot(int operation) {
        return slots[operation];
    }

    int size(int operation) {
        return sizes[operation];
    }

    /// The operation after which most bytes are live, granules counted whole.
    int fullest() {
        return fullest;
    }

    /// Bytes that are live then, granules counted whole.
    long peak() {
        return peak;
    }

    /// Bytes for a pool: half as much again as is ever live, in whole 64 KiB.
    long pool() {
        return roundUp(peak + peak / 2, POOL_UNIT);
    }
}
