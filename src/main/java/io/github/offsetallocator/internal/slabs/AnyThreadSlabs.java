package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Slabs for any thread: a block's generation is its lock.
///
/// ```
///   take    hints -> a slab, a place in it;  entry: even, of this class --compare and set--> odd
///   give    entry: odd, as the handle says   --compare and set--> even, of the slab's class;  hints
/// ```
///
/// Of two threads that free one handle exactly one succeeds, on whichever thread, and so it is with two who take one slot. Nobody
/// holds anything, so a thread that is stopped anywhere delays no other. An entry that is free has the slab's class in its
/// low half, or 0 when the slot must not be taken: a thread that comes late, with the row of a slab that is gone or has been
/// made anew for another size, finds another value than it expects.
///
/// **Hints.** Everything else that [#take] and [#give] look at is written plainly and may lose a bit in a race: the free bits
/// of a slab, and what the [Stripes] say. A thread whose hints tell of nothing looks at the bits of eight slabs on the ring of its stripe
/// and class. What a race hides is free all the same: before it asks for a new slab, a thread reads the entries of two slabs of that ring, and
/// of six more if there was something in the two, [#takeHidden]. [Slabs#dissolve], which comes before a refusal, reads all. So nothing is
/// hidden when a request is refused, and without a race nothing is.
///
/// **Empty slabs** stay while there is room, see [EmptySlabs].
///
/// **Under the lock**, which the caller holds: making slabs, giving them back, dissolving, rings, classes. Rows lie in
/// [RowChunks] that never move, since another thread may be about to change an entry.
public final class AnyThreadSlabs extends Slabs {
    /// Slabs whose bits a thread looks at, and whose entries it reads.
    private static final int SEARCHED = 8;
    /// Slabs whose entries it reads if there is nothing in them.
    private static final int READ = 2;

    private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
    /// The head after close: no size has a class.
    private static final MemorySegment CLOSED = Arena.ofAuto().allocate(SlabTable.at(FIRST_ROW)).asReadOnly();

    private final SlotCount count;

    private final RowChunks rows;
    private MemorySegment head;
    private final Stripes stripes;
    private final EmptySlabs empty;
    private boolean open = true;

    /// Made here and not where the kind is chosen, as in [OneThreadSlabs#make].
    static Slabs make(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        return new AnyThreadSlabs(regions, pages, maxBlocks, phase, memory);
    }

    private AnyThreadSlabs(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        super(regions, pages, maxBlocks, phase);
        count = new SlotCount(this, Header.half(regions.table(), Header.FLOOR));
        boolean isFound = memory.isFound();
        rows = new RowChunks(memory, tally);
        head = rows.head();
        stripes = new Stripes();
        empty = new EmptySlabs(this, stripes);
        if (isFound) {
            count.startHere();
        }
        replaceEntry(0, entry(0), 0); // links what a reset calls, which may come when the heap is full; row 0 has no slots
    }

    // ---- take --------------------------------------------------------------------------------------------------

    @Override
    public long take(long size, int slack) {
        return take(size, 1, slack);
    }

    /// Where rows may be made anew meanwhile, a slot may have come out of another slab than the one that was looked at.
    @Override
    public long takeAligned(long size, long alignment, int slack) {
        return (size & alignment - 1) == 0 ? take(size, alignment, slack) : NONE_FREE;
    }

    private long take(long size, long alignment, int slack) {
        int sizeClass;
        if (Long.compareUnsigned(size - 1, SMALL) < 0) {
            sizeClass = (int) size;
        } else if (Long.compareUnsigned(size - 1, LARGEST) < 0) {
            sizeClass = head.get(BYTE, CLASS_OF + size) & 0xFF;
        } else {
            return NONE_FREE;
        }
        int[] s = stripes.here();
        if (s == null || sizeClass == 0 || sizeClass >= SEEN) {
            return NONE_FREE;
        }
        int row = Stripes.current(s, sizeClass);
        long handle = isAligned(row, alignment) ? takeFrom(row, sizeClass, slack) : NONE_FREE;
        if (handle == NONE_FREE) {
            handle = takeNoted(s, sizeClass, alignment, slack);
        }
        if (handle == NONE_FREE) {
            handle = takeNear(s, sizeClass, alignment, slack);
        }
        return handle != NONE_FREE ? handle : takeHidden(s, sizeClass, alignment, slack);
    }

