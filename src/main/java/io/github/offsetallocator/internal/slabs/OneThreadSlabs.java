package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Slabs for one thread at a time, in one table that grows.
///
/// ```
///   take    class of the size -> its current slab has no free slot? the first slab on the list is the current one from here on
///                             -> the first free slot: its bit goes, its entry becomes odd
///   give    the entry of the handle becomes even -> in the current slab?  its bit is set beside those of that slab
///                                                   in another one?       its bit is set in that slab, which is listed if it was full
/// ```
///
/// A pair touches two or three cache lines and no neighbours, no bins, no lists, except where a slab becomes full, gets its first free bit
/// again, or becomes empty. Empty slabs stay while there is room, see [KeptSlabs].
///
/// **The current slab.** A program that frees and allocates in turn would cross the edge of a full slab each time, if any slab with a free slot
/// were asked at once. One slab of each class serves all requests until it is full. Slots that are freed elsewhere meanwhile gather in their slabs.
/// A current slab may be empty; so before slabs end for want of room, its free slots go back to it and it to the others ([#settle()]). A
/// program that frees its last block and allocates the next one is no reason: it would pay for all classes each time.
///
/// Lists of slabs are the work of [SlabLists], current ones that of [CurrentSlabs].
public final class OneThreadSlabs extends Slabs {
    private static final int FIRST_ROWS = 8;
    /// A table grows by this part of itself: an eighth.
    static final int GROW_SHIFT = 3;
    /// By a quarter while it is small.
    private static final int SMALL_GROW_SHIFT = 2;

    private final TableMemory memory;
    private final long mostRows;
    private final CurrentSlabs current = new CurrentSlabs();
    private final KeptSlabs kept = new KeptSlabs(this);
    private final SlabTrimming trimming = new SlabTrimming(this);
    /// The table, or [SlabTable#NONE] while no call may take the short way: after close, during a walk, with a plan open.
    private MemorySegment open;
    /// The words of current slabs, or [CurrentSlabs#NONE] while no call may take the short way.
    private long[] openWords;
    /// Whether the short way is to be open while nothing is being changed.
    private boolean mayBeOpen = true;
    private MemorySegment table;
    /// Copies of the rows' shapes, eight in a cache line, so that a call by segment or address, or one that asks where a block lies, reads no header
    /// of a slab. The copy of a row is right if a slot of it is live in its slab; a rebuild makes all copies right.
    private long[] shapes = {};
    /// Rows that the table has had. Up to there it doubles.
    private long peakRows;

    /// Made here and not where the kind is chosen, so that a program with one kind of slabs loads one class: then the compiler needn't
    /// ask which it is.
    static Slabs make(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        return new OneThreadSlabs(regions, pages, maxBlocks, phase, memory);
    }

    private OneThreadSlabs(Regions regions, PageMap pages, int maxBlocks, long phase, TableMemory memory) {
        super(regions, pages, maxBlocks, phase);
        this.memory = memory;
        mostRows = Math.min(MAX_ROWS, (memory.limit() - BASE) / STRIDE);
        MemorySegment found = memory.found();
        table = found == null ? memory.allocate(SlabTable.bytes(FIRST_ROW + FIRST_ROWS)) : found;
        shapes = shapesFor(rows(table));
        openShortWay();
        if (found == null) {
            writeHead(table);
        }
    }

    // ---- take and give -----------------------------------------------------------------------------------------

    @Override
    public long take(long size, int slack) {
        int sizeClass;
        if (Long.compareUnsigned(size - 1, SMALL) < 0) {
            sizeClass = (int) size;
        } else if (Long.compareUnsigned(size - 1, LARGEST) < 0) {
            sizeClass = open.get(BYTE, CLASS_OF + size) & 0xFF;
        } else {
            return NONE_FREE;
        }
        MemorySegment t = open;
        long[] words = openWords;
        try {
            long bits = words[2 * sizeClass];
            if (bits == 0) {
                bits = CurrentSlabs.next(words, t, sizeClass);
                if (bits == 0) {
                    return NONE_FREE;
                }
            }
            words[2 * sizeClass] = bits & bits - 1;
            int slot = (int) words[2 * sizeClass + 1] | Long.numberOfTrailingZeros(bits);
            long entryAt = SlabTable.entryAt(slot);
            long entry = t.get(WORD, entryAt) + ONE_GENERATION;
            t.set(WORD, entryAt, entry | slack);
            tally.took(size);
            return SlabTable.handle(entry, slot);
        } catch (Error e) {
            open = NONE; // stores to fields: a call could fail as well. See isBusy
            openWords = CurrentSlabs.NONE;
            throw e;
        }
    }

