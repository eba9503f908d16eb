package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Bins;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.Tally;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Slabs that come and go: what all kinds have in common, none of which is on the way of an ordinary request. See
/// [io.github.offsetallocator.internal.tables.SlabTable] for where things lie.
///
/// **When there are slabs.** The first blocks of a size come from the bins. Then the size gets a slab of 8 slots, and each
/// further one has half as many slots as the size has had, 64 at most; none takes more than a share of the range that has
/// memory. New ones are made while a quarter of what has memory, or may get it, is free. Sizes above 64 units get slabs if they are popular.
///
/// **Order of stores.** The entry is the truth. What takes more than one store (slabs that come and go) is done between
/// [#begin] and [#end]; a call that finds it begun rebuilds from the entries. A slab exists iff its node's links name its row,
/// which is one store too.
public abstract sealed class Slabs implements AutoCloseable permits OneThreadSlabs, AnyThreadSlabs {
    /// What [#take] returns when no slab serves the request.
    public static final long NONE_FREE = 0;

    private static final int FEWEST_SLOTS = 4;
    private static final int FIRST_SLOTS = 8;
    /// A slab takes at most this share of the range: a 512th while half of it is free, then a 1024th.
    private static final int SHARE_SHIFT = 9, SCARCE_SHARE_SHIFT = 10;
    /// Where slabs are to be found by offset, the smallest have a page; a 128th of the range may be as small as that.
    private static final int SMALL_SHARE_SHIFT = 7;
    /// A smaller range has no slabs.
    private static final int SMALLEST_RANGE = 4096;
    /// New slabs while at least this share of the range is free: a quarter.
    private static final int ROOMY_SHIFT = 2;
    /// Requests for a size that the bins serve before it gets slabs, up to 64 units and above.
    private static final int HEAT_SMALL = 4;
    private static final int HEAT_LARGE = 16;
    /// Slabs lie at multiples of the largest power of two in their size, up to this one. Where addresses count, up to what
    /// any native memory of ours starts at, so that places don't depend on it.
    private static final int MOST_NATURAL = 64, MOST_NATURAL_BY_ADDRESS = 4;

    final Regions regions;
    final PageMap pages;
    final Tally tally;
    private final int maxBlocks;
    final long phase;

    /// @param pages where slabs are entered to be found by offset, or null
    Slabs(Regions regions, PageMap pages, int maxBlocks, long phase) {
        this.regions = regions;
        this.pages = pages;
        tally = regions.tally();
        this.maxBlocks = maxBlocks;
        this.phase = phase;
    }

    /// Slabs for those threads that use the regions.
    public static Slabs of(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        return regions.threads() == TableMemory.Threads.ANY
                ? AnyThreadSlabs.make(regions, pages, maxBlocks, phase, memory)
                : OneThreadSlabs.make(regions, pages, maxBlocks, phase, memory);
    }

    static void writeHead(MemorySegment head) {
        for (int size = 1; size <= SMALL; size++) {
            setHalf(head, line(size) + CLASS_SIZE, size);
        }
        setHalf(head, LAST_CLASS, SMALL);
        setHalf(head, FRESH_ROW, FIRST_ROW);
        setHalf(head, VIRGIN_ROW, FIRST_ROW);
    }

    // ---- what the kinds do -------------------------------------------------------------------------------------

    /// The handle of a free slot of exactly this size, now live, or [#NONE_FREE].
    public abstract long take(long size, int slack);

    /// As [#take], if the slots of the first slab of this size start at multiples of `alignment`.
    public abstract long takeAligned(long size, long alignment, int slack);

    /// Frees the slot of a handle. Returns false if there is no such live slot in a slab.
    public abstract boolean give(long handle);

    /// Frees the live slot that starts at `unit` in the slab of a row, if it has this size in parts of a unit.
    public abstract boolean giveAt(int row, long unit, long size, int shift);

    /// As [#give], for a slot whose entry has a mark: [SlabTable#PENDING] or [SlabTable#RETIRED].
    public abstract boolean giveMarked(long handle, long mark);

