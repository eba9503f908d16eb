package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.NIL;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.TrimRule;
import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;

/// How tables become smaller after a peak, where one thread works at a time.
///
/// ```
///   few are live  -> is anything live in the upper half of the rows, or of the nodes?
///       nothing      empty slabs there go back to the bins; the table gets smaller
///       something    again when the rule says so
/// ```
///
/// Few are fewer blocks than an eighth of the slots that the rows have room for, or than a 32nd of the nodes. See [TrimRule].
final class SlabTrimming {
    /// An eighth of the 64 slots of each row.
    private static final int FEW_SHIFT = 3;
    /// A table of so many rows, 144 KiB, is never made smaller: a program that frees all now and then would make it grow again
    /// and again. Up to there it grows by a quarter.
    static final int KEPT_ROWS = 256;

    private final OneThreadSlabs slabs;
    private final TrimRule rule;
    /// Linked here, since it is used where the heap may be full.
    private final IntPredicate isEmpty = this::isEmptySlab;

    SlabTrimming(OneThreadSlabs slabs) {
        this.slabs = slabs;
        rule = new TrimRule(slabs.tally);
    }

    /// The table has another size.
    void start() {
        long rows = rows(slabs.head());
        rule.start(rows <= KEPT_ROWS ? 0 : rows << FEW_SHIFT);
    }

    /// All slabs end at once.
    void cleared() {
        rule.cleared();
    }

    /// As [Slabs#trimSoon()].
    void soon() {
        rule.soon();
    }

    /// As [Slabs#trim()].
    void trim() {
        boolean isDue = isDue();
        if ((isDue || slabs.regions.isTrimDue()) && !slabs.isBusy()) {
            slabs.settle(); // or nobody would see when one that serves a class becomes empty, after this look
            if (slabs.regions.isTrimDue()) {
                trimNodes();
            }
            if (isDue) {
                trimRows();
            }
        }
    }

    /// Whether it is time to look at the rows.
    boolean isDue() {
        return rule.isDue() && slabs.shrinks();
    }

    /// Makes the table of nodes smaller if no node in its upper half has a live block or a slab with one. O(nodes).
    private void trimNodes() {
        int from = slabs.regions.trimsFrom(isEmpty);
        if (from != NIL) {
            for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
                if (half(slabs.head(), slabs.at(row) + NODE) >= from && isEmptySlab(row)) {
                    slabs.ending.end(row);
                }
            }
            slabs.regions.trim();
            slabs.regions.publish();
        }
    }

    private boolean isEmptySlab(int row) {
        return slabs.isSlab(row) && slabs.isEmpty(row);
    }

    /// Makes the table smaller if none of the rows in its upper half has a live slot. O(rows).
    private void trimRows() {
        int fresh = half(slabs.head(), FRESH_ROW);
        while (fresh > FIRST_ROW && (slabs.chain.isUnused(fresh - 1) || isEmptySlab(fresh - 1))) {
            fresh--;
        }
        long rows = Math.max(KEPT_ROWS, fresh + (fresh >>> OneThreadSlabs.GROW_SHIFT));
        rule.looked((long) (half(slabs.head(), FRESH_ROW) - fresh) * SLOTS);
        if (rows > rows(slabs.head()) >>> 1) {
            return;
        }
        for (int row = fresh; row < half(slabs.head(), FRESH_ROW); row++) {
            if (slabs.isSlab(row)) {
                slabs.ending.end(row);
            }
        }
        slabs.regions.publish();
        MemorySegment t = slabs.head();
        int floor = Header.half(slabs.regions.table(), Header.FLOOR);
        for (int row = fresh; row < half(t, VIRGIN_ROW); row++) {
            for (int place = 0; place < SLOTS; place++) {
                floor = Header.later(floor, (int) (slabs.entry(row << 6 | place) >>> 32));
            }
        }
        slabs.begin();
        Header.setHalf(slabs.regions.table(), Header.FLOOR, floor);
        setHalf(t, FRESH_ROW, fresh);
        setHalf(t, VIRGIN_ROW, fresh);
        slabs.chain.makeAnew();
        slabs.end();
        try {
            slabs.replaceTable(rows);
        } catch (OutOfMemoryError e) { // it stays as large as it is for now
            rule.looked(rows(t) * SLOTS);
        }
    }
}
