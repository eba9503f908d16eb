package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.AddressOrder;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.RefusedException;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TablePlaces.Table;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Reads tables that were found in a file, before anything follows what they say. It looks at what a rebuild starts from, and
/// at nothing that a rebuild makes anew; it changes nothing.
///
/// Whatever instant a process was killed at, a survey passes: the stores of every call come in an order of which this holds
/// after each. Whatever else the bytes are, it ends, in O(nodes and slots), and what it passes is safe to rebuild from: every number
/// that a rebuild follows is in range, no two blocks overlap, and no live block is without a place.
///
/// ```
///   a live block                        has its place because
///   a node, live                        it says so, and it stands for no slot
///   a slot in a slab, live              the row names a node whose links name the row; being dissolved or not
///   a slot that has moved, live         its row has no slab any more, and the node that it names stands for it
/// ```
final class Survey {
    /// Bits of a live node's links that are never set.
    private static final long NO_FLAGS = 0x1C00_0000_0000_0000L;
    /// So many generations can a header lag behind.
    private static final int A_WHILE = 1 << 24;

    private final MemorySegment t;
    /// The table of slabs, as one table for one thread; null if there are none.
    private final MemorySegment s;
    private final long capacity;
    private final int maxBlocks;
    private final int fresh;
    private final int freshRow;
    private final boolean isDecided;
    /// Whether a reset was under way: it ends blocks in another order.
    private final boolean isResetting;

    private final int shift;
    private int generation;
    /// The node whose slack is to be as the header says, or NIL.
    private int resized = NIL;

    /// Offset and end of each block or slab.
    private long[] places = new long[1024];
    private int count;
    /// Blocks that will be live: those that are retired are free as soon as the file is open.
    private long live;

    Survey(Settings settings) {
        t = settings.places().found(Table.NODES);
        s = settings.hasSlabs() ? settings.places().found(Table.SLABS) : null;
        require(t != null && NodeTable.nodes(t) >= FIRST_REGION, "no table of nodes, but of bytes ", t == null ? 0 : t.byteSize());
        require(!settings.hasSlabs() || s != null && s.byteSize() >= SlabTable.bytes(FIRST_ROW), "no table of slabs, but of bytes ", s == null ? 0 : s.byteSize());
        capacity = settings.capacity();
        maxBlocks = settings.maxBlocks();
        shift = settings.places().shift();
        generation = Header.half(t, Header.GENERATION);
        fresh = Header.half(t, Header.FRESH);
        freshRow = s == null ? FIRST_ROW : half(s, FRESH_ROW);
        isDecided = Header.half(t, Header.DECIDED) != 0;
        isResetting = Header.half(t, Header.RESETTING) != 0;
    }

    void check() {
        checkHeader();
        if (s != null) {
            checkClasses();
            for (int row = FIRST_ROW; row < freshRow; row++) {
                checkRow(row);
            }
            for (int row = freshRow; row < half(s, VIRGIN_ROW); row++) {
                for (int place = 0; place < SLOTS; place++) {
                    require(!isLive(SlabTable.entry(s, row << 6 | place)), "a slot is live in a row that is not in use, ", row);
                }
            }
        }
        for (int node = FIRST_REGION; node < fresh; node++) {
            checkNode(node);
        }
        checkOverlaps();
        if (live > maxBlocks) {
            throw new RefusedException("more allocations are live than maxAllocations, " + live + " of " + maxBlocks + ": say maxAllocations(" + live + ") or more");
        }
    }

