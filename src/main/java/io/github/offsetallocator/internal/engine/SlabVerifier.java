package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.engine.Verifier.check;
import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.slabs.OneThreadSlabs;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// The part of the [Verifier] that knows slabs.
final class SlabVerifier {
    private final Slabs table;
    private final MemorySegment head;
    private final MemorySegment nodes;
    private final PageMap pages;
    private final int freshRow;
    /// Whether bits and lists are exact; where threads share slabs, they are hints, and slabs are on rings.
    private final boolean isExact;
    private final BitSet slabs = new BitSet();
    private final int[] rowsOfClass = new int[CLASSES];

    private long slots;
    private long units;
    private long used;
    private long retired;
    private final int[] moved;

    SlabVerifier(Slabs table, MemorySegment nodes, PageMap pages) {
        this.table = table;
        this.nodes = nodes;
        this.pages = pages;
        isExact = table instanceof OneThreadSlabs;
        head = table.head();
        freshRow = half(head, FRESH_ROW);
        check(freshRow >= FIRST_ROW && table.segment(freshRow - 1) != null, "fresh row: ", freshRow, "; there are fewer than ", freshRow);
        moved = new int[freshRow];
        for (int sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
            verifyCurrent(sizeClass);
        }
    }

    private void verifyCurrent(int sizeClass) {
        int row = table.current(sizeClass);
        if (row != 0) {
            check(row >= FIRST_ROW && row < freshRow && table.isSlab(row), "class ", sizeClass, ": its current row has no slab, ", row);
            long shape = word(table.segment(row), table.at(row) + SHAPE);
            check(SlabTable.sizeClass(shape) == sizeClass, "class ", sizeClass, ": its current slab is of another class, ", SlabTable.sizeClass(shape));
            long bits = word(table.segment(row), table.at(row) + BITS);
            check(bits == 0, "row ", row, ": the current slab of its class, but it has free bits of its own, ", bits);
        }
    }

    long slots() {
        return slots;
    }

    long retired() {
        return retired;
    }

    /// The slab of a row, whose region is that of a node.
    void verifySlab(int row, int node) {
        check(row >= FIRST_ROW && row < freshRow, "node ", node, ": a slab in a row that there is not, ", row);
        check(!slabs.get(row), "node ", node, ": a second slab in row ", row);
        slabs.set(row);
        MemorySegment t = table.segment(row);
        long at = table.at(row);
        long shape = word(t, at + SHAPE);
        int count = SlabTable.slots(shape);
        int size = SlabTable.size(shape);
        check(half(t, at + NODE) == node, "row ", row, ": its slab's node is not ", node);
        check(count > 0 && count <= SLOTS, "row ", row, ": slots that no slab has, ", count);
        check(size > 0 && size <= LARGEST, "row ", row, ": a size that has no slabs, ", size);
        long region = region(nodes, node);
        check(offsetOf(region) == SlabTable.offset(shape), "row ", row, ": its slots don't start where the region of its node does, ", offsetOf(region));
        long rest = sizeOf(region) - (long) count * size;
        check(rest >= 0 && rest <= SlabTable.mostRest(sizeOf(region)), "row ", row, ": its slots leave too much or too little of its region, ", rest);
        int sizeClass = SlabTable.sizeClass(shape);
        check(sizeClass > 0 && sizeClass < SEEN && half(head, line(sizeClass) + CLASS_SIZE) == size, "row ", row, ": not of its class's size, ", size);
        check(half(t, at + MOVED_LEFT) == 0, "row ", row, ": a slab with moved slots, ", half(t, at + MOVED_LEFT));
        long free = table.bits(row);
        for (int place = 0; place < SLOTS; place++) {
            long entry = table.entry(row << 6 | place);
            boolean isLive = isLive(entry);
            boolean bit = (free >>> place & 1) != 0;
            check((entry & PENDING) == 0, "row ", row, ": a slot that a freeAll has left, ", place);
            check(!isExact || bit == (!isLive && place < count), "row ", row, ": the bit does not tell whether the slot is free, ", place);
            check(!isMoved(entry), "row ", row, ": a slot that has moved, ", place);
            check(isLive || (entry & LOW) == (isExact || place >= count ? 0 : sizeClass), "row ", row, ": a free slot with a slack or flag, ", place);
            used += isLive ? Header.ONE + size : 0;
            retired += isLive && (entry & RETIRED) != 0 ? 1 : 0;
        }
        slots += count;
        units += sizeOf(region);
        rowsOfClass[sizeClass]++;
        if (pages != null) {
            verifyPages(row, region);
        }
    }

