package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;

/// A trace cut to a fixed, even number of operations that leaves nothing live, so that it can be replayed again and
/// again and its time divided by a constant.
///
/// ```
///  | the trace up to its (n/2)th allocation          | frees of all that is live |
///  |<---------------------------- n operations -------------------------------->|
/// ```
///
/// A request of no bytes becomes one of a single byte.
final class Script {
    private static final long SLACK = 1 << 20;

    private final int slotCount;
    private final int[] slots;
    private final int[] bytes;
    private final long peak;

    private Script(int slotCount, int[] slots, int[] bytes, long peak) {
        this.slotCount = slotCount;
        this.slots = slots;
        this.bytes = bytes;
        this.peak = peak;
    }

    static Script of(Trace trace, int operations) {
        int[] slots = new int[operations];
        int[] bytes = new int[operations];
        int[] live = new int[trace.slotCount()];
        long used = 0;
        long peak = 0;
        int n = 0;
        for (int allocations = 0; allocations < operations / 2; n++) {
            if (n == trace.operations()) {
                throw new IllegalArgumentException(
                        trace.name() + " has " + allocations + " allocations only, not " + operations / 2);
            }
            slots[n] = trace.slot(n);
            int slot = slots[n] & ~Trace.FREE;
            if (slots[n] < 0) {
                used -= Subject.granules(live[slot]);
                live[slot] = 0;
            } else {
                bytes[n] = Math.max(1, trace.size(n));
                live[slot] = bytes[n];
                used += Subject.granules(live[slot]);
                peak = Math.max(peak, used);
                allocations++;
            }
        }
        for (int slot = 0; slot < live.length; slot++) {
            if (live[slot] > 0) {
                slots[n++] = slot | Trace.FREE;
            }
        }
        if (n != operations) {
            throw new IllegalStateException(trace.name() + ": " + n + " operations, not " + operations);
        }
        return new Script(live.length, slots, bytes, peak << 4);
    }

    /// The loop that is timed.
    void replay(Subject subject) {
        int[] slots = this.slots;
        int[] bytes = this.bytes;
        for (int i = 0; i < slots.length; i++) {
            int slot = slots[i];
            if (slot >= 0) {
                subject.allocate(slot, bytes[i]);
            } else {
                subject.free(slot & ~Trace.FREE);
            }
        }
    }

    int operations() {
        return slots.length;
    }

    int slotCount() {
        return slotCount;
    }

    /// The slot of an operation, with [Trace#FREE] set if it frees.
    int slot(int operation) {
        return slots[operation];
    }

    int bytes(int operation) {
        return bytes[operation];
    }

    /// Most bytes that are live at once, in whole granules of 16.
    long peak() {
        return peak;
    }

    /// Bytes with which nobody has to refuse anything: half as much again as is ever live, and 1 MiB.
    long pool() {
        return peak + peak / 2 + SLACK;
    }
}