    /// Writes what a rebuild relies on and does not make: the capacity, which the file says elsewhere and which a kill may have left
    /// behind that. After a loss of power, pages with the ends of the tables may be older than what lies behind those ends, and the
    /// last generation older than the nodes. A block counts as resized only if that was looked at.
    void prepare() {
        Header.setWord(t, Header.CAPACITY, capacity);
        Header.setWord(t, Header.LIMIT, 0); // of this opening: see [Engine#growsTo]
        Header.setHalf(t, Header.GENERATION, generation);
        Header.setHalf(t, Header.RESIZED, resized);
        Header.setWord(t, Header.LIVE, 0); // a rebuild tells others by how much it changes this
        if (s != null) {
            for (int row = freshRow; row < half(s, VIRGIN_ROW); row++) { // the end may be a reset's, and these rows from before it
                s.asSlice(SlabTable.at(row), ENTRIES).fill((byte) 0);
                for (int place = 0; place < SLOTS; place++) {
                    SlabTable.setEntry(s, row << 6 | place, SlabTable.entry(s, row << 6 | place) & GENERATION);
                }
            }
            s.asSlice(SlabTable.at(half(s, VIRGIN_ROW))).fill((byte) 0);
        }
    }

    private void checkHeader() {
        require(fresh >= FIRST_REGION && fresh <= nodes(t), "the node table ends at node ", fresh, " of ", nodes(t));
        require(generation >= 0, "the last generation is ", generation);
        int floor = Header.half(t, Header.FLOOR);
        require(floor >= 0 && (floor & 1) == 0, "new slots would be of generation ", floor);
        int resized = Header.half(t, Header.RESIZED);
        require(resized == NIL || resized >= FIRST_REGION && resized < nodes(t), "a node is being resized that there is not, ", resized);
        int slack = Header.half(t, Header.RESIZED_SLACK);
        require(slack >= 0 && slack <= NodeState.MAX_SLACK, "what is resized is to have unused bytes ", slack);
        for (int flag : new int[] {Header.RESETTING, Header.DECIDED, Header.BUSY}) {
            require((Header.half(t, flag) & ~1) == 0, "a flag of the node table is neither 0 nor 1, at byte ", flag);
        }
    }

    private void checkClasses() {
        int virgin = half(s, VIRGIN_ROW);
        require(freshRow >= FIRST_ROW && freshRow <= virgin && virgin <= rows(s), "the slab table ends at row ", freshRow, " of ", virgin);
        int last = half(s, LAST_CLASS);
        require(last >= SMALL && last < SEEN, "the last class is ", last);
        for (int sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
            int size = half(s, line(sizeClass) + CLASS_SIZE);
            if (sizeClass > 0 && sizeClass <= last) {
                require(sizeClass <= SMALL ? size == sizeClass : size == 0 || size > SMALL && size <= LARGEST, "a class of another size: ", sizeClass, ", ", size);
            } else {
                require(half(s, line(sizeClass) + HEAD) == 0 && half(s, line(sizeClass) + TAIL) == 0 && half(s, line(sizeClass) + EMPTY) == 0
                                && half(s, line(sizeClass) + ROWS) == 0,
                        "a class that there is not has slabs, ", sizeClass);
            }
        }
        for (int size = 0; size <= LARGEST; size++) {
            int value = s.get(BYTE, CLASS_OF + size) & 0xFF;
            require(value == 0 || size > SMALL && (value >= SEEN || value > SMALL && value <= last && half(s, line(value) + CLASS_SIZE) == size),
                    "a size of another class: ", size, ", ", value);
        }
        long none = SlabTable.at(0);
        boolean isUnused = word(s, none + BITS) == 0 && word(s, none + SHAPE) == 0 && half(s, none + NODE) == NIL && half(s, none + NEXT_ROW) == 0;
        for (int place = 0; place < SLOTS; place++) {
            isUnused &= SlabTable.entry(s, place) == 0;
        }
        require(isUnused, "a row is in use that stands for none, ", 0);
    }

    // ---- rows --------------------------------------------------------------------------------------------------

    private boolean isSlab(int row) {
        int node = half(s, SlabTable.at(row) + NODE);
        return node >= FIRST_REGION && node < fresh && links(t, node) == (NodeState.SLAB | row);
    }

    private void checkRow(int row) {
        int node = half(s, SlabTable.at(row) + NODE);
        require(node == NIL || node >= FIRST_REGION && node < nodes(t), "a row names a node that there is not: ", row, ", ", node);
        if (isSlab(row)) {
            checkSlab(row);
        } else {
            checkMoved(row);
        }
    }