    /// Lets calls take the short way, or sends all of them the way that asks whether they may.
    public abstract void open(boolean isOpen);

    public abstract boolean isOpen();

    public abstract long byteSize();

    @Override
    public abstract void close();

    /// Where classes and sums lie.
    public abstract MemorySegment head();

    /// Where a row lies.
    public abstract MemorySegment segment(int row);

    public abstract long at(int row);

    /// The entry of a slot, 0 if there is no such slot.
    public abstract long entry(int slot);

    public abstract void setEntry(int slot, long entry);

    /// Writes an entry if it still is what is expected. Returns false if another thread has changed it.
    public abstract boolean replaceEntry(int slot, long expected, long entry);

    /// What the low half of a free slot's entry says in a slab of a class. Elsewhere it is 0.
    abstract long freeLow(int sizeClass);

    /// Makes sure that there is a row for a new slab. Returns false if there is none and no memory for one.
    abstract boolean hasRow();

    abstract void link(int row, long line);

    abstract void unlink(int row, long line);

    /// Whether a slab of this class has a free slot that [#take] finds; looks for one, if that takes a while.
    abstract boolean search(long line);

    /// No class lists a slab.
    abstract void clearLists();

    /// Puts free slots that wait outside the slab of a row back into it. It is about to end.
    abstract void settle(int row);

    /// Puts all free slots that wait outside their slabs back into them.
    public abstract void settle();

    /// Live and retired slots above, their units below.
    public abstract long used();

    /// A slot has become live, or dead, by another way than [#take] and [#give].
    abstract void addUsed(long change);

    /// Makes tables smaller after a peak, if that is possible.
    public abstract void trim();

    // ---- begin and end -----------------------------------------------------------------------------------------

    /// Says that slabs, lists or sums are about to change.
    void begin() {
        setHalf(head(), BUSY, 1);
    }

    /// As [#begin], before all slabs end. No call takes the short way until [#clear] is through, or a rebuild: slots of slabs
    /// whose regions are free may still look as if they could be taken.
    public abstract void beginClear();

    void end() {
        setHalf(head(), BUSY, 0);
    }

    /// Whether an error has left something half changed.
    public boolean isBusy() {
        return half(head(), BUSY) != 0;
    }

    // ---- new slabs ---------------------------------------------------------------------------------------------

    /// Makes sure that a slab of this size has a free slot, if there may be one.
    public final boolean refill(long size) {
        if (size < 1 || size > LARGEST || !isOpen()) {
            return false;
        }
        int sizeClass = classFor(head(), (int) size);
        return sizeClass != 0 && (search(line(sizeClass)) || make(line(sizeClass), (int) size));
    }

    /// The class of a size, or 0. One that is asked for often gets one.
    final int classFor(MemorySegment head, int size) {
        if (size <= SMALL) {
            return size;
        }
        int value = head.get(BYTE, CLASS_OF + size) & 0xFF;
        if (value > 0 && value < SEEN) {
            return value;
        }
        int seen = value == 0 ? 1 : value - SEEN + 1;
        if (seen < HEAT_LARGE) {
            head.set(BYTE, CLASS_OF + size, (byte) (SEEN + seen));
            return 0;
        }
        int made = newClass(head);
        if (made != 0) {
            setHalf(head, line(made) + CLASS_SIZE, size);
            setHalf(head, line(made) + HEAT, seen);
        }
        head.set(BYTE, CLASS_OF + size, (byte) made);
        return made;
    }

    /// A class that no size has or, if there is none, that of a large size without slabs; 0 if all have some.
    private int newClass(MemorySegment head) {
        int last = half(head, LAST_CLASS);
        if (last < SEEN - 1) {
            setHalf(head, LAST_CLASS, last + 1);
            return last + 1;
        }
        for (int other = SMALL + 1; reusesClasses() && other < SEEN; other++) {
            if (half(head, line(other) + ROWS) == 0) {
                long named = CLASS_OF + half(head, line(other) + CLASS_SIZE);
                if (head.get(BYTE, named) == (byte) other) { // an error may have struck before it was named
                    head.set(BYTE, named, (byte) 0);
                }
                return other;
            }
        }
        return 0;
    }

