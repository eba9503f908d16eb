package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.NEXT_ROW;
import static io.github.offsetallocator.internal.tables.SlabTable.PREVIOUS_ROW;
import static io.github.offsetallocator.internal.tables.SlabTable.half;
import static io.github.offsetallocator.internal.tables.SlabTable.setHalf;

/// Slabs in a ring, by the two links of their rows: those of one stripe and class. The caller has the lock.
final class SlabRing {
    private SlabRing() {}

    static int next(Slabs slabs, int row) {
        return half(slabs.segment(row), slabs.at(row) + NEXT_ROW);
    }

    static int previous(Slabs slabs, int row) {
        return half(slabs.segment(row), slabs.at(row) + PREVIOUS_ROW);
    }

    /// Puts a slab behind another one, or in a ring of its own if that is itself.
    static void link(Slabs slabs, int row, int previous) {
        join(slabs, row, previous == row ? row : next(slabs, previous));
        join(slabs, previous, row);
    }

    /// Takes a slab out. Returns the one before it, or itself if it was alone.
    static int unlink(Slabs slabs, int row) {
        int previous = previous(slabs, row);
        join(slabs, previous, next(slabs, row));
        return previous;
    }

    private static void join(Slabs slabs, int left, int right) {
        setHalf(slabs.segment(left), slabs.at(left) + NEXT_ROW, right);
        setHalf(slabs.segment(right), slabs.at(right) + PREVIOUS_ROW, left);
    }
}