    @Override
    public long takeAligned(long size, long alignment, int slack) {
        MemorySegment t = open;
        if (Long.compareUnsigned(size - 1, LARGEST) >= 0 || (size & alignment - 1) != 0) {
            return NONE_FREE;
        }
        int sizeClass = size <= SMALL ? (int) size : t.get(BYTE, CLASS_OF + size) & 0xFF;
        int row = openWords[2 * sizeClass] != 0 ? (int) openWords[2 * sizeClass + 1] >>> 6 : half(t, line(sizeClass) + HEAD);
        return row != 0 && (SlabTable.offset(shape(row)) + phase & alignment - 1) == 0 ? take(size, slack) : NONE_FREE;
    }

    @Override
    public boolean give(long handle) {
        return giveMarked(handle, 0);
    }

    @Override
    public boolean giveMarked(long handle, long mark) {
        MemorySegment t = open;
        int slot = slotOf(handle);
        long entryAt = SlabTable.entryAt(slot);
        long entry;
        try {
            entry = t.get(WORD, entryAt) ^ mark;
        } catch (IndexOutOfBoundsException e) { // the segment's own check says that there is no such slot
            return false;
        }
        if (!matchesInPlace(entry, handle)) {
            return false;
        }
        release(t, slot, entryAt, entry, t.get(WORD, rowAt(slot) + SHAPE));
        return true;
    }

    @Override
    public boolean giveAt(int row, long unit, long size, int shift) {
        MemorySegment t = open;
        long at = BASE + row * STRIDE;
        if (at >= t.byteSize()) { // a hint from before the table shrank, or the short way is closed
            return false;
        }
        long shape = shapes[row];
        int place = SlabTable.placeAt(shape, unit);
        return place >= 0 && giveOfSize(t, row << 6 | place, at + ENTRIES + ((long) place << 3), shape, size, shift);
    }

    @Override
    public boolean giveSlotAt(int slot, long unit, long size, int shift) {
        MemorySegment t = open;
        long entryAt = SlabTable.entryAt(slot);
        if (entryAt >= t.byteSize()) { // as in giveAt
            return false;
        }
        long shape = shapes[slot >>> 6];
        return SlabTable.offsetOf(shape, slot) == unit && giveOfSize(t, slot, entryAt, shape, size, shift);
    }

    private boolean giveOfSize(MemorySegment t, int slot, long entryAt, long shape, long size, int shift) {
        long entry = t.get(WORD, entryAt);
        if (!SlabTable.isLiveInPlace(entry) || !SlabTable.hasSize(shape, entry, size, shift)) {
            return false;
        }
        release(t, slot, entryAt, entry, shape);
        return true;
    }

    /// Ends a live block.
    private void release(MemorySegment t, int slot, long entryAt, long entry, long shape) {
        try {
            t.set(WORD, entryAt, freed(entry));
            int sizeClass = SlabTable.sizeClass(shape);
            tally.gave(SlabTable.size(shape));
            long[] words = openWords;
            if (((int) words[2 * sizeClass + 1] ^ slot) >>> 6 != 0) {
                releaseElsewhere(t, line(sizeClass), slot, shape);
                return;
            }
            words[2 * sizeClass] |= 1L << slot;
        } catch (Error e) {
            open = NONE; // as in take
            openWords = CurrentSlabs.NONE;
            throw e;
        }
    }