    /// Whether a class may change its size. Not where another thread may be about to use it.
    abstract boolean reusesClasses();

    private boolean make(long line, int size) {
        MemorySegment head = head();
        int heat = half(head, line + HEAT) + 1;
        setHalf(head, line + HEAT, heat);
        MemorySegment nodes = regions.table();
        int slots = slots(Header.open(nodes), Header.word(nodes, Header.FREE_UNITS), size, heat);
        if (slots < FEWEST_SLOTS
                || !Header.isRoomy(nodes, ROOMY_SHIFT)
                || Header.half(nodes, Header.BLOCKS) > maxBlocks - slots
                || !hasRow()) {
            return false;
        }
        head = head();
        nodes = regions.ready(4);
        long units = (long) slots * size;
        begin();
        Regions.begin(nodes);
        // At a multiple of the largest power of two in the size, so that slots serve requests with that alignment.
        long natural = Math.min(Integer.lowestOneBit(size), phase == 0 ? MOST_NATURAL : MOST_NATURAL_BY_ADDRESS);
        int node = natural == 1 ? regions.take(nodes, units) : regions.takeAligned(nodes, units, natural, phase, false);
        if (node == NIL) {
            Regions.end(nodes);
            end();
            return false;
        }
        setLinks(nodes, node, NodeState.UNUSED);
        if (!areReady(region(nodes, node))) {
            regions.give(nodes, node);
            Regions.end(nodes);
            end();
            return false;
        }
        int row = takeRow(head);
        write(row, line, size, slots, nodes, node);
        if (pages != null) {
            pages.coverSlab(row, region(nodes, node));
        }
        VarHandle.releaseFence(); // what the row says, before it has a slab
        setLinks(nodes, node, NodeState.SLAB | row);
        openSlots(row, (int) (line >>> CLASS_SHIFT), slots);
        Header.add(nodes, Header.BLOCKS, slots);
        Regions.end(nodes);
        setHalf(head, line + HEAT, heat + slots - 1);
        setHalf(head, line + ROWS, half(head, line + ROWS) + 1);
        setWord(head, SLAB_UNITS, word(head, SLAB_UNITS) + units);
        link(row, line);
        end();
        regions.publish();
        return true;
    }

    /// Whether a slab's region can be entered in the page map.
    private boolean areReady(long region) {
        try {
            if (pages != null) {
                pages.ready(region);
            }
            return true;
        } catch (OutOfMemoryError e) { // the bins may still serve the request
            return false;
        }
    }

    /// How many slots the next slab of a size gets; too few if it gets none.
    private int slots(long capacity, long free, int size, int heat) {
        if (capacity < SMALLEST_RANGE || size <= SMALL && heat <= HEAT_SMALL) {
            return 0;
        }
        long most = capacity >>> (free >= capacity >>> 1 ? SHARE_SHIFT : SCARCE_SHARE_SHIFT);
        int slots = (int) Math.min(Math.min(SLOTS, Math.max(FIRST_SLOTS, heat >>> 1)), most / size);
        if (pages == null || slots * size >= PageMap.PAGE_UNITS) {
            return slots;
        }
        return capacity >>> SMALL_SHARE_SHIFT >= PageMap.PAGE_UNITS ? (PageMap.PAGE_UNITS + size - 1) / size : 0;
    }

    private void write(int row, long line, int size, int slots, MemorySegment nodes, int node) {
        MemorySegment t = segment(row);
        long at = at(row);
        int sizeClass = (int) (line >>> CLASS_SHIFT);
        setWord(t, at + SHAPE, SlabTable.shape(size, slots, sizeClass, offsetOf(region(nodes, node))));
        setHalf(t, at + NODE, node);
        setHalf(t, at + RECIPROCAL, (int) ((1L << 31) / size + 1));
        setHalf(t, at + MOVED_LEFT, 0);
        setWord(t, at + BITS, -1L >>> SLOTS - slots);
        setSlot(nodes, node, 0);
    }

