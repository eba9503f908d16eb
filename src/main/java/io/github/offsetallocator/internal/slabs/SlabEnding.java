package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.Tally;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// How slabs end. An empty one goes back to the bins as the region that it was. One with live slots is dissolved: it is cut into
/// one region for each slot, of which free ones go to the bins, and live ones stand for their slots from then on.
///
/// ```
///   slab        node -> row       | live | free | free | live |
///   dissolved   node  piece  piece  piece          entries of live slots: moved, and to which node
///               live  to the bins   live           each node: the slot that it stands for
/// ```
///
/// Handles stay as they are, and the row stays until the last slot that has moved is freed.
final class SlabEnding {
    private final Slabs slabs;
    private final Regions regions;
    private final PageMap pages;
    private final Tally tally;

    SlabEnding(Slabs slabs) {
        this.slabs = slabs;
        regions = slabs.regions;
        pages = slabs.pages;
        tally = slabs.tally;
    }

    /// Gives the region of an empty slab back to the bins. Returns false if a slot has been taken meanwhile.
    boolean giveBack(int row) {
        slabs.begin();
        boolean isGone = giveRegionBack(row);
        slabs.end();
        regions.publish();
        return isGone;
    }

    private boolean giveRegionBack(int row) {
        MemorySegment t = slabs.segment(row);
        long at = slabs.at(row);
        if (!shut(row)) {
            return false;
        }
        MemorySegment nodes = regions.table();
        int node = half(t, at + NODE);
        slabs.unlink(row, line(SlabTable.sizeClass(slabs.shape(row))));
        Regions.begin(nodes);
        VarHandle.releaseFence(); // all slots are shut
        setLinks(nodes, node, NodeState.UNUSED);
        setWord(t, at + BITS, 0);
        Header.add(nodes, Header.BLOCKS, -SlabTable.slots(slabs.shape(row)));
        forget(row, sizeOf(region(nodes, node)));
        slabs.chain.discard(row);
        regions.giveFirst(nodes, node); // a report has counted it with its neighbours
        Regions.end(nodes);
        return true;
    }

    /// Lets no slot of a slab be taken any more, if all are free.
    boolean shut(int row) {
        MemorySegment t = slabs.segment(row);
        long from = slabs.at(row) + ENTRIES;
        long end = from + ((long) SlabTable.slots(slabs.shape(row)) << 3);
        for (long at = from; at < end; at += 8) {
            long entry = word(t, at);
            if (isLive(entry) || !slabs.replaceEntry(t, at, entry, entry & GENERATION)) {
                open(row, (int) (at - from >>> 3));
                return false;
            }
        }
        return true;
    }

    /// Lets the first slots of a slab, which are free and shut, be taken. Another thread that has the row from an earlier slab may do so at once:
    /// what the slab is comes before this.
    void open(int row, int slots) {
        MemorySegment t = slabs.segment(row);
        long from = slabs.at(row) + ENTRIES;
        long low = slabs.freeLow(SlabTable.sizeClass(slabs.shape(row)));
        VarHandle.releaseFence();
        for (long at = from; at < from + ((long) slots << 3); at += 8) {
            slabs.setEntry(t, at, word(t, at) & GENERATION | low);
        }
    }