    /// As [#release], where the slab is not the current one of its class.
    private void releaseElsewhere(MemorySegment t, long line, int slot, long shape) {
        long at = rowAt(slot);
        long bits = t.get(WORD, at + BITS);
        long now = bits | 1L << slot;
        t.set(WORD, at + BITS, now);
        if (bits == 0) {
            SlabLists.list(t, line, slot >>> 6);
        } else if (now == -1L >>> -SlabTable.slots(shape)) {
            keepOrGiveBack(t, line, slot >>> 6);
        }
    }

    /// O(classes).
    @Override
    public void settle() {
        for (int sizeClass = 1; sizeClass <= half(table, LAST_CLASS); sizeClass++) {
            int row = current.row(sizeClass);
            if (row != 0) {
                leave(sizeClass);
                if (word(table, SlabTable.at(row) + BITS) == SlabTable.all(shape(row)) && !regions.isBusy()) { // as in keepOrGiveBack
                    kept.becameEmpty(table, line(sizeClass), row);
                }
            }
        }
    }

    @Override
    void settle(int row) {
        int sizeClass = SlabTable.sizeClass(shape(row));
        if (current.row(sizeClass) == row) {
            leave(sizeClass);
        }
    }

    private void leave(int sizeClass) {
        begin();
        current.leave(table, sizeClass);
        end();
    }

    @Override
    public int current(int sizeClass) {
        return current.row(sizeClass);
    }

    @Override
    public long bits(int row) {
        return word(table, SlabTable.at(row) + BITS) | current.bits(SlabTable.sizeClass(shape(row)), row);
    }

    // ---- lists -------------------------------------------------------------------------------------------------

    private void keepOrGiveBack(MemorySegment t, long line, int row) {
        if (!regions.isBusy()) { // or an error has left the bins half changed: it stays until they have been made anew
            kept.becameEmpty(t, line, row);
            trim();
        }
    }

    @Override
    void link(int row, long line) {
        SlabLists.link(table, line, row);
    }

    @Override
    void unlink(int row, long line) {
        SlabLists.unlink(table, line, row);
    }

    @Override
    boolean search(long line) {
        return current.hasFree((int) (line >>> CLASS_SHIFT)) || SlabLists.hasFree(table, line);
    }

    @Override
    int stripes() {
        return 1;
    }

    @Override
    void sweep(boolean isRoomy) {
        kept.sweep(isRoomy);
    }

    @Override
    public boolean regionFreed(int before) {
        kept.leaveChunk(before);
        return super.regionFreed(before);
    }

    @Override
    boolean keepsEmpty() {
        return false;
    }

    @Override
    public boolean giveBackEmpty(Enough enough) {
        settle();
        return enough.now() || kept.giveBackAll(enough);
    }

