package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Makes all that can be derived anew, after an error has struck in the middle of a call or a file was opened that a killed
/// process had.
///
/// ```
///   the truth      entries of slots;  links of nodes: which of them is a slab, and of what row
///   made anew      free bits, lists, classes, sums, the chain of unused rows, how many slots of a row have moved
/// ```
///
/// Dissolving and making a slab each have one store that decides, to the links of the slab's node. So a slot that was about to move
/// is in its slab before that store and in its node after it, whatever else was written.
///
/// Where one thread works at a time, slabs that are empty end: then all that are empty later are known ([KeptSlabs]).
final class SlabRebuild {
    private final Slabs slabs;

    SlabRebuild(Slabs slabs) {
        this.slabs = slabs;
    }

    /// Makes lists, bits and sums anew from the entries and the nodes. O(slots).
    void rebuild() {
        MemorySegment head = slabs.head();
        MemorySegment nodes = slabs.regions.table();
        slabs.begin();
        slabs.clearClasses(head);
        for (int row = FIRST_ROW; row < half(head, FRESH_ROW); row++) {
            if (slabs.isSlab(row)) {
                rebuildSlab(nodes, row);
            } else {
                rebuildMoved(nodes, row);
            }
        }
        slabs.chain.makeAnew();
        slabs.end();
    }

    private void rebuildSlab(MemorySegment nodes, int row) {
        MemorySegment head = slabs.head();
        MemorySegment t = slabs.segment(row);
        long at = slabs.at(row);
        int size = SlabTable.size(slabs.shape(row));
        int slots = SlabTable.slots(slabs.shape(row));
        long low = slabs.freeLow(SlabTable.sizeClass(slabs.shape(row)));
        for (int place = 0; place < SLOTS; place++) {
            int slot = row << 6 | place;
            long entry;
            do { // other threads may take and free slots meanwhile
                entry = slabs.entry(slot);
            } while (!slabs.replaceEntry(slot, entry, place < slots ? inSlab(nodes, entry, low) : entry & GENERATION));
        }
        long free = slabs.free(row);
        int live = slots - Long.bitCount(free);
        if (live == 0 && !slabs.keepsEmpty()) {
            setLinks(nodes, half(t, at + NODE), NodeState.UNUSED);
            rebuildMoved(nodes, row);
            return;
        }
        long line = line(SlabTable.sizeClass(slabs.shape(row)));
        slabs.setShape(row, slabs.shape(row)); // where there is a copy, it may differ
        setWord(t, at + BITS, free);
        setHalf(t, at + MOVED_LEFT, 0);
        slabs.addUsed((Header.ONE + size) * live);
        setWord(head, SLAB_UNITS, word(head, SLAB_UNITS) + wholeUnits(row));
        setHalf(head, line + ROWS, half(head, line + ROWS) + 1);
        setHalf(head, line + HEAT, half(head, line + HEAT) + slots);
        slabs.link(row, line);
    }

    /// What the entry of a slot in a slab has to be.
    private static long inSlab(MemorySegment nodes, long found, long low) {
        long entry = unmarked(nodes, found);
        if (!isLive(entry)) {
            return entry & GENERATION | low;
        }
        if (isMoved(entry)) { // it was being dissolved, and was not yet
            long links = links(nodes, movedTo(entry));
            return entry & GENERATION | NodeState.slack(links) | (NodeState.isRetired(links) ? RETIRED : 0);
        }
        return entry;
    }

    /// A slot with a mark is dead if that was decided, and live otherwise.
    private static long unmarked(MemorySegment nodes, long entry) {
        return (entry & PENDING) != 0 && Header.half(nodes, Header.DECIDED) != 0 ? freed(entry) : notPending(entry);
    }

    /// Counts the live slots of a row without a slab that have a node; others are dead.
    private void rebuildMoved(MemorySegment nodes, int row) {
        int whole = half(slabs.segment(row), slabs.at(row) + NODE);
        int left = 0;
        for (int place = 0; place < SLOTS; place++) {
            int slot = row << 6 | place;
            long entry = unmarked(nodes, slabs.entry(slot));
            if (isLive(entry) && !isMoved(entry) && place == 0 && NodeState.standsFor(nodes, whole, slot)) {
                setLinks(nodes, whole, nodeLinks(entry)); // other threads may have freed and taken the slot since the node was written
                entry = entry & GENERATION | MOVED | whole; // the last step of dissolving
            }
            if (isLive(entry) && !(isMoved(entry) && NodeState.standsFor(nodes, movedTo(entry), slot))) {
                entry = freed(entry);
            }
            slabs.setEntry(slot, isLive(entry) ? entry : entry & GENERATION);
            left += isLive(entry) ? 1 : 0;
        }
        setHalf(slabs.segment(row), slabs.at(row) + NODE, NIL);
        slabs.setShape(row, 0);
        setWord(slabs.segment(row), slabs.at(row) + BITS, 0);
        setHalf(slabs.segment(row), slabs.at(row) + MOVED_LEFT, left);
    }

    /// Units of a slab's region, which has all slots in it, though pieces of it may have been cut off to dissolve it. A rest behind the slots
    /// stays, or it would need a node that there may not be.
    private long wholeUnits(int row) {
        long shape = slabs.shape(row);
        return Math.max(slabs.units(row), (long) SlabTable.slots(shape) * SlabTable.size(shape));
    }

    /// Whether a node that is live or a slab counts: one that stands for a slot does iff the slot's entry names it and the
    /// row has no slab any more; a slab's node does iff the row names it, and has the slab's whole region then.
    boolean holds(int node) {
        MemorySegment nodes = slabs.regions.table();
        long links = links(nodes, node);
        if (NodeState.isSlab(links)) {
            int row = (int) links;
            if (row < FIRST_ROW || row >= half(slabs.head(), FRESH_ROW) || half(slabs.segment(row), slabs.at(row) + NODE) != node) {
                return false;
            }
            setRegion(nodes, node, SlabTable.offset(slabs.shape(row)) << 32 | wholeUnits(row));
            return true;
        }
        int slot = slot(nodes, node);
        if (slot == 0) {
            return true;
        }
        long entry = slabs.entry(slot);
        return isLive(entry) && isMoved(entry) && movedTo(entry) == node && !slabs.isSlab(slot >>> 6);
    }
}
