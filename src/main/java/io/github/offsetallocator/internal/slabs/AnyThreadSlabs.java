package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

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
/// of a slab, and for each stripe and class the slab to take from and twelve others that have had a slot freed.
///
/// ```
///   a stripe's line of a class, 64 bytes    | current | hand | unused 8 | 12 rows |
/// ```
///
/// A thread takes from the slabs of its stripe, which goes by its number; so private work shares no cache line. What a race
/// hides is free all the same: [#search], which a thread does before it makes a new slab, goes round the ring of its
/// stripe's slabs of that class and reads the entries of eight of them; [Slabs#dissolve], which comes before a refusal, reads
/// all. So at most the free slots of slabs that a hand has not come by yet are hidden, and none when a request is refused.
///
/// **Under the lock**, which the caller holds: making slabs, giving them back, dissolving, rings, classes. Rows lie in
/// chunks that never move, since another thread may be about to change an entry.
public final class AnyThreadSlabs extends Slabs {
    private static final int CHUNK_SHIFT = 5;
    private static final int CHUNK_ROWS = 1 << CHUNK_SHIFT;
    private static final long CHUNK_BYTES = CHUNK_ROWS * STRIDE;
    private static final int MOST_CHUNKS = 16;

    private static final int LINE_SHIFT = 6;
    private static final int CURRENT = 0;
    /// A slab on the ring of the stripe's slabs of the class; the next search starts behind it.
    private static final int HAND = 4;
    private static final int HINTS = 16;
    private static final int HINTS_END = 64;
    /// Slabs that a search reads.
    private static final int SEARCHED = 8;

    private static final int STRIPES = Integer.highestOneBit(Math.clamp(4L * Runtime.getRuntime().availableProcessors() - 1, 8, 64));

    private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private final SlotCount count;

    /// Head and rows.
    private final TableMemory memory;
    /// The stripes' lines.
    private final TableMemory hints;
    private final MemorySegment head;
    private static final MemorySegment[] NO_STRIPES = new MemorySegment[STRIPES];

    private final MemorySegment[] stripes = new MemorySegment[STRIPES];
    /// The stripes, or none while all slabs end.
    private MemorySegment[] openStripes = stripes;
    private final long mostChunks;
    private MemorySegment[] chunks = new MemorySegment[4];
    private int chunkCount;
    private long byteSize;
    private boolean open = true;

    /// Made here and not where the kind is chosen, as in [OneThreadSlabs#make].
    static Slabs make(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        return new AnyThreadSlabs(regions, pages, maxBlocks, phase, memory);
    }

    private AnyThreadSlabs(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        super(regions, pages, maxBlocks, phase);
        count = new SlotCount(this, Header.half(regions.table(), Header.FLOOR));
        this.memory = memory;
        hints = new TableMemory(regions.threads());
        mostChunks = Math.min(MAX_ROWS >>> CHUNK_SHIFT, (memory.limit() - BASE) / CHUNK_BYTES);
        try {
            boolean isFound = memory.isFound();
            head = allocate(memory, BASE);
            if (!isFound) {
                writeHead(head);
            }
            addChunks(Math.max(1, half(head, VIRGIN_ROW) + CHUNK_ROWS - 1 >>> CHUNK_SHIFT));
            if (isFound) {
                count.startHere();
            }
        } catch (Throwable failure) {
            memory.close();
            throw failure;
        }
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
        MemorySegment s = openStripes[home()];
        if (s == null || sizeClass == 0 || sizeClass >= SEEN) {
            return NONE_FREE;
        }
        long line = (long) sizeClass << LINE_SHIFT;
        int row = s.get(HALF, line + CURRENT);
        long handle = isAligned(row, alignment) ? takeFrom(row, sizeClass, slack) : NONE_FREE;
        return handle != NONE_FREE ? handle : takeHinted(s, line, sizeClass, alignment, slack);
    }

    private boolean isAligned(int row, long alignment) {
        return alignment == 1 || (SlabTable.offset(shape(row)) + phase & alignment - 1) == 0;
    }

    private static int home() {
        return (int) Thread.currentThread().threadId() & STRIPES - 1;
    }