    private void checkSlab(int row) {
        long at = SlabTable.at(row);
        long shape = word(s, at + SHAPE);
        int size = SlabTable.size(shape);
        int slots = SlabTable.slots(shape);
        int sizeClass = SlabTable.sizeClass(shape);
        require(slots > 0 && slots <= SLOTS, "a row has slots that no slab has: ", row, ", ", slots);
        require(size > 0 && sizeClass > 0 && sizeClass <= half(s, LAST_CLASS) && half(s, line(sizeClass) + CLASS_SIZE) == size,
                "a row is not of its class's size: ", row, ", ", size);
        long region = region(t, half(s, at + NODE));
        long units = Math.max(sizeOf(region), (long) slots * size); // less, if it was being dissolved
        require(offsetOf(region) == SlabTable.offset(shape) && units - (long) slots * size <= SlabTable.mostRest(units),
                "a slab's region is not that of its slots: ", row, ", granules ", sizeOf(region));
        place(offsetOf(region), units, row);
        for (int place = 0; place < SLOTS; place++) {
            long entry = SlabTable.entry(s, row << 6 | place);
            if (isLive(entry)) {
                require(place < slots, "a slot is live that its row has not: ", row << 6 | place, " of ", slots);
                checkSlot(row << 6 | place, entry, size);
                live += isEnded(entry) || isRetired(row << 6 | place, entry) ? 0 : 1;
            }
        }
    }

    /// A live slot of a slab. It may be about to move.
    private void checkSlot(int slot, long entry, long size) {
        if (isMoved(entry)) {
            int node = movedTo(entry);
            require(NodeState.standsFor(t, node, slot), "a slot has moved to a node that does not stand for it: ", slot, ", ", node);
            checkSlack(NodeState.slack(links(t, node)), size, node);
        } else {
            require(isInSlab(entry), "a slot is neither in its slab nor moved: ", slot);
            checkSlack((int) entry & NodeState.MAX_SLACK, size, slot);
        }
    }

    private static boolean isInSlab(long entry) {
        return (entry & LOW) < RETIRED << 1;
    }

    private void checkMoved(int row) {
        for (int place = 0; place < SLOTS && !isResetting; place++) {
            int slot = row << 6 | place;
            long entry = SlabTable.entry(s, slot);
            if (isLive(entry)) {
                int node = isMoved(entry) ? movedTo(entry) : place == 0 ? half(s, SlabTable.at(row) + NODE) : NIL;
                require(NodeState.standsFor(t, node, slot) && (isMoved(entry) || isInSlab(entry)), "a slot is live, but has no place: ", slot);
            }
        }
    }

    private boolean isEnded(long entry) {
        return isDecided && (entry & PENDING) != 0;
    }

    // ---- nodes -------------------------------------------------------------------------------------------------

    private void checkNode(int node) {
        long links = links(t, node);
        if (links > 0 || NodeState.isUnused(links) || NodeState.isReserved(links)) {
            return; // not taken
        }
        if (NodeState.isSlab(links)) {
            int row = low(links);
            require(s != null && row >= FIRST_ROW && row < freshRow && (half(s, SlabTable.at(row) + NODE) == node || isResetting),
                    "a slab without a row: node ", node, ", row ", row);
            return;
        }
        boolean isMarked = (links & NodeState.PENDING) == NodeState.PENDING;
        long unmarked = isMarked ? links & ~NodeState.PENDING : links;
        require(NodeState.isLive(unmarked) && (unmarked & NO_FLAGS) == 0 && low(unmarked) > 0, "a node is neither free nor taken: ", node, ", ", links);
        int later = low(unmarked) - generation & Header.MAX_GENERATION;
        generation = later < A_WHILE ? low(unmarked) : generation;
        int slot = slot(t, node);
        if (slot == 0 ? !(isMarked && isDecided) : isHeld(node, slot)) {
            unmarked = slot == 0 || isMoved(SlabTable.entry(s, slot)) ? unmarked : nodeLinks(notPending(SlabTable.entry(s, slot)));
            long region = region(t, node);
            require(sizeOf(region) > 0, "a node has no granules: ", node);
            place(offsetOf(region), sizeOf(region), node);
            boolean isResized = !isMarked && node == Header.half(t, Header.RESIZED) && region == Header.word(t, Header.RESIZED_REGION);
            resized = isResized ? node : resized;
            checkSlack(isResized ? Header.half(t, Header.RESIZED_SLACK) : NodeState.slack(unmarked), sizeOf(region), node);
            live += NodeState.isRetired(unmarked) && !isSuccessor(node, slot, unmarked) ? 0 : 1;
        }
    }

