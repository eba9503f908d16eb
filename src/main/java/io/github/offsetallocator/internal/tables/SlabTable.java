package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.HALF;
import static io.github.offsetallocator.internal.tables.NodeTable.LOW;
import static io.github.offsetallocator.internal.tables.NodeTable.WORD;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The struct array of slabs: regions that are cut into up to 64 equal slots.
///
/// ```
///                                               row 0      row 1
///         +-------------+---------------+------+----------+---------------------+------
///         | 256 classes | class of size | sums | all zero | header | 64 entries | …
///         +-------------+---------------+------+----------+---------------------+------
///
///  a class: 32 bytes    head | empty | size | heat | rows | tail | wait      one for each exact size that has slabs
///  a row:   576 bytes, nine cache lines
///     header            free bits 64 | size 16, slots 8, class 8, offset 32 | next, previous | node | moved, stripe, place
///     an entry: 8 bytes, one for each slot
///
///              63  62          32  31       30 … 26  25        24         0
///     slot   | 0 | generation     | 0     |         | retired | unused part |
///     moved  | 0 | generation     | 1     | node                            |
/// ```
///
/// **The entry is the truth**: a slot's generation is odd while the slot is live and even while it is free. Bits, lists and
/// sums follow from the entries and can be made anew from them. A handle of a slot has the sign bit of its low half
/// set, the slot's number (64 rows + place) below that, and the generation above.
///
/// A slab that is *dissolved* leaves its live blocks to nodes of their own. Their handles stay valid: the entry then names
/// the node, and the node names the slot.
///
/// A slab that was made anew for another size may have a rest behind its slots: at most an eighth of its region. It goes to the bins when the
/// slab ends.
///
/// Rows are 576 bytes long, not 512, so that their headers spread over all sets of a cache.
public final class SlabTable {
    /// In the low half of a handle: it names a slot, not a node.
    public static final int SLOT = 0x8000_0000;

    public static final int SLOTS = 64;

    /// Sizes up to this have a class of the same number; larger ones get a class when they turn out to be popular.
    public static final int SMALL = 64;

    /// Largest size that can have a class.
    public static final int LARGEST = 1024;

    public static final int CLASSES = 256;
    public static final int CLASS_SHIFT = 5;
    public static final int HEAD = 0;
    public static final int EMPTY = 4;
    public static final int CLASS_SIZE = 8;
    public static final int HEAT = 12;
    public static final int ROWS = 16;
    public static final int TAIL = 20;
    /// So many requests for the size that find no slot get no new slab yet.
    public static final int WAIT = 24;

    /// A byte for each size: its class or, while it has none, how often it was asked for: 0, or that number above
    /// [#SEEN]. No class from 240 on has a slab, nor has class 0.
    public static final int CLASS_OF = CLASSES << CLASS_SHIFT;
    public static final int SEEN = 240;
    public static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private static final int SUMS = CLASS_OF + LARGEST + 64;
    /// Units of all slots, free ones too. [Tally] has those of live ones.
    public static final int SLAB_UNITS = SUMS;
    /// Rows from here on are not in use.
    public static final int FRESH_ROW = SUMS + 8;
    /// First of the rows that were given back, chained by `next`; 0 = none.
    public static final int UNUSED_ROWS = SUMS + 12;
    /// Rows from here on never had entries.
    public static final int VIRGIN_ROW = SUMS + 16;
    /// Highest class that was made.
    public static final int LAST_CLASS = SUMS + 20;
    /// 1 while lists or sums are being changed: a call that finds it set rebuilds first.
    public static final int BUSY = SUMS + 24;
    /// Rows that hold a slab, or live slots that have moved.
    public static final int ROWS_USED = SUMS + 28;

    public static final long STRIDE = 576;
    /// Row 0 stands for none: it has no free bit and no live slot.
    public static final int FIRST_ROW = 1;
    public static final long BASE = SUMS + 64;
    /// 2^25 rows of 64 slots are what 31 bits of a handle reach.
    public static final int MAX_ROWS = 1 << 25;

    public static final int BITS = 0;
    /// Units of a slot, the number of slots from bit 16 on, the class from bit 24 on, and the offset from bit 32 on: what most
    /// calls need of a slab, in one word. A row without a slab has no slots.
    public static final int SHAPE = 8;
    public static final int NEXT_ROW = 16;
    public static final int PREVIOUS_ROW = 20;
    public static final int NODE = 24;
    /// Live slots that have moved to nodes of their own.
    public static final int MOVED_LEFT = 28;
    /// Whose list a slab is on, where threads have lists of their own.
    public static final int STRIPE = 32;
    /// Where among those that are kept an empty slab is, where one thread works at a time. A hint.
    public static final int PLACE = 36;
    public static final int ENTRIES = 64;

    public static final long ONE_GENERATION = 1L << 32;
    public static final long GENERATION = 0x7FFF_FFFF_0000_0000L;
    public static final long MOVED = 0x8000_0000L;
    public static final long RETIRED = 1L << 25;
    /// In place of the highest bit of the generation: named by a freeAll that is checking its handles. A slot in its slab has [#RETIRED] too
    /// then, so that no handle matches it in place, not even one that has this bit.
    public static final long PENDING = 1L << 63;

    /// In place of a block's size, where a caller doesn't say.
    public static final long ANY_SIZE = -1;

    /// A table without slabs, for calls that must not take the short way: no class has a head, no entry exists.
    public static final MemorySegment NONE = Arena.ofAuto().allocate(bytes(FIRST_ROW), 64).asReadOnly();

    /// For each size of a slot the number to multiply a distance with, and shift by 31, to divide it by that size.
    public static final long[] RECIPROCALS = new long[LARGEST + 1];

