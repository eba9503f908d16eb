package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.Header;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Which rows of the slab table hold a slab or slots that have moved, and which wait for a new slab.
///
/// ```
///   rows    none | used | unused | used | unused | used | fresh ... | virgin ...
///   chain                  head ---------> next         | in none   | in none, entries not yet written
/// ```
///
/// A row that is not used any more keeps its entries, since generations go on. A virgin row gets entries with the generation that
/// all start with when its first slab comes. Fresh rows have entries: a reset puts all rows there.
final class RowChain {
    private final Slabs slabs;

    RowChain(Slabs slabs) {
        this.slabs = slabs;
    }

    /// A row for a new slab, of which [Slabs#hasRow] has made sure.
    int take(MemorySegment head) {
        int row = half(head, UNUSED_ROWS);
        if (row != 0) {
            setHalf(head, UNUSED_ROWS, half(slabs.segment(row), slabs.at(row) + NEXT_ROW));
        } else {
            row = half(head, FRESH_ROW);
            if (row >= half(head, VIRGIN_ROW)) {
                long first = (long) Header.half(slabs.regions.table(), Header.FLOOR) << 32;
                for (int place = 0; place < SLOTS; place++) {
                    slabs.setEntry(row << 6 | place, first);
                }
                VarHandle.releaseFence();
                setHalf(head, VIRGIN_ROW, row + 1);
            }
            setHalf(head, FRESH_ROW, row + 1);
        }
        setHalf(head, ROWS_USED, half(head, ROWS_USED) + 1);
        return row;
    }

    /// Puts a row into the chain: it has no slab, and no slot of it has moved.
    void discard(int row) {
        MemorySegment head = slabs.head();
        MemorySegment t = slabs.segment(row);
        long at = slabs.at(row);
        slabs.setShape(row, 0);
        setHalf(t, at + NODE, NIL);
        setHalf(t, at + NEXT_ROW, half(head, UNUSED_ROWS));
        setHalf(head, UNUSED_ROWS, row);
        setHalf(head, ROWS_USED, half(head, ROWS_USED) - 1);
    }

    boolean isUnused(int row) {
        return half(slabs.segment(row), slabs.at(row) + NODE) == NIL && half(slabs.segment(row), slabs.at(row) + MOVED_LEFT) == 0;
    }

    /// Makes the chain anew.
    void makeAnew() {
        MemorySegment head = slabs.head();
        setHalf(head, UNUSED_ROWS, 0);
        setHalf(head, ROWS_USED, half(head, FRESH_ROW) - FIRST_ROW);
        for (int row = half(head, FRESH_ROW) - 1; row >= FIRST_ROW; row--) {
            if (isUnused(row)) {
                discard(row);
            }
        }
    }
}
