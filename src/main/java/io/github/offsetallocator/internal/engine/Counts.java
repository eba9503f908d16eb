package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.LOW;
import static io.github.offsetallocator.internal.tables.NodeTable.high;

import io.github.offsetallocator.internal.slabs.AnyThreadSlabs;
import io.github.offsetallocator.internal.slabs.LastCount;
import io.github.offsetallocator.internal.slabs.SlotCount;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.Tally;
import java.lang.invoke.VarHandle;

/// Reads an engine's sums on any thread, while others work.
///
/// One thread keeps sums of everything in a [Tally]. Where many take slots at once none are kept of slots, since every call would
/// write them; then the entries are counted.
final class Counts {
    private Counts() {}

    static <A, T> T ofOneThread(Tally tally, long metadata, A a, Engine.Sums<A, T> sums) {
        long live = tally.live(); // before what only grows
        VarHandle.acquireFence();
        return of(tally, live, tally.taken(), tally.peak(), metadata, a, sums);
    }

    /// O(slots), unless someone asks all the time.
    static <A, T> T ofAnyThread(Tally tally, AnyThreadSlabs slabs, long metadata, A a, Engine.Sums<A, T> sums) {
        SlotCount count = slabs.count();
        LastCount last = count.last();
        int version = last.version();
        if (!last.mayCount() && (version & 1) == 0) {
            long live = last.live();
            long taken = last.taken();
            VarHandle.acquireFence();
            if (last.version() == version) {
                return of(tally, live, taken, tally.claimed(), metadata, a, sums);
            }
        }
        long taken = tally.taken();
        long live = tally.live();
        for (int row = 1; row < count.rows(); row++) {
            long slots = count.ofRow(row);
            taken += slots >> SlotCount.TAKEN_SHIFT;
            if ((slots & SlotCount.LIVE) != 0) {
                live += (slots & SlotCount.LIVE) * (Header.ONE + count.size(row));
            }
        }
        taken += count.takenMore();
        last.set(live, taken);
        return of(tally, live, taken, tally.claimed(), metadata, a, sums);
    }

    /// Two that were read one after the other may not fit each other.
    private static <A, T> T of(Tally tally, long live, long taken, long peak, long metadata, A a, Engine.Sums<A, T> sums) {
        long capacity = tally.capacity();
        long used = Math.min(live & LOW, capacity);
        int blocks = Math.max(0, high(live) - tally.retired());
        return sums.of(a, capacity, used, Math.max(peak, used), Math.min(tally.largest(), capacity - used), blocks,
                Math.max(taken, blocks), tally.refused(), metadata);
    }
}