    static {
        for (int size = 1; size <= LARGEST; size++) {
            RECIPROCALS[size] = (1L << 31) / size + 1;
        }
        assert BASE % 64 == 0 && BUSY < BASE;
    }

    private SlabTable() {}

    public static long bytes(long rows) {
        return BASE + rows * STRIDE;
    }

    public static long rows(MemorySegment t) {
        return (t.byteSize() - BASE) / STRIDE;
    }

    public static long at(int row) {
        return BASE + row * STRIDE;
    }

    public static long line(int sizeClass) {
        return (long) sizeClass << CLASS_SHIFT;
    }

    /// Where the row of a slot lies.
    public static long rowAt(int slot) {
        return BASE + (slot & LOW & -SLOTS) * (STRIDE / SLOTS);
    }

    /// Where a slot's entry lies.
    public static long entryAt(int slot) {
        return BASE + ENTRIES + ((slot & LOW) << 3) + (slot & LOW & -SLOTS); // 576 bytes a row are 8 for each slot and 64
    }

    public static long entry(MemorySegment t, int slot) {
        return t.get(WORD, entryAt(slot));
    }

    public static void setEntry(MemorySegment t, int slot, long entry) {
        t.set(WORD, entryAt(slot), entry);
    }

    public static int half(MemorySegment t, long at) {
        return t.get(HALF, at);
    }

    public static void setHalf(MemorySegment t, long at, int value) {
        t.set(HALF, at, value);
    }

    public static long word(MemorySegment t, long at) {
        return t.get(WORD, at);
    }

    public static void setWord(MemorySegment t, long at, long value) {
        t.set(WORD, at, value);
    }

    public static boolean isLive(long entry) {
        return (entry & ONE_GENERATION) != 0;
    }

    public static boolean isMoved(long entry) {
        return (entry & MOVED) != 0;
    }

    /// Whether an entry is live and of the generation in the high half of a handle. If it has moved, its node says
    /// whether it is retired.
    public static boolean matches(long entry, long handle) {
        return (entry & (ONE_GENERATION | PENDING)) == ONE_GENERATION && (entry ^ handle) >>> 32 == 0;
    }

    /// As [#matches], still in its slab, and not retired.
    public static boolean matchesInPlace(long entry, long handle) {
        return Long.compareUnsigned(entry - (handle & -ONE_GENERATION), RETIRED) < 0 && isLive(entry); // below there is a slack
    }

    /// The node of a slot that has moved.
    public static int movedTo(long entry) {
        return (int) entry & Integer.MAX_VALUE;
    }

    /// The entry of a live slot that is not retired, with the mark [#PENDING].
    public static long pending(long entry) {
        return entry | PENDING | (isMoved(entry) ? 0 : RETIRED);
    }

    /// An entry without the mark [#PENDING], if it has that.
    public static long notPending(long entry) {
        return entry >= 0 ? entry : entry & ~(PENDING | (isMoved(entry) ? 0 : RETIRED));
    }

    /// The entry of a live slot whose block was freed.
    public static long freed(long entry) {
        return entry + ONE_GENERATION & GENERATION;
    }

    /// The links of the node that is to stand for a live slot which has not moved.
    public static long nodeLinks(long entry) {
        return NodeState.live((int) entry & NodeState.MAX_SLACK, (int) (entry >>> 32)) | ((entry & RETIRED) == 0 ? 0 : NodeState.RETIRED);
    }

    /// Whether a slot is live, neither moved nor retired, and no freeAll is about to end it.
    public static boolean isLiveInPlace(long entry) {
        return (entry & (ONE_GENERATION | MOVED | RETIRED | PENDING)) == ONE_GENERATION;
    }

    /// Whether a slot has this size, in parts of a unit; or [#ANY_SIZE] is asked for.
    public static boolean hasSize(long shape, long entry, long size, int shift) {
        return ((long) size(shape) << shift) - ((int) entry & NodeState.MAX_SLACK) == size || size == ANY_SIZE;
    }

    /// The place of the slot that starts at `unit` in a slab of this shape, or -1 if none does.
    public static int placeAt(long shape, long unit) {
        long distance = unit - offset(shape);
        long size = size(shape);
        if (distance < 0 || distance >= slots(shape) * size) {
            return -1;
        }
        int place = (int) (distance * RECIPROCALS[(int) size] >>> 31);
        return place * size == distance ? place : -1;
    }

    public static long handle(long entry, int slot) {
        return entry & -ONE_GENERATION | slot & LOW | 0x8000_0000L;
    }

    public static int slotOf(long handle) {
        return (int) handle & Integer.MAX_VALUE;
    }

    public static boolean isSlot(long handle) {
        return (int) handle < 0;
    }

    public static long shape(int size, int slots, int sizeClass, long offset) {
        return offset << 32 | (long) sizeClass << 24 | (long) slots << 16 | size;
    }

    /// Units of a slot.
    public static int size(long shape) {
        return (int) shape & 0xFFFF;
    }

    /// How many slots there are.
    public static int slots(long shape) {
        return (int) shape >>> 16 & 0xFF;
    }

    /// The class of the slots' size.
    public static int sizeClass(long shape) {
        return (int) shape >>> 24;
    }

    /// Units from the start of the range to the slab.
    public static long offset(long shape) {
        return shape >>> 32;
    }

    /// Units from the start of the range to a slot of the slab.
    public static long offsetOf(long shape, int slot) {
        return offset(shape) + (slot & SLOTS - 1) * (long) size(shape);
    }

    /// How many units of a slab's region may be a rest behind its slots: an eighth.
    public static long mostRest(long units) {
        return units >>> 3;
    }

    /// The bits of all slots.
    public static long all(long shape) {
        int slots = slots(shape);
        return slots == 0 ? 0 : -1L >>> -slots;
    }
}
