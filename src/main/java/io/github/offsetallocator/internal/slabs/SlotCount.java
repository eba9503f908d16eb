package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.Header;
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
    /// How many blocks a slot has had when its generation starts anew from 0.
    private static final long ROUND = 1L << 30;

    private final AnyThreadSlabs slabs;
    private final int floor;
    private final AtomicLong takenMore = new AtomicLong();

    SlotCount(AnyThreadSlabs slabs, int floor) {
        this.slabs = slabs;
        this.floor = floor;
    }

    /// A generation has started anew.
    void startedAnew() {
        takenMore.addAndGet(ROUND);
    }

    /// A slot was taken and given back, since it did not lie where it had to.
    void gaveBack() {
        takenMore.getAndDecrement();
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

    /// Live and retired slots of a row above, their units below. Those that have moved to nodes are not slots.
    public long used(int row) {
        int live = 0;
        for (int place = 0; place < SLOTS; place++) {
            long entry = slabs.entry(row << 6 | place);
            live += isLive(entry) && !isMoved(entry) ? 1 : 0;
        }
        return live == 0 ? 0 : (Header.ONE + slabs.size(row << 6)) * live;
    }

    /// How often slots of a row were taken, but for what [#takenMore] knows.
    public long taken(int row) {
        long taken = 0;
        for (int place = 0; place < SLOTS; place++) {
            taken += ((slabs.entry(row << 6 | place) >>> 32 & Integer.MAX_VALUE) - floor + 1) >> 1;
        }
        return taken;
    }

    public long takenMore() {
        return takenMore.get();
    }
}