    /// O(slabs with a free slot), since those are listed.
    @Override
    public boolean dissolve(Enough enough) {
        if (giveBackEmpty(enough)) {
            return true;
        }
        MemorySegment t = table;
        // In each round those with at least so many 64ths of their slots free.
        for (int least = 64; least >= 0 && (used() & LOW) != word(t, SLAB_UNITS); least -= 16) {
            for (int sizeClass = 1; sizeClass <= half(t, LAST_CLASS); sizeClass++) {
                int next;
                for (int row = half(t, line(sizeClass) + HEAD); row != 0; row = next) {
                    next = half(t, SlabTable.at(row) + NEXT_ROW);
                    if (isEmptyEnough(word(t, SlabTable.at(row) + BITS), SlabTable.slots(shape(row)), least)) {
                        ending.end(row);
                        if (enough.now()) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }

    @Override
    void clearLists() {
        SlabLists.clear(table);
        current.clear();
        kept.clear();
    }

    @Override
    public long largestAroundEmpty() {
        return Math.max(report.largestAroundOwn(), kept.largestAround());
    }

    // ---- the table ---------------------------------------------------------------------------------------------

    @Override
    public void open(boolean isOpen) {
        mayBeOpen = isOpen;
        openShortWay();
    }

    /// Opens the short way, or closes it, as it is to be.
    private void openShortWay() {
        open = mayBeOpen ? table : NONE;
        openWords = mayBeOpen ? current.words : CurrentSlabs.NONE;
    }

    @Override
    public boolean isOpen() {
        return mayBeOpen;
    }

    /// No call takes the short way from here to [#end], nor after an error in between until all has been made anew: it could
    /// take a slot of a slab that has ended.
    @Override
    void begin() {
        open = NONE;
        openWords = CurrentSlabs.NONE;
        super.begin();
    }

    @Override
    public void beginClear() {
        begin();
        trimming.cleared();
    }

    @Override
    void end() {
        super.end();
        openShortWay();
    }

    /// An error that strikes on the short way closes it.
    @Override
    public boolean isBusy() {
        return super.isBusy() || mayBeOpen && open != table;
    }

    @Override
    public long byteSize() {
        return memory.byteSize();
    }

    @Override
    public void close() {
        open(false);
        table = NONE;
        memory.close();
    }

    @Override
    public MemorySegment head() {
        return table;
    }

    @Override
    public MemorySegment segment(int row) {
        return row < rows(table) ? table : null;
    }

    @Override
    long shape(int row) {
        return word(table, SlabTable.at(row) + SHAPE);
    }

    @Override
    long shapeInUse(int row) {
        return shapes[row];
    }

    @Override
    void setShape(int row, long shape) {
        super.setShape(row, shape);
        shapes[row] = shape;
    }

    @Override
    public long at(int row) {
        return SlabTable.at(row);
    }

    @Override
    public long entry(int slot) {
        try {
            return SlabTable.entry(table, slot);
        } catch (IndexOutOfBoundsException e) { // the segment's own check
            return 0;
        }
    }

    @Override
    void setEntry(MemorySegment t, long at, long entry) {
        t.set(WORD, at, entry);
    }

    @Override
    boolean replaceEntry(MemorySegment t, long at, long expected, long entry) {
        t.set(WORD, at, entry);
        return true;
    }

    @Override
    long freeLow(int sizeClass) {
        return 0;
    }

    @Override
    boolean reusesClasses() {
        return true;
    }

    @Override
    public long used() {
        return tally.live() - Header.word(regions.table(), Header.LIVE);
    }

    @Override
    void addUsed(long change) {
        tally.add(change);
    }

    boolean shrinks() {
        return memory.shrinks();
    }

    @Override
    boolean hasRow() {
        MemorySegment t = table;
        long rows = rows(t);
        if (half(t, UNUSED_ROWS) != 0 || half(t, FRESH_ROW) < rows) {
            return true;
        }
        if (rows == mostRows) {
            return false;
        }
        try {
            long beyondPeak = Math.max(FIRST_ROWS, rows >>> (rows < SlabTrimming.KEPT_ROWS ? SMALL_GROW_SHIFT : GROW_SHIFT));
            long more = rows < peakRows ? Math.min(rows, peakRows - rows) : beyondPeak;
            replaceTable(Math.min(mostRows, rows + more));
            return true;
        } catch (OutOfMemoryError e) { // the bins may still serve the request
            return false;
        }
    }

    /// Copies the rows that have entries: generations of rows that will be used again count too.
    void replaceTable(long rows) {
        MemorySegment old = table;
        long[] copies = shapesFor(rows);
        MemorySegment t = memory.allocate(SlabTable.bytes(rows));
        memory.copy(old, t, SlabTable.bytes(half(old, VIRGIN_ROW)));
        peakRows = Math.max(peakRows, rows);
        open = NONE; // as in begin: an error before the end must not leave the short way in the old table
        openWords = CurrentSlabs.NONE;
        shapes = copies;
        table = t;
        trimming.start();
        openShortWay();
        memory.dropOld();
        tally.happenings().metadataResized(old.byteSize(), t.byteSize());
    }

    /// [#shapes] with room for so many rows: in steps of two, so that copying them makes no more garbage than they have bytes.
    private long[] shapesFor(long rows) {
        boolean isRight = rows <= shapes.length && rows >= shapes.length >>> 2;
        return isRight ? shapes : Arrays.copyOf(shapes, Math.toIntExact(Long.highestOneBit(rows) << 1));
    }

    @Override
    public void trimSoon() {
        trimming.soon();
    }

    @Override
    public boolean isTrimDue() {
        return trimming.isDue();
    }

    @Override
    public void trim() {
        trimming.trim();
    }
}