    /// Takes a slot of a slab, if it is of this class and has a free one that its bits tell of.
    private long takeFrom(int row, int sizeClass, int slack) {
        MemorySegment t = segment(row);
        if (t == null) {
            return NONE_FREE;
        }
        long at = (row & CHUNK_ROWS - 1) * STRIDE;
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
            }
        } while (bits != 0);
        t.set(WORD, at + BITS, 0L);
        return NONE_FREE;
    }

    private long takeHinted(MemorySegment s, long line, int sizeClass, long alignment, int slack) {
        for (long hint = line + HINTS; hint < line + HINTS_END; hint += 4) {
            int row = s.get(HALF, hint);
            if (row != 0 && isAligned(row, alignment)) {
                s.set(HALF, hint, 0);
                long handle = takeFrom(row, sizeClass, slack);
                if (handle != NONE_FREE) {
                    s.set(HALF, line + CURRENT, row);
                    return handle;
                }
            }
        }
        return NONE_FREE;
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
        long bits = t.get(WORD, at + BITS);
        t.set(WORD, at + BITS, bits | 1L << slot);
        if (bits == 0) {
            announce(t, at, slot >>> 6, SlabTable.sizeClass(shape));
        }
        return true;
    }

    /// Lets the slab's stripe know that it has a free slot again.
    private void announce(MemorySegment t, long at, int row, int sizeClass) {
        MemorySegment s = stripes[t.get(HALF, at + STRIPE)];
        long line = (long) sizeClass << LINE_SHIFT;
        if (s != null && s.get(HALF, line + CURRENT) != row) {
            s.set(HALF, line + HINTS + row % ((HINTS_END - HINTS) >> 2) * 4L, row);
        }
    }

    // ---- rings -------------------------------------------------------------------------------------------------

    /// Reads the entries of some of the home stripe's slabs: the first with a free slot is taken from, others are noted,
    /// those that are empty go back to the bins.
    @Override
    boolean search(long line) {
        MemorySegment s = stripeOf(home());
        if (s == null) {
            return false;
        }
        long own = line >>> CLASS_SHIFT << LINE_SHIFT;
        int hand = half(s, own + HAND);
        boolean found = false;
        int row = hand == 0 ? 0 : SlabRing.next(this, hand);
        for (int left = SEARCHED; left > 0 && row != 0; left--) {
            int next = row == hand ? 0 : SlabRing.next(this, row);
            long free = free(row);
            if (free != 0) {
                found |= use(s, own, row, free, found);
            }
            row = next;
            if (row != 0) {
                setHalf(s, own + HAND, SlabRing.previous(this, row));
            }
        }
        return found;
    }

    private boolean use(MemorySegment s, long own, int row, long free, boolean found) {
        if (found && free == SlabTable.all(shape(row))) {
            begin();
            ending.giveBack(row);
            end();
            regions.publish();
        } else {
            setWord(segment(row), at(row) + BITS, free);
            setHalf(s, found ? own + HINTS + row % ((HINTS_END - HINTS) >> 2) * 4L : own + CURRENT, row);
        }
        return true;
    }

    @Override
    void link(int row, long line) {
        int home = home();
        MemorySegment s = stripeOf(home);
        long own = line >>> CLASS_SHIFT << LINE_SHIFT;
        int hand = s == null ? 0 : half(s, own + HAND);
        setHalf(segment(row), at(row) + STRIPE, s == null ? 0 : home); // no memory for the stripe: the slab is found when it is dissolved
        SlabRing.link(this, row, hand == 0 ? row : hand);
        if (s != null) {
            setHalf(s, own + HAND, row);
            setHalf(s, own + CURRENT, row);
        }
    }

    @Override
    void unlink(int row, long line) {
        int previous = SlabRing.unlink(this, row);
        MemorySegment s = stripes[half(segment(row), at(row) + STRIPE)];
        long own = line >>> CLASS_SHIFT << LINE_SHIFT;
        if (s != null && half(s, own + HAND) == row) {
            setHalf(s, own + HAND, previous == row ? 0 : previous);
        }
        if (s != null && half(s, own + CURRENT) == row) {
            setHalf(s, own + CURRENT, 0);
        }
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
        for (MemorySegment s : stripes) {
            if (s != null) {
                s.fill((byte) 0);
            }
        }
    }

    /// No slot waits outside its slab.
    @Override
    void settle(int row) {}

    @Override
    public void settle() {}

    /// The lines of a stripe, made when it is needed; null if there is no memory for it.
    private MemorySegment stripeOf(int stripe) {
        if (stripes[stripe] == null) {
            try {
                stripes[stripe] = allocate(hints, (long) CLASSES << LINE_SHIFT);
            } catch (OutOfMemoryError e) {
                return null;
            }
        }
        return stripes[stripe];
    }

    // ---- the tables --------------------------------------------------------------------------------------------

    private MemorySegment allocate(TableMemory memory, long bytes) {
        MemorySegment made = memory.more(bytes);
        byteSize += bytes;
        return made;
    }

    /// Adds chunks from one piece of memory.
    private void addChunks(int count) {
        MemorySegment[] more = chunkCount + count > chunks.length ? Arrays.copyOf(chunks, 2 * chunks.length + count) : chunks;
        MemorySegment piece = allocate(memory, count * CHUNK_BYTES);
        for (int i = 0; i < count; i++) {
            more[chunkCount + i] = piece.asSlice(i * CHUNK_BYTES, CHUNK_BYTES);
        }
        VarHandle.releaseFence(); // for threads that look for a row without the lock
        chunks = more;
        chunkCount += count;
        tally.happenings().metadataResized(byteSize - count * CHUNK_BYTES, byteSize);
    }

    @Override
    public MemorySegment segment(int row) {
        MemorySegment[] all = chunks;
        int chunk = row >>> CHUNK_SHIFT;
        return chunk < all.length ? all[chunk] : null;
    }

    @Override
    long shape(int row) {
        MemorySegment t = segment(row);
        return t == null ? 0 : word(t, at(row) + SHAPE); // closed meanwhile: then no entry is still as it was
    }

    @Override
    public long at(int row) {
        return (row & CHUNK_ROWS - 1) * STRIDE;
    }

    private static long entryAt(int slot) {
        return (slot >>> 6 & CHUNK_ROWS - 1) * STRIDE + ENTRIES + ((slot & 63L) << 3);
    }

    @Override
    public long entry(int slot) {
        MemorySegment t = segment(slot >>> 6);
        return t == null ? 0 : (long) ENTRY.getAcquire(t, entryAt(slot));
    }

    @Override
    public void setEntry(int slot, long entry) {
        ENTRY.setRelease(segment(slot >>> 6), entryAt(slot), entry);
    }

    @Override
    public boolean replaceEntry(int slot, long expected, long entry) {
        return ENTRY.compareAndSet(segment(slot >>> 6), entryAt(slot), expected, entry);
    }

    @Override
    long freeLow(int sizeClass) {
        return sizeClass;
    }

    @Override
    boolean hasRow() {
        if (half(head, UNUSED_ROWS) != 0 || half(head, FRESH_ROW) < chunkCount << CHUNK_SHIFT) {
            return true;
        }
        if (chunkCount >= mostChunks) {
            return false;
        }
        try { // a half as many as there are
            addChunks((int) Math.min(mostChunks - chunkCount, Math.clamp(chunkCount >> 1, 1, MOST_CHUNKS)));
            return true;
        } catch (OutOfMemoryError e) { // the bins may still serve the request
            return false;
        }
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
        openStripes = NO_STRIPES;
        return ending.shutFree();
    }

    /// Lets free slots be taken again. O(slots).
    public void unshut() {
        ending.unshut();
        openStripes = stripes;
    }

    /// Another thread may still be about to look at a row, so rows stay.
    @Override
    public void trim() {}

    @Override
    public void beginClear() {
        openStripes = NO_STRIPES;
        begin();
    }

    @Override
    void end() {
        super.end();
        openStripes = stripes;
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
        return byteSize;
    }

    @Override
    public void close() {
        open = false;
        Arrays.fill(stripes, null);
        chunks = new MemorySegment[0];
        hints.close();
        memory.close();
    }
}