    private boolean isAligned(int row, long alignment) {
        return alignment == 1 || (SlabTable.offset(shape(row)) + phase & alignment - 1) == 0;
    }

    /// Takes a slot of a slab, if it is of this class and has a free one that its bits tell of.
    private long takeFrom(int row, int sizeClass, int slack) {
        MemorySegment t = segment(row);
        if (t == null) {
            return NONE_FREE;
        }
        long at = at(row);
        long bits = t.get(WORD, at + BITS);
        if (bits == 0) {
            return NONE_FREE;
        }
        do {
            int place = Long.numberOfTrailingZeros(bits);
            bits &= bits - 1;
            long entryAt = at + ENTRIES + ((long) place << 3);
            long entry = t.get(WORD, entryAt);
            if ((entry & (ONE_GENERATION | LOW)) == sizeClass) {
                long live = entry - sizeClass + ONE_GENERATION;
                if (ENTRY.compareAndSet(t, entryAt, entry, live | slack)) {
                    t.set(WORD, at + BITS, bits);
                    return live | (long) row << 6 | place | 0x8000_0000L;
                }
            } else if (SlabTable.sizeClass(t.get(WORD, at + SHAPE)) != sizeClass) {
                return NONE_FREE; // the row was made anew: its bits are those of another class
            }
        } while (bits != 0);
        t.set(WORD, at + BITS, 0L);
        return NONE_FREE;
    }

    /// Takes a slot of one of the slabs that are noted, the one noted first before others.
    private long takeNoted(int[] s, int sizeClass, long alignment, int slack) {
        for (int left = Stripes.noted(s, sizeClass); left > 0; left--) {
            int row = Stripes.removeNoted(s, sizeClass);
            if (!isAligned(row, alignment)) {
                Stripes.note(s, sizeClass, row);
                continue;
            }
            long handle = takeFrom(row, sizeClass, slack);
            if (handle != NONE_FREE) {
                Stripes.setCurrent(s, sizeClass, row);
                return handle;
            }
        }
        return NONE_FREE;
    }

    /// Takes a slot of one of the next slabs on the ring. Another thread may change the ring meanwhile, so that this one follows the links
    /// of a row that is on it no more: where that leads elsewhere, the look ends, and the next one starts at the hand.
    private long takeNear(int[] s, int sizeClass, long alignment, int slack) {
        int row = Stripes.looked(s, sizeClass);
        if (row == 0) {
            row = Stripes.hand(s, sizeClass);
        }
        long handle = NONE_FREE;
        for (int left = SEARCHED; left > 0 && row != 0 && handle == NONE_FREE; left--) {
            MemorySegment t = segment(row);
            row = t == null ? 0 : half(t, at(row) + NEXT_ROW); // null once closed
            if (!isOnRing(row, sizeClass)) {
                row = 0;
            } else if (isAligned(row, alignment)) {
                handle = takeFrom(row, sizeClass, slack);
            }
        }
        if (handle != NONE_FREE) {
            Stripes.setCurrent(s, sizeClass, row);
        }
        Stripes.setLooked(s, sizeClass, row);
        return handle;
    }

    /// Reads the entries of some of the slabs on the ring, of which a race may have hidden what is free: their bits have told of nothing.
    /// The first with a free slot is taken from, others are noted. Follows links as [#takeNear] does.
    private long takeHidden(int[] s, int sizeClass, long alignment, int slack) {
        int row = Stripes.read(s, sizeClass);
        if (row == 0) {
            row = Stripes.hand(s, sizeClass);
        }
        long handle = NONE_FREE;
        boolean isFound = false;
        for (int done = 0; done < (isFound ? SEARCHED : READ) && row != 0; done++) {
            MemorySegment t = segment(row);
            row = t == null ? 0 : half(t, at(row) + NEXT_ROW);
            t = segment(row);
            if (t == null || !isOnRing(row, sizeClass)) {
                row = 0;
            } else {
                long free = free(t, row);
                setWord(t, at(row) + BITS, free);
                if (handle == NONE_FREE && free != 0 && isAligned(row, alignment)) {
                    handle = takeFrom(row, sizeClass, slack);
                    Stripes.setCurrent(s, sizeClass, row);
                } else if (free != 0) {
                    Stripes.note(s, sizeClass, row);
                }
                isFound |= free != 0;
            }
        }
        Stripes.setRead(s, sizeClass, row);
        return handle;
    }

