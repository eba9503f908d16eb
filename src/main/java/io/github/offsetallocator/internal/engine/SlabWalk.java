package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.slabs.Slabs;
import java.lang.foreign.MemorySegment;

/// Visits slabs, in no order. O(slots).
public final class SlabWalk {
    /// Told of one slab, in units.
    @FunctionalInterface
    public interface Visitor {
        void slab(long offset, int slotSize, int slots, int live);
    }

    private SlabWalk() {}

    static void walk(Slabs slabs, Visitor visitor) {
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            if (slabs.isSlab(row)) {
                MemorySegment t = slabs.segment(row);
                int slots = slots(word(t, slabs.at(row) + SHAPE));
                int live = 0;
                for (int place = 0; place < slots; place++) {
                    live += isLive(slabs.entry(row << 6 | place)) ? 1 : 0;
                }
                visitor.slab(slabs.offset(row << 6), (int) slabs.size(row << 6), slots, live);
            }
        }
    }
}