    /// Lets no free slot be taken. Returns whether none is live.
    boolean shutFree() {
        boolean isAnyLive = false;
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            for (int place = 0; place < SLOTS; place++) {
                long entry;
                do {
                    entry = slabs.entry(row << 6 | place);
                } while (!isLive(entry) && !slabs.replaceEntry(row << 6 | place, entry, entry & GENERATION));
                isAnyLive |= isLive(entry);
            }
        }
        return !isAnyLive;
    }

    /// Lets free slots of slabs be taken again.
    void unshut() {
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            long shape = slabs.isSlab(row) ? slabs.shape(row) : 0;
            for (int place = 0; place < SlabTable.slots(shape); place++) {
                long entry = slabs.entry(row << 6 | place);
                if (!isLive(entry)) {
                    slabs.replaceEntry(row << 6 | place, entry, entry & GENERATION | slabs.freeLow(SlabTable.sizeClass(shape)));
                }
            }
        }
    }

    /// Takes a slab out of what its class and the sums say.
    private void forget(int row, long units) {
        leaveClass(row);
        setWord(slabs.head(), SLAB_UNITS, word(slabs.head(), SLAB_UNITS) - units);
    }

    /// Takes a slab out of what its class says.
    void leaveClass(int row) {
        MemorySegment head = slabs.head();
        long line = line(SlabTable.sizeClass(slabs.shape(row)));
        setHalf(head, line + ROWS, half(head, line + ROWS) - 1);
        setHalf(head, line + HEAT, Math.max(0, half(head, line + HEAT) - SlabTable.slots(slabs.shape(row))));
    }

    /// Ends a slab in one way or the other.
    void end(int row) {
        if (!giveBackIfEmpty(row)) {
            dissolve(row);
        }
    }

    private boolean giveBackIfEmpty(int row) {
        if (!slabs.isEmpty(row)) {
            return false;
        }
        slabs.settle(row);
        return giveBack(row);
    }

    /// As [#dissolve], for calls that may come for each block of a program. A row that is kept by slots which have moved is lost to others: its other
    /// entries are made up for by as many requests without a new slab, or each such block would have a row. Where room is wanted there is no need,
    /// and perl, run again and again, would need a larger pool.
    void dissolveAndWait(int row) {
        long line = line(SlabTable.sizeClass(slabs.shape(row)));
        dissolve(row);
        int moved = half(slabs.segment(row), slabs.at(row) + MOVED_LEFT);
        if (moved != 0) {
            setHalf(slabs.head(), line + WAIT, Math.max(half(slabs.head(), line + WAIT), SLOTS - moved));
        }
    }

    /// Dissolves all slabs.
    void dissolveAll() {
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            if (slabs.isSlab(row) && !giveBackIfEmpty(row)) {
                dissolveAndWait(row);
            }
        }
    }

    /// Ends all slabs in the chunk before a wall.
    void endAllBefore(int wall) {
        MemorySegment nodes = regions.table();
        int node = previousNeighbour(nodes, wall);
        while (node != EDGE && !NodeState.isWall(links(nodes, node))) {
            if (NodeState.isSlab(links(nodes, node))) {
                end(low(links(nodes, node)));
                nodes = regions.table();
                node = wall; // neighbours have merged
            }
            node = previousNeighbour(nodes, node);
        }
    }

    /// Ends a slab: its free slots go back to the bins, its live ones get nodes of their own. What makes it so is the one
    /// store to the links of the slab's node; until then nodes that stand for a slot count for nothing.
    void dissolve(int row) {
        MemorySegment t = slabs.segment(row);
        long at = slabs.at(row);
        int slots = SlabTable.slots(slabs.shape(row));
        MemorySegment nodes = regions.ready(slots);
        int size = SlabTable.size(slabs.shape(row));
        int whole = half(t, at + NODE);
        long units = sizeOf(region(nodes, whole));
        if (pages != null) {
            pages.ready(region(nodes, whole));
            pages.dropStale(nodes, region(nodes, whole));
        }
        slabs.settle(row);
        slabs.begin();
        Regions.begin(nodes);
        slabs.unlink(row, line(SlabTable.sizeClass(slabs.shape(row))));
        long live = 0;
        int last = whole;
        int rest = units == (long) slots * size ? NIL : Regions.cutTail(nodes, whole, units - (long) slots * size);
        for (int place = slots - 1; place > 0; place--) {
            int piece = Regions.cutTail(nodes, whole, size);
            last = place == slots - 1 ? piece : last;
            live |= moveTo(nodes, piece, row << 6 | place) ? 1L << place : 0;
        }
        VarHandle.releaseFence();
        live |= moveTo(nodes, whole, row << 6) ? 1 : 0; // from here on the slab is no more
        int moved = Long.bitCount(live);
        forget(row, units);
        slabs.addUsed(-(Header.ONE + size) * moved);
        Header.add(nodes, Header.BLOCKS, moved - slots);
        Header.setWord(nodes, Header.LIVE, Header.word(nodes, Header.LIVE) + (Header.ONE + size) * moved);
        tally.add((Header.ONE + size) * moved);
        setWord(t, at + BITS, 0);
        slabs.setShape(row, 0);
        setHalf(t, at + NODE, NIL);
        setHalf(t, at + MOVED_LEFT, moved);
        if (moved == 0) {
            slabs.chain.discard(row);
        }
        if (rest != NIL) {
            regions.give(nodes, rest);
        }
        spread(nodes, last, slots, live);
        Regions.end(nodes);
        slabs.end();
        tally.dissolve();
    }

    /// Lets a node stand for a slot, if that is live; otherwise the slot can't be taken any more and the node is unused.
    private boolean moveTo(MemorySegment nodes, int node, int slot) {
        while (true) {
            long entry = slabs.entry(slot);
            if (!isLive(entry)) {
                if (slabs.replaceEntry(slot, entry, entry & GENERATION)) {
                    setSlot(nodes, node, 0);
                    setLinks(nodes, node, NodeState.UNUSED);
                    return false;
                }
                continue;
            }
            setSlot(nodes, node, slot);
            VarHandle.storeStoreFence(); // or a thread that reads without the lock could take the node for a block of its own
            setLinks(nodes, node, nodeLinks(entry));
            VarHandle.releaseFence();
            if (slabs.replaceEntry(slot, entry, entry & GENERATION | MOVED | node)) {
                return true;
            }
        }
    }

    /// Gives the free pieces of a slab to the bins and lets the live ones be found. `last` is the node of the last piece.
    private void spread(MemorySegment nodes, int last, int slots, long live) {
        int piece = last;
        for (int place = slots - 1; place >= 0; place--) {
            int before = previousNeighbour(nodes, piece);
            if ((live >>> place & 1) == 0) {
                regions.give(nodes, piece);
            } else if (pages != null) {
                pages.add(nodes, piece);
            }
            piece = before;
        }
    }

    /// A slot that had moved to a node was freed: its entry says so from here on.
    void forgetMoved(int slot) {
        int row = slot >>> 6;
        MemorySegment t = slabs.segment(row);
        long at = slabs.at(row);
        slabs.begin();
        slabs.setEntry(slot, slabs.ended(slabs.entry(slot)));
        VarHandle.releaseFence(); // the entry ends the block; its node goes after that
        setHalf(t, at + MOVED_LEFT, half(t, at + MOVED_LEFT) - 1);
        if (half(t, at + MOVED_LEFT) == 0) {
            slabs.chain.discard(row);
        }
        slabs.end();
    }
}
