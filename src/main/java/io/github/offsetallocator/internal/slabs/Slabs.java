package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.Tally;
import java.lang.foreign.MemorySegment;

/// Slabs that come and go: what all kinds have in common, none of which is on the way of an ordinary request. See
/// [io.github.offsetallocator.internal.tables.SlabTable] for where things lie.
///
/// ```
///   SlabMaking     when there are slabs, and how one comes to be      RowChain     rows that wait for a slab
///   SlabEnding     giving back, dissolving                            SlabReport   what they hold
///   SlabRebuild    after an error: all from the entries
/// ```
///
/// **Order of stores.** The entry is the truth. What takes more than one store (slabs that come and go) is done between
/// [#begin] and [#end]; a call that finds it begun rebuilds from the entries. A slab exists iff its node's links name its row,
/// which is one store too.
public abstract sealed class Slabs implements AutoCloseable permits OneThreadSlabs, AnyThreadSlabs {
    /// What [#take] returns when no slab serves the request.
    public static final long NONE_FREE = 0;

    final Regions regions;
    final PageMap pages;
    final Tally tally;
    final long phase;
    final RowChain chain;
    final SlabEnding ending;
    final SlabReport report;
    private final PopularSizes popular = new PopularSizes(this);
    private final SlabMaking making;
    private final SlabRebuild rebuild;

    /// @param pages where slabs are entered to be found by offset, or null
    Slabs(Regions regions, PageMap pages, int maxBlocks, long phase) {
        this.regions = regions;
        this.pages = pages;
        tally = regions.tally();
        this.phase = phase;
        chain = new RowChain(this);
        ending = new SlabEnding(this);
        report = new SlabReport(this);
        making = new SlabMaking(this, maxBlocks);
        rebuild = new SlabRebuild(this);
    }

    /// Slabs for those threads that use the regions.
    ///
    /// @param memory the caller's to close if this fails
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

    /// As [#take], from a slab whose slots start at multiples of `alignment`. A caller that works beside others has to look again.
    public abstract long takeAligned(long size, long alignment, int slack);

    /// Frees the slot of a handle. Returns false if there is no such live slot in a slab.
    public abstract boolean give(long handle);

    /// Frees the live slot that starts at `unit` in the slab of a row, if it has this size in parts of a unit, or [SlabTable#ANY_SIZE] is given.
    public abstract boolean giveAt(int row, long unit, long size, int shift);

    /// As [#giveAt], of a slot that may be the one that starts there.
    public boolean giveSlotAt(int slot, long unit, long size, int shift) {
        return giveAt(slot >>> 6, unit, size, shift);
    }

    /// As [#give], for a slot whose entry has a mark: [SlabTable#pending(long)] or [SlabTable#RETIRED].
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

    abstract void setEntry(MemorySegment t, long at, long entry);

    public final void setEntry(int slot, long entry) {
        setEntry(segment(slot >>> 6), entryAt(slot), entry);
    }

    /// Writes an entry if it still is what is expected. Returns false if another thread has changed it.
    abstract boolean replaceEntry(MemorySegment t, long at, long expected, long entry);

    public final boolean replaceEntry(int slot, long expected, long entry) {
        return replaceEntry(segment(slot >>> 6), entryAt(slot), expected, entry);
    }

    final long entryAt(int slot) {
        return at(slot >>> 6) + ENTRIES + ((slot & 63L) << 3);
    }

    /// What the low half of a free slot's entry says in a slab of a class. Elsewhere it is 0.
    abstract long freeLow(int sizeClass);

    /// Makes sure that there is a row for a new slab. Returns false if there is none and no memory for one.
    abstract boolean hasRow();

    abstract void link(int row, long line);

    abstract void unlink(int row, long line);

    /// Whether a slab of this class has a free slot that [#take] finds; looks for one, if that takes a while.
    abstract boolean search(long line);

    /// How many stripes have slabs of their own; 1 if there are no stripes.
    abstract int stripes();

    /// Gives some empty slabs back before another is made, if there is no room, or if nobody does that when the last slot is freed. O(1).
    abstract void sweep(boolean isRoomy);


    /// A slab that looks empty and can be made anew with about so many slots of a size; 0 if none is at hand. O(1).
    int spare(int size, int slots) {
        return 0;
    }