    private void verifyPages(int row, long region) {
        long first = offsetOf(region) + PageMap.PAGE_UNITS - 1 & -PageMap.PAGE_UNITS;
        for (long unit = first; unit < endOf(region); unit += PageMap.PAGE_UNITS) {
            check(pages.cover(PageMap.page(unit)) == (row | SlabTable.SLOT), "row ", row, ": its slots are not to be found from unit ", unit);
        }
    }

    /// A live node that stands for a slot.
    void verifyMoved(int node) {
        int slot = slot(nodes, node);
        int row = slot >>> 6;
        check(row >= FIRST_ROW && row < freshRow, "node ", node, ": it stands for a slot that there is not, ", slot);
        long entry = table.entry(slot);
        check(isLive(entry) && isMoved(entry) && movedTo(entry) == node, "slot ", slot, ": its entry does not name node ", node);
        moved[row]++;
    }

    /// To be called after all slabs and moved slots were.
    void verify() {
        BitSet listed = new BitSet();
        for (int sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
            int rows = half(head, line(sizeClass) + ROWS);
            check(rows == rowsOfClass[sizeClass], "class ", sizeClass, ": its slabs are not as many as counted, ", rows);
            int wait = half(head, line(sizeClass) + WAIT);
            check(wait >= 0 && wait < SLOTS || sizeClass > half(head, LAST_CLASS), "class ", sizeClass, ": more requests wait than a row has entries, ", wait);
            if (isExact) {
                verifyList(sizeClass, listed);
            }
        }
        int unused = verifyUnused();
        int usedRows = 0;
        for (int row = FIRST_ROW; row < freshRow; row++) {
            MemorySegment t = table.segment(row);
            long at = table.at(row);
            if (slabs.get(row)) {
                check(!isExact || listed.get(row) || word(t, at + BITS) == 0, "row ", row, ": on no list in spite of its free slots ", word(t, at + BITS));
                if (!isExact) {
                    verifyRing(row, t, at);
                }
                usedRows++;
            } else {
                check(half(t, at + MOVED_LEFT) == moved[row], "row ", row, ": moved slots counted ", half(t, at + MOVED_LEFT));
                check(half(t, at + NODE) == NIL && word(t, at + SHAPE) == 0, "row ", row, ": no slab, but it has node ", half(t, at + NODE));
                usedRows += moved[row] > 0 ? 1 : 0;
                verifyDead(row, moved[row]);
            }
        }
        check(usedRows == half(head, ROWS_USED), "rows in use: ", usedRows, ", counted ", half(head, ROWS_USED));
        check(usedRows + unused == freshRow - FIRST_ROW, "rows are lost: in use and unused are ", usedRows + unused, " of ", freshRow - FIRST_ROW);
        check(units == word(head, SLAB_UNITS), "units of slabs: ", units, ", counted ", word(head, SLAB_UNITS));
        check(used == table.used(), "live slots and units: ", used, ", counted ", table.used());
        verifyClasses();
        verifyRowsBehind();
    }

    /// Row 0 stands for none, and rows that are not in use have no live slot.
    private void verifyRowsBehind() {
        int virgin = half(head, VIRGIN_ROW);
        check(virgin >= freshRow && table.segment(virgin - 1) != null, "rows that had entries: up to ", virgin, ", in use up to ", freshRow);
        MemorySegment none = table.segment(0);
        check(word(none, table.at(0) + BITS) == 0 && half(none, table.at(0) + NEXT_ROW) == 0, "row ", 0, ": it has free slots, ", word(none, table.at(0) + BITS));
        verifyDead(0, 0);
        for (int row = freshRow; table.segment(row) != null; row++) {
            verifyDead(row, 0);
        }
    }

