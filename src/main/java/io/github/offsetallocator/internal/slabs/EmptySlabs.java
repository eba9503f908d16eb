package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.slabs.Slabs.Enough;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Empty slabs where any thread may take their slots. They stay while there is room: given back as soon as they are seen, they would be made
/// again a moment later. But where one stripe is in use, no more stay than an eighth of the range. Else the small blocks of a program's next
/// phase would lie in them, all over the range.
///
/// ```
///   no room for a new slab, several stripes in use     one is made anew for the size that is asked for    spare
///   no slot is free, and there is room                 of two rows those beyond an eighth go back         sweep
///   no slot is free, and there is no room              of eight rows those that are empty go back         sweep
///   a request would be refused                         all go back, until it fits                         giveBackAll
/// ```
///
/// The bits of a slab say whether it may be empty, and its entries whether it is. The caller has the lock.
final class EmptySlabs {
    /// Rows that a sweep looks at, and where there is room.
    private static final int SWEPT = 8, SWEPT_WITH_ROOM = 2;
    /// The share of the range that stays in empty slabs while there is room: an eighth.
    private static final int KEPT_SHIFT = 3;
    /// Slabs at which a search for a spare one looks, and classes among which it looks for them.
    private static final int PROBED = 16, PROBED_CLASSES = 64;

    private final AnyThreadSlabs slabs;
    private final Stripes stripes;
    /// The row that a sweep has looked at last.
    private int swept;
    /// Units of the empty slabs that this round over the rows has left where they are.
    private long kept;

    EmptySlabs(AnyThreadSlabs slabs, Stripes stripes) {
        this.slabs = slabs;
        this.stripes = stripes;
    }

    /// Gives back those of the next rows that are empty, but for one of each class and, where there is room, for some that stay.
    void sweep(boolean isRoomy) {
        MemorySegment head = slabs.head();
        int end = half(head, FRESH_ROW);
        long most = isRoomy ? Header.open(slabs.regions.table()) >>> KEPT_SHIFT : 0;
        for (int left = Math.min(isRoomy ? SWEPT_WITH_ROOM : SWEPT, end - FIRST_ROW); left > 0; left--) {
            swept++;
            if (swept >= end) {
                swept = FIRST_ROW;
                kept = 0;
            }
            if (looksEmpty(swept) && half(head, line(SlabTable.sizeClass(slabs.shape(swept))) + ROWS) > 1) {
                long units = slabs.units(swept);
                if (kept + units <= most) {
                    kept += units;
                } else {
                    slabs.ending.giveBack(swept);
                }
            }
        }
    }

    /// As [Slabs#giveBackEmpty].
    boolean giveBackAll(Enough enough) {
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            if (looksEmpty(row)) {
                slabs.ending.giveBack(row);
                if (enough.now()) {
                    return true;
                }
            }
        }
        return false;
    }

    /// As [Slabs#spare]. One of the home stripe's, so that what the slab consists of moves to no other core, and not one that a class takes from.
    /// The hand goes round the classes, and round the ring of each.
    int spare(int size, int slots) {
        int[] s = stripes.ready();
        int sizeClass = s == null ? 0 : Stripes.hand(s, 0);
        int rows = s == null ? 0 : PROBED;
        int row = 0;
        for (int classes = PROBED_CLASSES; classes > 0 && rows > 0 && row == 0; classes--) {
            sizeClass = sizeClass < half(slabs.head(), LAST_CLASS) ? sizeClass + 1 : 1;
            Stripes.setHand(s, 0, sizeClass);
            int hand = Stripes.hand(s, sizeClass);
            if (hand != 0) {
                hand = SlabRing.next(slabs, hand);
                Stripes.setHand(s, sizeClass, hand);
                row = hand != Stripes.current(s, sizeClass) && looksEmpty(hand) && isSpare(slabs.units(hand), size, slots) ? hand : 0;
                rows--;
            }
        }
        return row;
    }

    /// Whether a region is about as large as a slab is to be, and at most an eighth of it is not taken by slots. Where slots are to be found by
    /// offset, they take a page, as those of all slabs do.
    private boolean isSpare(long units, int size, int wanted) {
        long slots = Math.min(SLOTS, units / size);
        return slots << 1 >= wanted && units >>> 1 <= (long) wanted * size && units - slots * size <= SlabTable.mostRest(units)
                && (slabs.pages == null || slots * size >= PageMap.PAGE_UNITS);
    }

    private boolean looksEmpty(int row) {
        long shape = slabs.shape(row);
        return shape != 0 && word(slabs.segment(row), slabs.at(row) + BITS) == SlabTable.all(shape) && slabs.isSlab(row);
    }
}