    /// Lets slots be taken. Another thread that has the row from an earlier slab may do so at once, so this comes after the
    /// store that makes the slab: a block of which a caller knows must not be lost.
    private void openSlots(int row, int sizeClass, int slots) {
        VarHandle.releaseFence();
        for (int place = 0; place < slots; place++) {
            setEntry(row << 6 | place, entry(row << 6 | place) & GENERATION | freeLow(sizeClass));
        }
    }

    private int takeRow(MemorySegment head) {
        int row = half(head, UNUSED_ROWS);
        if (row != 0) {
            setHalf(head, UNUSED_ROWS, half(segment(row), at(row) + NEXT_ROW));
        } else {
            row = half(head, FRESH_ROW);
            if (row >= half(head, VIRGIN_ROW)) {
                long first = (long) Header.half(regions.table(), Header.FLOOR) << 32;
                for (int place = 0; place < SLOTS; place++) {
                    setEntry(row << 6 | place, first);
                }
                VarHandle.releaseFence();
                setHalf(head, VIRGIN_ROW, row + 1);
            }
            setHalf(head, FRESH_ROW, row + 1);
        }
        setHalf(head, ROWS_USED, half(head, ROWS_USED) + 1);
        return row;
    }

    private void discardRow(int row) {
        MemorySegment head = head();
        MemorySegment t = segment(row);
        long at = at(row);
        setWord(t, at + SHAPE, 0);
        setHalf(t, at + NODE, NIL);
        setHalf(t, at + NEXT_ROW, half(head, UNUSED_ROWS));
        setHalf(head, UNUSED_ROWS, row);
        setHalf(head, ROWS_USED, half(head, ROWS_USED) - 1);
    }

    // ---- slabs that end ----------------------------------------------------------------------------------------

    /// Gives the region of an empty slab back to the bins. The caller has begun. Returns false if a slot has been taken
    /// meanwhile.
    final boolean giveBack(int row) {
        MemorySegment t = segment(row);
        long at = at(row);
        if (!shut(row)) {
            return false;
        }
        MemorySegment nodes = regions.table();
        int node = half(t, at + NODE);
        unlink(row, line(SlabTable.sizeClass(shape(row))));
        Regions.begin(nodes);
        VarHandle.releaseFence(); // all slots are shut
        setLinks(nodes, node, NodeState.UNUSED);
        setWord(t, at + BITS, 0);
        Header.add(nodes, Header.BLOCKS, -forget(row));
        discardRow(row);
        regions.give(nodes, node);
        Regions.end(nodes);
        regions.trim();
        return true;
    }

    /// Lets no slot of a slab be taken any more, if all are free.
    private boolean shut(int row) {
        long low = freeLow(SlabTable.sizeClass(shape(row)));
        int slots = SlabTable.slots(shape(row));
        for (int place = 0; place < slots; place++) {
            long entry = entry(row << 6 | place);
            if (isLive(entry) || !replaceEntry(row << 6 | place, entry, entry & GENERATION)) {
                while (--place >= 0) {
                    setEntry(row << 6 | place, entry(row << 6 | place) | low);
                }
                return false;
            }
        }
        return true;
    }

    /// Takes a slab out of what its class and the sums say. Returns how many slots it has.
    private int forget(int row) {
        MemorySegment head = head();
        MemorySegment t = segment(row);
        long at = at(row);
        long shape = shape(row);
        int slots = SlabTable.slots(shape);
        long line = line(SlabTable.sizeClass(shape(row)));
        setHalf(head, line + ROWS, half(head, line + ROWS) - 1);
        setHalf(head, line + HEAT, Math.max(0, half(head, line + HEAT) - slots));
        setWord(head, SLAB_UNITS, word(head, SLAB_UNITS) - (long) slots * SlabTable.size(shape));
        return slots;
    }

    /// Tells [#dissolve(Enough)] when to stop.
    @FunctionalInterface
    public interface Enough {
        boolean now();
    }

    /// Dissolves slabs that have free slots, the emptiest first, until `enough` says so.
    ///
    /// @return whether `enough` did
    public abstract boolean dissolve(Enough enough);