    /// Whether a live slot of a slab is retired.
    private boolean isRetired(int slot, long entry) {
        return isMoved(entry) ? NodeState.isRetired(links(t, movedTo(entry))) && !isSuccessor(movedTo(entry), slot, links(t, movedTo(entry)))
                : (notPending(entry) & RETIRED) != 0 && !isSuccessor(NIL, slot, 0);
    }

    /// Whether a block that is retired is about to be brought to light, see [Batch].
    private boolean isSuccessor(int node, int slot, long links) {
        long successor = isDecided ? Header.word(t, Header.SUCCESSOR) : 0;
        return successor != 0 && (slot == 0 ? NodeState.matchesRetired(links, successor) && low(successor) == node
                : SlabTable.isSlot(successor) && SlabTable.slotOf(successor) == slot && matches(SlabTable.entry(s, slot), successor));
    }

    /// Whether the slot that a live node stands for has moved to it, and is live.
    private boolean isHeld(int node, int slot) {
        int row = slot >>> 6;
        require(s != null && slot > 0 && row >= FIRST_ROW && (row < freshRow || isResetting), "a node stands for a slot that there is not: ", node, ", ", slot);
        if (row >= freshRow) {
            return false;
        }
        long entry = SlabTable.entry(s, slot);
        if (!isLive(entry) || isSlab(row)) {
            return false;
        }
        boolean isNamed = isMoved(entry) ? movedTo(entry) == node : (slot & 63) == 0 && half(s, SlabTable.at(row) + NODE) == node;
        require(isNamed || isResetting, "a node stands for a slot that is elsewhere: ", node, ", ", slot);
        return isNamed && !isEnded(entry);
    }

    // ---- ranges ------------------------------------------------------------------------------------------------

    private void checkSlack(int slack, long units, int number) {
        require(slack >= 0 && slack <= units << shift, "a block has less than no bytes: ", number, ", unused ", slack);
    }

    private void place(long offset, long size, int number) {
        require(offset + size <= capacity, "granules that there are not, of ", number, ", up to ", offset + size);
        if (count == places.length) {
            places = Arrays.copyOf(places, 2 * places.length);
        }
        places[count++] = offset << 32 | offset + size;
    }

    private void checkOverlaps() {
        places = AddressOrder.sort(places, count);
        long end = 0;
        long gaps = 1;
        for (int i = 0; i < count; i++) {
            long place = places[i];
            require(place >>> 32 >= end, "two blocks have a granule, ", place >>> 32);
            gaps += place >>> 32 > end ? 1 : 0;
            end = place & LOW;
        }
        places = null;
        require(gaps <= nodes(t) - FIRST_REGION - count || gaps - 1 <= nodes(t) - FIRST_REGION - count && end == capacity,
                "no nodes for the free regions, ", gaps);
    }

    private static void require(boolean fact, String otherwise, long x) {
        if (!fact) {
            throw new RefusedException("its tables are damaged: " + otherwise + x);
        }
    }

    private static void require(boolean fact, String otherwise, long x, String and, long y) {
        if (!fact) {
            throw new RefusedException("its tables are damaged: " + otherwise + x + and + y);
        }
    }
}