    /// The neighbours of a slab on the ring of its stripe and class.
    private void verifyRing(int row, MemorySegment t, long at) {
        int next = half(t, at + NEXT_ROW);
        check(next >= FIRST_ROW && next < freshRow && slabs.get(next), "row ", row, ": next on its ring is no slab, ", next);
        MemorySegment other = table.segment(next);
        check(half(other, table.at(next) + PREVIOUS_ROW) == row, "row ", next, ": on its ring it does not follow row ", row);
        check(SlabTable.sizeClass(word(other, table.at(next) + SHAPE)) == SlabTable.sizeClass(word(t, at + SHAPE)) && half(other, table.at(next) + STRIPE) == half(t, at + STRIPE),
                "row ", row, ": next on its ring is a slab of another class or stripe, ", next);
    }

    private void verifyList(int sizeClass, BitSet listed) {
        long line = line(sizeClass);
        int first = half(head, line + HEAD);
        int previous = 0;
        for (int row = first; row != 0; row = half(table.segment(row), table.at(row) + NEXT_ROW)) {
            check(row >= FIRST_ROW && row < freshRow && slabs.get(row), "class ", sizeClass, ": lists a row without a slab, ", row);
            check(!listed.get(row), "class ", sizeClass, ": lists a row twice, ", row);
            listed.set(row);
            check(SlabTable.sizeClass(word(table.segment(row), table.at(row) + SHAPE)) == sizeClass, "row ", row, ": in the list of another class, ", sizeClass);
            check(row == first || half(table.segment(row), table.at(row) + PREVIOUS_ROW) == previous, "row ", row, ": its previous is not ", previous);
            check(word(table.segment(row), table.at(row) + BITS) != 0, "row ", row, ": listed without a free slot; class ", sizeClass);
            previous = row;
        }
        check(half(head, line + TAIL) == previous, "class ", sizeClass, ": the last of its list is not ", half(head, line + TAIL));
    }

    private int verifyUnused() {
        int unused = 0;
        for (int row = half(head, UNUSED_ROWS); row != 0; row = half(table.segment(row), table.at(row) + NEXT_ROW)) {
            check(row >= FIRST_ROW && row < freshRow, "an unused row after ", unused, " is none: ", row);
            check(!slabs.get(row) && moved[row] == 0, "row ", row, ": in the chain of unused rows, but used; moved slots ", moved[row]);
            check(++unused < freshRow, "the chain of unused rows does not end after ", unused, " at ", row);
        }
        return unused;
    }

    /// No slot of a row without a slab is live, but for those that have moved.
    private void verifyDead(int row, int expected) {
        int live = 0;
        for (int place = 0; place < SLOTS; place++) {
            long entry = table.entry(row << 6 | place);
            check((entry & PENDING) == 0, "row ", row, ": a slot that a freeAll has left, ", place);
            check(isLive(entry) || (entry & LOW) == 0, "row ", row, ": a dead slot with a slack or flag, ", place);
            if (isLive(entry)) {
                check(isMoved(entry), "row ", row, ": no slab, but a live slot, ", place);
                int node = movedTo(entry);
                check(node >= FIRST_REGION && node < Header.half(nodes, Header.FRESH) && NodeState.isLive(links(nodes, node))
                        && slot(nodes, node) == (row << 6 | place), "row ", row, ": a slot that has moved to a node of another, ", node);
                live++;
            }
        }
        check(live == expected, "row ", row, ": live slots that have moved, ", live);
    }

    private void verifyClasses() {
        int last = half(head, LAST_CLASS);
        check(last >= SMALL && last < SEEN, "the last class is ", last, " of ", SEEN - 1);
        for (int size = SMALL + 1; size <= LARGEST; size++) {
            int value = head.get(BYTE, CLASS_OF + size) & 0xFF;
            if (value > 0 && value < SEEN) {
                check(value > SMALL && value <= last && half(head, line(value) + CLASS_SIZE) == size, "size ", size, ": its class is that of another size, ", value);
            }
        }
        for (int sizeClass = SMALL + 1; sizeClass < CLASSES; sizeClass++) {
            int size = half(head, line(sizeClass) + CLASS_SIZE);
            check(rowsOfClass[sizeClass] == 0 || size > SMALL && size <= LARGEST && (head.get(BYTE, CLASS_OF + size) & 0xFF) == sizeClass,
                    "class ", sizeClass, ": it has slabs, but is not that of its size, ", size);
        }
        for (int sizeClass = 1; sizeClass <= SMALL; sizeClass++) {
            check(half(head, line(sizeClass) + CLASS_SIZE) == sizeClass, "class ", sizeClass, ": not of its own size but ", half(head, line(sizeClass) + CLASS_SIZE));
        }
    }
}