    /// Whether at least so many 64ths of a slab's slots are free, and one at least.
    static boolean isEmptyEnough(long free, int slots, int least) {
        return free != 0 && Long.bitCount(free) * 64 >= least * slots;
    }

    /// Bits of the free slots of a slab, by their entries.
    final long free(int row) {
        int slots = SlabTable.slots(shape(row));
        long free = 0;
        for (int place = 0; place < slots; place++) {
            free |= isLive(entry(row << 6 | place)) ? 0 : 1L << place;
        }
        return free;
    }

    /// Ends a slab in one way or the other.
    final void end(int row) {
        if (isEmpty(row)) {
            settle(row);
            begin();
            boolean isGone = giveBack(row);
            end();
            if (isGone) {
                return;
            }
        }
        dissolve(row);
    }

    /// Dissolves all slabs.
    public final void dissolveAll() {
        for (int row = FIRST_ROW; row < half(head(), FRESH_ROW); row++) {
            if (isSlab(row)) {
                end(row);
            }
        }
    }

    /// Whether the chunk before a wall has nothing but free regions and empty slabs.
    public final boolean isEmptyBefore(int wall) {
        MemorySegment nodes = regions.table();
        int node = previousNeighbour(nodes, wall);
        while (isFreeOrEmpty(nodes, node)) {
            node = previousNeighbour(nodes, node);
        }
        return node == EDGE || NodeState.isWall(links(nodes, node));
    }