    /// Whether a rebuild keeps a slab that is empty. Where another thread may be about to take a slot of it, it has to.
    abstract boolean keepsEmpty();

    /// No class lists a slab, or has a current one.
    abstract void clearLists();

    /// Makes the slab of a row, which is about to end, no longer the current one of its class.
    abstract void settle(int row);

    /// Lets no class have a current slab any more: each is among those with free slots, or given back if it is empty.
    public abstract void settle();

    /// The row of the slab that serves the requests of a class, or 0 if there is none, or no such thing.
    public int current(int sizeClass) {
        return 0;
    }

    /// The free bits of a slab, wherever they are. A hint where threads share slabs.
    public long bits(int row) {
        return word(segment(row), at(row) + BITS);
    }

    /// Live and retired slots above, their units below.
    public abstract long used();

    /// A slot has become live, or dead, by another way than [#take] and [#give].
    abstract void addUsed(long change);

    /// Makes tables smaller after a peak, that of the regions too, if it is time and nothing in their upper halves is in use. Slabs without
    /// a live slot go back first.
    public abstract void trim();

    /// A region was freed: sees whether a chunk has nothing else. Returns whether it is time to [#trim()].
    ///
    /// @param before the one before it
    public boolean regionFreed(int before) {
        return regions.isTrimDue() || isTrimDue();
    }

    /// Lets the next [#isTrimDue()] not wait for frees.
    public void trimSoon() {}