    /// Whether a row is on the ring of this thread's stripe and of a class, if no other thread changes that.
    private boolean isOnRing(int row, int sizeClass) {
        MemorySegment t = segment(row);
        return t != null && SlabTable.sizeClass(word(t, at(row) + SHAPE)) == sizeClass && half(t, at(row) + STRIPE) == Stripes.home();
    }

    // ---- give --------------------------------------------------------------------------------------------------

    @Override
    public boolean give(long handle) {
        return giveMarked(handle, 0);
    }

    @Override
    public boolean giveAt(int row, long unit, long size, int shift) {
        MemorySegment t = segment(row);
        if (t == null) {
            return false;
        }
        long at = at(row);
        long shape = t.get(WORD, at + SHAPE);
        int place = SlabTable.placeAt(shape, unit);
        if (place < 0) {
            return false;
        }
        long entryAt = at + ENTRIES + ((long) place << 3);
        long entry = (long) ENTRY.getAcquire(t, entryAt);
        // The row may be made anew between the two reads, but not while the entry stays live as it is.
        return SlabTable.isLiveInPlace(entry) && SlabTable.hasSize(shape, entry, size, shift) && t.get(WORD, at + SHAPE) == shape
                && give(t, row << 6 | place, at, entryAt, entry, entry, shape);
    }

    @Override
    public boolean giveMarked(long handle, long mark) {
        int slot = slotOf(handle);
        MemorySegment t = segment(slot >>> 6);
        if (t == null) {
            return false;
        }
        long at = at(slot >>> 6);
        long entryAt = at + ENTRIES + ((slot & 63L) << 3);
        long entry = t.get(WORD, entryAt) ^ mark;
        return matchesInPlace(entry, handle) && give(t, slot, at, entryAt, entry ^ mark, entry, t.get(WORD, at + SHAPE));
    }

    /// Ends a live slot, unless another thread has.
    private boolean give(MemorySegment t, int slot, long at, long entryAt, long expected, long entry, long shape) {
        long dead = freed(entry);
        if (!ENTRY.compareAndSet(t, entryAt, expected, dead | SlabTable.sizeClass(shape))) {
            return false;
        }
        if (dead == 0) {
            count.startedAnew();
        }
        try {
            long bits = t.get(WORD, at + BITS);
            t.set(WORD, at + BITS, bits | 1L << slot);
            if (bits == 0) {
                announce(t, at, slot >>> 6, SlabTable.sizeClass(shape));
            }
            return true;
        } catch (IllegalStateException closed) { // after the slot was freed, and maybe because it was
            return true;
        }
    }

    /// Lets the slab's stripe know that it has a free slot again.
    private void announce(MemorySegment t, long at, int row, int sizeClass) {
        int[] s = stripes.of(t.get(HALF, at + STRIPE));
        if (s != null && Stripes.current(s, sizeClass) != row) {
            Stripes.note(s, sizeClass, row);
        }
    }

    // ---- rings -------------------------------------------------------------------------------------------------

    /// Another thread of the stripe may have made a slab while this one waited for the lock.
    @Override
    boolean search(long line) {
        int[] s = stripes.ready();
        int row = s == null ? 0 : Stripes.current(s, classOf(line));
        return row != 0 && SlabTable.sizeClass(shape(row)) == classOf(line) && word(segment(row), at(row) + BITS) != 0;
    }

    @Override
    void link(int row, long line) {
        int[] s = stripes.ready();
        int sizeClass = classOf(line);
        int hand = s == null ? 0 : Stripes.hand(s, sizeClass);
        setHalf(segment(row), at(row) + STRIPE, s == null ? 0 : Stripes.home()); // no memory for the stripe: the slab is found when it is dissolved
        SlabRing.link(this, row, hand == 0 ? row : hand);
        if (s != null) {
            Stripes.setHand(s, sizeClass, row);
            Stripes.setCurrent(s, sizeClass, row);
        }
    }