    /// Ends all slabs in the chunk before a wall.
    public final void endAllBefore(int wall) {
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

    /// Whether a row holds a slab: its node says so.
    public final boolean isSlab(int row) {
        MemorySegment nodes = regions.table();
        int node = half(segment(row), at(row) + NODE);
        return node != NIL && Integer.compareUnsigned(node, Header.half(nodes, Header.FRESH)) < 0
                && links(nodes, node) == (NodeState.SLAB | row);
    }

    /// Ends a slab: its free slots go back to the bins, its live ones get nodes of their own. What makes it so is the one
    /// store to the links of the slab's node; until then nodes that stand for a slot count for nothing.
    public final void dissolve(int row) {
        MemorySegment nodes = regions.ready(2 * SLOTS);
        MemorySegment t = segment(row);
        long at = at(row);
        int slots = SlabTable.slots(shape(row));
        int size = SlabTable.size(shape(row));
        int whole = half(t, at + NODE);
        if (pages != null) {
            pages.ready(region(nodes, whole));
            pages.dropStale(nodes, region(nodes, whole));
        }
        settle(row);
        begin();
        Regions.begin(nodes);
        unlink(row, line(SlabTable.sizeClass(shape(row))));
        long live = 0;
        int last = whole;
        for (int place = slots - 1; place > 0; place--) {
            int piece = Regions.cutTail(nodes, whole, size);
            last = place == slots - 1 ? piece : last;
            live |= moveTo(nodes, piece, row << 6 | place) ? 1L << place : 0;
        }
        VarHandle.releaseFence();
        live |= moveTo(nodes, whole, row << 6) ? 1 : 0; // from here on the slab is no more
        int moved = Long.bitCount(live);
        forget(row);
        addUsed(-(Header.ONE + size) * moved);
        Header.add(nodes, Header.BLOCKS, moved - slots);
        Header.setWord(nodes, Header.LIVE, Header.word(nodes, Header.LIVE) + (Header.ONE + size) * moved);
        tally.add((Header.ONE + size) * moved);
        setWord(t, at + BITS, 0);
        setWord(t, at + SHAPE, 0);
        setHalf(t, at + NODE, NIL);
        setHalf(t, at + MOVED_LEFT, moved);
        if (moved == 0) {
            discardRow(row);
        }
        spread(nodes, last, slots, live);
        Regions.end(nodes);
        end();
        tally.dissolve();
    }

    /// Lets a node stand for a slot, if that is live; otherwise the slot can't be taken any more and the node is unused.
    private boolean moveTo(MemorySegment nodes, int node, int slot) {
        while (true) {
            long entry = entry(slot);
            if (!isLive(entry)) {
                if (replaceEntry(slot, entry, entry & GENERATION)) {
                    setSlot(nodes, node, 0);
                    setLinks(nodes, node, NodeState.UNUSED);
                    return false;
                }
                continue;
            }
            setSlot(nodes, node, slot);
            setLinks(nodes, node, NodeState.live((int) entry & NodeState.MAX_SLACK, (int) (entry >>> 32))
                    | ((entry & RETIRED) == 0 ? 0 : NodeState.RETIRED));
            VarHandle.releaseFence();
            if (replaceEntry(slot, entry, entry & GENERATION | MOVED | node)) {
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
    public final void forgetMoved(int slot) {
        int row = slot >>> 6;
        MemorySegment t = segment(row);
        long at = at(row);
        begin();
        setEntry(slot, ended(entry(slot)));
        VarHandle.releaseFence(); // the entry ends the block; its node goes after that
        setHalf(t, at + MOVED_LEFT, half(t, at + MOVED_LEFT) - 1);
        if (half(t, at + MOVED_LEFT) == 0) {
            discardRow(row);
        }
        end();
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    /// Frees all slots. The caller has begun, and has freed the regions. O(slots).
    public final void clear() {
        MemorySegment head = head();
        for (int row = FIRST_ROW; row < half(head, FRESH_ROW); row++) {
            for (int place = 0; place < SLOTS; place++) {
                kill(row << 6 | place);
            }
            setWord(segment(row), at(row) + BITS, 0);
            setWord(segment(row), at(row) + SHAPE, 0);
            setHalf(segment(row), at(row) + NODE, NIL);
            setHalf(segment(row), at(row) + MOVED_LEFT, 0);
        }
        clearClasses(head);
        forgetSizes(head);
        setHalf(head, UNUSED_ROWS, 0);
        setHalf(head, FRESH_ROW, FIRST_ROW);
        setHalf(head, ROWS_USED, 0);
        end();
    }

    /// Neither live nor to be taken.
    private void kill(int slot) {
        long entry;
        do {
            entry = entry(slot);
        } while (!replaceEntry(slot, entry, (isLive(entry) ? freed(entry) : entry) & GENERATION));
        if (isLive(entry)) {
            ended(entry);
        }
    }

    /// The entry of a live slot whose block was freed. Where generations are all that counts blocks, notes that one starts anew.
    long ended(long entry) {
        return freed(entry);
    }

    private void clearClasses(MemorySegment head) {
        clearLists();
        for (int sizeClass = 1; sizeClass <= half(head, LAST_CLASS); sizeClass++) {
            setHalf(head, line(sizeClass) + HEAT, 0);
            setHalf(head, line(sizeClass) + ROWS, 0);
            setWord(head, line(sizeClass) + WAITING, 0);
        }
        addUsed(-used());
        setWord(head, SLAB_UNITS, 0);
    }

    /// Forgets which large sizes are popular.
    private void forgetSizes(MemorySegment head) {
        if (reusesClasses()) {
            head.asSlice(CLASS_OF, LARGEST + 1).fill((byte) 0);
            setHalf(head, LAST_CLASS, SMALL);
        }
    }

    final boolean isUnused(int row) {
        return half(segment(row), at(row) + NODE) == NIL && half(segment(row), at(row) + MOVED_LEFT) == 0;
    }

    final void chainUnused() {
        MemorySegment head = head();
        setHalf(head, UNUSED_ROWS, 0);
        setHalf(head, ROWS_USED, half(head, FRESH_ROW) - FIRST_ROW);
        for (int row = half(head, FRESH_ROW) - 1; row >= FIRST_ROW; row--) {
            if (isUnused(row)) {
                discardRow(row);
            }
        }
    }

    /// How many slots there are, live or free.
    public final int slots() {
        int slots = 0;
        for (int row = FIRST_ROW; row < half(head(), FRESH_ROW); row++) {
            slots += isSlab(row) ? SlabTable.slots(shape(row)) : 0;
        }
        return slots;
    }

    /// How many slots hold a retired block.
    public final int retired() {
        int retired = 0;
        for (int row = FIRST_ROW; row < half(head(), FRESH_ROW); row++) {
            for (int place = 0; isSlab(row) && place < SLOTS; place++) {
                long entry = entry(row << 6 | place);
                retired += isLive(entry) && (entry & RETIRED) != 0 ? 1 : 0;
            }
        }
        return retired;
    }

    /// The largest free region that would come of it if all empty slabs went back.
    public abstract long largestAroundEmpty();

    /// The free space that an empty slab and its neighbours would be.
    final long largestAround(int row) {
        MemorySegment nodes = regions.table();
        int node = half(segment(row), at(row) + NODE);
        long free = sizeOf(region(nodes, node));
        for (int left = previousNeighbour(nodes, node); isFreeOrEmpty(nodes, left); left = previousNeighbour(nodes, left)) {
            free += sizeOf(region(nodes, left));
        }
        for (int right = nextNeighbour(nodes, node); isFreeOrEmpty(nodes, right); right = nextNeighbour(nodes, right)) {
            free += sizeOf(region(nodes, right));
        }
        return free;
    }

    final boolean isFreeOrEmpty(MemorySegment nodes, int node) {
        long links = links(nodes, node);
        return links >= 0 || node != EDGE && NodeState.isSlab(links) && isEmpty((int) links);
    }

    final boolean isEmpty(int row) {
        return free(row) == SlabTable.all(shape(row));
    }

    /// Whether any slot is free, by the entries. O(slots).
    public final boolean hasFree() {
        for (int row = FIRST_ROW; row < half(head(), FRESH_ROW); row++) {
            if (isSlab(row) && free(row) != 0) {
                return true;
            }
        }
        return false;
    }

    /// Adds the number of free regions in each bin: runs of free slots.
    public final void count(int[] counts) {
        for (int row = FIRST_ROW; row < half(head(), FRESH_ROW); row++) {
            if (isSlab(row)) {
                long size = SlabTable.size(shape(row));
                long bits = free(row);
                while (bits != 0) {
                    bits >>>= Long.numberOfTrailingZeros(bits);
                    int run = Long.numberOfTrailingZeros(~bits);
                    counts[Bins.bin(run * size)]++;
                    bits = run == SLOTS ? 0 : bits >>> run;
                }
            }
        }
    }

    // ---- after an error ----------------------------------------------------------------------------------------

    /// Makes lists, bits and sums anew from the entries and the nodes. O(slots).
    public final void rebuild() {
        MemorySegment head = head();
        MemorySegment nodes = regions.table();
        begin();
        clearClasses(head);
        for (int row = FIRST_ROW; row < half(head, FRESH_ROW); row++) {
            if (isSlab(row)) {
                rebuildSlab(nodes, row);
            } else {
                rebuildMoved(nodes, row);
            }
        }
        chainUnused();
        end();
    }

    private void rebuildSlab(MemorySegment nodes, int row) {
        MemorySegment head = head();
        MemorySegment t = segment(row);
        long at = at(row);
        int size = SlabTable.size(shape(row));
        int slots = SlabTable.slots(shape(row));
        long low = freeLow(SlabTable.sizeClass(shape(row)));
        for (int place = 0; place < SLOTS; place++) {
            int slot = row << 6 | place;
            long entry;
            do { // other threads may take and free slots meanwhile
                entry = entry(slot);
            } while (!replaceEntry(slot, entry, place < slots ? inSlab(nodes, entry, low) : entry & GENERATION));
        }
        long free = free(row);
        int live = slots - Long.bitCount(free);
        long line = line(SlabTable.sizeClass(shape(row)));
        setWord(t, at + BITS, free);
        setHalf(t, at + MOVED_LEFT, 0);
        addUsed((Header.ONE + size) * live);
        setWord(head, SLAB_UNITS, word(head, SLAB_UNITS) + (long) slots * size);
        setHalf(head, line + ROWS, half(head, line + ROWS) + 1);
        setHalf(head, line + HEAT, half(head, line + HEAT) + slots);
        link(row, line);
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
        return (entry & PENDING) != 0 && Header.half(nodes, Header.DECIDED) != 0 ? freed(entry) : entry & ~PENDING;
    }

    /// Counts the live slots of a row without a slab that have a node; others are dead.
    private void rebuildMoved(MemorySegment nodes, int row) {
        int whole = half(segment(row), at(row) + NODE);
        int left = 0;
        for (int place = 0; place < SLOTS; place++) {
            int slot = row << 6 | place;
            long entry = unmarked(nodes, entry(slot));
            if (isLive(entry) && !isMoved(entry) && place == 0 && standsFor(nodes, whole, slot)) {
                entry = entry & GENERATION | MOVED | whole; // the last step of dissolving
            }
            if (isLive(entry) && !(isMoved(entry) && standsFor(nodes, movedTo(entry), slot))) {
                entry = freed(entry);
            }
            setEntry(slot, isLive(entry) ? entry : entry & GENERATION);
            left += isLive(entry) ? 1 : 0;
        }
        setHalf(segment(row), at(row) + NODE, NIL);
        setWord(segment(row), at(row) + SHAPE, 0);
        setWord(segment(row), at(row) + BITS, 0);
        setHalf(segment(row), at(row) + MOVED_LEFT, left);
    }

    private static boolean standsFor(MemorySegment nodes, int node, int slot) {
        return node >= FIRST_REGION && Integer.compareUnsigned(node, Header.half(nodes, Header.FRESH)) < 0
                && NodeState.isLive(links(nodes, node)) && slot(nodes, node) == slot;
    }

    /// Whether a node that is live or a slab counts: one that stands for a slot does iff the slot's entry names it and the
    /// row has no slab any more; a slab's node does iff the row names it, and has the slab's whole region then.
    public final boolean holds(int node) {
        MemorySegment nodes = regions.table();
        long links = links(nodes, node);
        if (NodeState.isSlab(links)) {
            int row = (int) links;
            if (row < FIRST_ROW || row >= half(head(), FRESH_ROW) || half(segment(row), at(row) + NODE) != node) {
                return false;
            }
            long shape = shape(row);
            setRegion(nodes, node, SlabTable.offset(shape) << 32 | (long) SlabTable.slots(shape) * SlabTable.size(shape));
            return true;
        }
        int slot = slot(nodes, node);
        if (slot == 0) {
            return true;
        }
        long entry = entry(slot);
        return isLive(entry) && isMoved(entry) && movedTo(entry) == node && !isSlab(slot >>> 6);
    }

    // ---- by offset ---------------------------------------------------------------------------------------------

    /// Units from the start of the range to a slot.
    public final long offset(int slot) {
        long shape = shape(slot >>> 6);
        return SlabTable.offset(shape) + (slot & 63) * (long) SlabTable.size(shape);
    }

    /// Units of a slot.
    public final long size(int slot) {
        return SlabTable.size(shape(slot >>> 6));
    }

    /// What [SlabTable#SHAPE] says of a row that there is.
    abstract long shape(int row);

    /// Whether the next slot of the slab is live, so that the block can't grow.
    public final boolean isFollowedByALiveSlot(int slot) {
        return (slot + 1 & 63) != 0 && isLive(entry(slot + 1)); // behind the last slot of a slab none is live
    }

    /// The slot that starts at `unit` in the slab of a row, or -1 if that row has no slab there or no slot starts there.
    public final int slotAt(int row, long unit) {
        MemorySegment t = segment(row);
        if (t == null) {
            return -1;
        }
        long at = at(row);
        long shape = t.get(WORD, at + SHAPE);
        long distance = unit - SlabTable.offset(shape);
        long size = SlabTable.size(shape);
        if (distance < 0 || distance >= SlabTable.slots(shape) * size) {
            return -1;
        }
        int place = (int) (distance * (t.get(HALF, at + RECIPROCAL) & LOW) >>> 31);
        return place * size == distance ? row << 6 | place : -1;
    }
}
