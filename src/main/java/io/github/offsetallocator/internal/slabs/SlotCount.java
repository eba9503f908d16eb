package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;

/// Counts the slots of a shared arena by their entries, without its lock: those that are live, and how many were ever taken. No call
/// that takes or frees a slot does anything for it.
///
/// ```
///   generation   floor   +1    +2    +3    +4   …   2^31 - 1    0   …
///   the slot is  free    live  free  live  free     live        free
///   it was taken 0       1     1     2     2                    a round more, noted by the call
/// ```
public final class SlotCount {
    /// [#ofRow] has above how often slots of a row were taken, but for what [#takenMore] knows; below, how many are live or retired.
    /// Those that have moved to nodes are not slots.
    public static final int TAKEN_SHIFT = 7;
    public static final long LIVE = (1 << TAKEN_SHIFT) - 1;

    private static final ValueLayout.OfLong ENTRY = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// How many blocks a slot has had when its generation starts anew from 0.
    private static final long ROUND = 1L << 30;

    private final AnyThreadSlabs slabs;
    private final int floor;
    private final AtomicLong takenMore = new AtomicLong();
    private final LastCount last = new LastCount();

    SlotCount(AnyThreadSlabs slabs, int floor) {
        this.slabs = slabs;
        this.floor = floor;
    }

    /// A generation has started anew.
    void startedAnew() {
        takenMore.addAndGet(ROUND);
    }

    /// What was taken before counts for nothing.
    void startHere() {
        long before = 0;
        for (int row = FIRST_ROW; row < rows(); row++) {
            before += taken(row);
        }
        takenMore.addAndGet(-before);
    }

    /// Rows below this one may have been used.
    public int rows() {
        return half(slabs.head(), VIRGIN_ROW);
    }

    /// Counts a row in one pass, without a branch, so that the compiler may count several slots at once.
    public long ofRow(int row) {
        MemorySegment t = slabs.segment(row);
        if (t == null) {
            return 0;
        }
        long from = slabs.at(row) + ENTRIES;
        long taken = 0;
        long live = 0;
        for (int place = 0; place < SLOTS; place++) {
            long entry = t.get(ENTRY, from + ((long) place << 3));
            taken += (entry >>> 32 & Integer.MAX_VALUE) + 1 - floor >> 1;
            live += entry >>> 32 & ~(entry >>> 31) & 1;
        }
        return taken << TAKEN_SHIFT | live;
    }

    /// Units of a slot.
    public long size(int row) {
        return slabs.size(row << 6);
    }

    private long taken(int row) {
        return ofRow(row) >> TAKEN_SHIFT;
    }

    public LastCount last() {
        return last;
    }

    public long takenMore() {
        return takenMore.get();
    }
}