    @Override
    void unlink(int row, long line) {
        int previous = SlabRing.unlink(this, row);
        int[] s = stripes.of(half(segment(row), at(row) + STRIPE));
        int sizeClass = classOf(line);
        if (s != null && Stripes.hand(s, sizeClass) == row) {
            Stripes.setHand(s, sizeClass, previous == row ? 0 : previous);
        }
        if (s != null && Stripes.current(s, sizeClass) == row) {
            Stripes.setCurrent(s, sizeClass, 0);
        }
    }

    @Override
    int stripes() {
        return Math.max(1, stripes.count());
    }

    private static int classOf(long line) {
        return (int) (line >>> CLASS_SHIFT);
    }

    @Override
    void sweep(boolean isRoomy) {
        boolean someStay = isRoomy && !regions.hasChunks();
        if (!someStay || stripes() == 1) { // else each slab that goes and comes would take the lock from others
            empty.sweep(someStay);
        }
    }

    @Override
    boolean keepsEmpty() {
        return true;
    }

    @Override
    int spare(int size, int slots) {
        return empty.spare(size, slots);
    }

    @Override
    public boolean giveBackEmpty(Enough enough) {
        return empty.giveBackAll(enough);
    }

    /// O(slots).
    @Override
    public boolean dissolve(Enough enough) {
        // First those of which half is free.
        for (int least = 32; least >= 0; least -= 32) {
            for (int row = FIRST_ROW; row < half(head, FRESH_ROW); row++) {
                if (isSlab(row) && isEmptyEnough(free(row), SlabTable.slots(shape(row)), least)) {
                    ending.end(row);
                    if (enough.now()) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    @Override
    void clearLists() {
        stripes.clear();
    }

    /// No class has a current slab.
    @Override
    void settle(int row) {}

    @Override
    public void settle() {}

    // ---- the tables --------------------------------------------------------------------------------------------

    @Override
    public MemorySegment segment(int row) {
        return rows.segment(row);
    }

    @Override
    long shape(int row) {
        MemorySegment t = segment(row);
        return t == null ? 0 : word(t, at(row) + SHAPE); // closed meanwhile: then no entry is still as it was
    }

    @Override
    public long at(int row) {
        return RowChunks.at(row);
    }

    @Override
    public long entry(int slot) {
        MemorySegment t = segment(slot >>> 6);
        return t == null ? 0 : (long) ENTRY.getAcquire(t, entryAt(slot));
    }

    @Override
    void setEntry(MemorySegment t, long at, long entry) {
        ENTRY.setRelease(t, at, entry);
    }

    @Override
    boolean replaceEntry(MemorySegment t, long at, long expected, long entry) {
        return ENTRY.compareAndSet(t, at, expected, entry);
    }

    @Override
    long freeLow(int sizeClass) {
        return sizeClass;
    }

    @Override
    boolean hasRow() {
        return half(head, UNUSED_ROWS) != 0 || rows.hasFresh();
    }

    @Override
    public MemorySegment head() {
        return head;
    }

    @Override
    boolean reusesClasses() {
        return false;
    }

    @Override
    public long used() {
        return report.used();
    }

    /// What counts slots without the lock.
    public SlotCount count() {
        return count;
    }

    @Override
    long ended(long entry) {
        if (freed(entry) == 0) {
            count.startedAnew();
        }
        return freed(entry);
    }

    @Override
    public long largestAroundEmpty() {
        return report.largestAroundAny();
    }

    @Override
    void addUsed(long change) {}

    /// Lets no free slot be taken, until [#unshut()]. A slot that is live stays so, and can be taken once it is freed. Returns whether none
    /// was. O(slots).
    public boolean shut() {
        stripes.shut();
        return ending.shutFree();
    }

    /// Lets free slots be taken again. O(slots).
    public void unshut() {
        ending.unshut();
        stripes.open();
    }

    /// Another thread may still be about to look at a row, so rows stay.
    @Override
    public void trim() {}

    @Override
    public void beginClear() {
        stripes.shut();
        begin();
    }

    @Override
    void end() {
        super.end();
        stripes.open();
    }

    @Override
    public void open(boolean isOpen) {
        open = isOpen;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public long byteSize() {
        return rows.byteSize();
    }

    @Override
    public void close() {
        open = false;
        head = CLOSED;
        rows.close();
    }
}