    /// Whether it is time to [#trim()] the slabs' own table.
    public boolean isTrimDue() {
        return false;
    }

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
        if (size < 1 || size > LARGEST || !isOpen() || Header.open(regions.table()) == 0) { // the request comes again when a chunk is open
            return false;
        }
        int sizeClass = popular.classOf(head(), (int) size);
        return sizeClass != 0 && (search(line(sizeClass)) || making.make(line(sizeClass), (int) size));
    }

    /// Whether a class may change its size. Not where another thread may be about to use it.
    abstract boolean reusesClasses();

    // ---- slabs that end ----------------------------------------------------------------------------------------

    /// Tells [#dissolve(Enough)] when to stop.
    @FunctionalInterface
    public interface Enough {
        boolean now();
    }

    /// Gives back what there is without the end of a slab with a live slot, until `enough` says so. O(slabs).
    ///
    /// @return whether `enough` did
    public abstract boolean giveBackEmpty(Enough enough);

    /// Dissolves slabs that have free slots, the emptiest first, until `enough` says so.
    ///
    /// @return whether `enough` did
    public abstract boolean dissolve(Enough enough);

    /// Whether at least so many 64ths of a slab's slots are free, and one at least.
    static boolean isEmptyEnough(long free, int slots, int least) {
        return free != 0 && Long.bitCount(free) * 64 >= least * slots;
    }

    /// Dissolves all slabs.
    public final void dissolveAll() {
        ending.dissolveAll();
    }

    /// Whether the chunk before a wall has nothing but free regions and empty slabs.
    public final boolean isEmptyBefore(int wall) {
        return report.isEmptyBefore(wall);
    }

    /// Ends all slabs in the chunk before a wall.
    public final void endAllBefore(int wall) {
        ending.endAllBefore(wall);
    }

    /// Ends a slab: its free slots go back to the bins, its live ones get nodes of their own.
    public final void dissolve(int row) {
        ending.dissolveAndWait(row);
    }

    /// A slot that had moved to a node was freed: its entry says so from here on.
    public final void forgetMoved(int slot) {
        ending.forgetMoved(slot);
    }

    /// Bits of the free slots of a slab, by their entries.
    final long free(int row) {
        return free(segment(row), row);
    }

    /// As [#free(int)], where the row lies in `t`.
    final long free(MemorySegment t, int row) {
        long from = at(row) + ENTRIES;
        long live = 0;
        for (int place = 0; place < SLOTS; place++) { // without a branch: most searches of a shared arena's slabs find many of both kinds
            live |= (t.get(WORD, from + ((long) place << 3)) >>> 32 & 1) << place;
        }
        return SlabTable.all(shape(row)) & ~live;
    }

    final boolean isEmpty(int row) {
        return free(row) == SlabTable.all(shape(row));
    }

    /// First unit behind the last live slot of a slab, 0 if none is live.
    public final long endOfLive(int row) {
        long shape = shape(row);
        long live = SlabTable.all(shape) & ~free(row);
        return live == 0 ? 0 : SlabTable.offset(shape) + (long) SlabTable.size(shape) * (Long.SIZE - Long.numberOfLeadingZeros(live));
    }

    /// Whether a row holds a slab: its node says so.
    public final boolean isSlab(int row) {
        MemorySegment nodes = regions.table();
        int node = half(segment(row), at(row) + NODE);
        return node != NIL && Integer.compareUnsigned(node, Header.half(nodes, Header.FRESH)) < 0
                && links(nodes, node) == (NodeState.SLAB | row);
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
            setShape(row, 0);
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

    /// No class has a slab, or a slot.
    final void clearClasses(MemorySegment head) {
        clearLists();
        for (int sizeClass = 1; sizeClass <= half(head, LAST_CLASS); sizeClass++) {
            setHalf(head, line(sizeClass) + HEAT, 0);
            setHalf(head, line(sizeClass) + ROWS, 0);
            setHalf(head, line(sizeClass) + WAIT, 0);
        }
        addUsed(-used());
        setWord(head, SLAB_UNITS, 0);
    }

    /// Forgets which large sizes are popular.
    private void forgetSizes(MemorySegment head) {
        if (reusesClasses()) {
            zero(head, CLASS_OF, LARGEST + 1);
            setHalf(head, LAST_CLASS, SMALL);
        }
    }

    /// The largest free region that would come of it if all empty slabs went back.
    public abstract long largestAroundEmpty();

    /// How many slots there are, live or free.
    public final int slots() {
        return report.slots();
    }

    /// How many slots hold a retired block.
    public final int retired() {
        return report.retired();
    }

    /// Whether any slot is free, by the entries. O(slots).
    public final boolean hasFree() {
        return report.hasFree();
    }

    /// Adds the number of free regions in each bin: runs of free slots.
    public final void count(int[] counts) {
        report.count(counts);
    }

    // ---- after an error ----------------------------------------------------------------------------------------

    /// Makes lists, bits and sums anew from the entries and the nodes. O(slots).
    public final void rebuild() {
        rebuild.rebuild();
    }

    /// Whether a node that is live or a slab counts: see [SlabRebuild#holds].
    public final boolean holds(int node) {
        return rebuild.holds(node);
    }

    // ---- by offset ---------------------------------------------------------------------------------------------

    /// Units from the start of the range to a slot.
    public final long offset(int slot) {
        return SlabTable.offsetOf(shapeInUse(slot >>> 6), slot);
    }

    /// How many slots a slab has.
    public final int slots(int row) {
        return SlabTable.slots(shape(row));
    }

    /// Units of a slot.
    public final long size(int slot) {
        return SlabTable.size(shapeInUse(slot >>> 6));
    }

    /// Units of a slab's region: those of its slots, and a rest if it was made anew for another size.
    public final long units(int row) {
        return sizeOf(region(regions.table(), half(segment(row), at(row) + NODE)));
    }

    /// What [SlabTable#SHAPE] says of a row that there is.
    abstract long shape(int row);

    /// What [#shape] says, if a slot of the row is live in its slab; else it may say anything.
    long shapeInUse(int row) {
        return shape(row);
    }

    void setShape(int row, long shape) {
        setWord(segment(row), at(row) + SHAPE, shape);
    }

    /// Units of the free slots from a place of a slab on, up to the next live one or to the end of the slab's region.
    public final long freeFrom(int row, int place) {
        return report.freeFrom(row, place);
    }

    /// The handle of the live slot that starts at `unit` in the slab of a row, or 0 if there is none, or if it is retired or a
    /// freeAll is about to end it.
    public final long handleAt(int row, long unit) {
        int slot = slotAt(row, unit);
        long entry = slot < 0 ? 0 : entry(slot);
        // Another thread may make the row anew between the two reads, but not while the entry stays live as it is.
        return SlabTable.isLiveInPlace(entry) && slotAt(row, unit) == slot ? SlabTable.handle(entry, slot) : 0;
    }

    /// The slot that starts at `unit` in the slab of a row, or -1 if that row has no slab there or no slot starts there.
    final int slotAt(int row, long unit) {
        if (segment(row) == null) {
            return -1;
        }
        int place = SlabTable.placeAt(shapeInUse(row), unit);
        return place < 0 ? -1 : row << 6 | place;
    }
}
