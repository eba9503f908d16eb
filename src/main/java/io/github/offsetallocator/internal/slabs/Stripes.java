package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.zero;
import static io.github.offsetallocator.internal.tables.SlabTable.CLASSES;
import static io.github.offsetallocator.internal.tables.SlabTable.half;
import static io.github.offsetallocator.internal.tables.SlabTable.setHalf;

import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Where threads look first for a free slot. All of it are hints, written plainly: of two threads that write one, one is lost.
///
/// ```
///   a stripe's line of a class, 64 bytes    | current | hand | noted | looked | read | 11 rows |
///
///   current   the slab to take from
///   rows      slabs that have had a slot freed;  noted   0 if there are none
///   looked    the slab behind which the next look at the bits of the ring of the stripe's slabs of the class starts, or 0
///   read      as looked, for entries
///   hand      a slab that is on the ring, or 0; of class 0, which has no slabs, a class; under the lock
/// ```
///
/// A thread takes from the slabs of its stripe, which goes by its number; so private work shares no cache line.
final class Stripes {
    /// Rows in a line.
    static final int ROWS = 11;

    private static final int COUNT = Integer.highestOneBit(Math.clamp(4L * Runtime.getRuntime().availableProcessors() - 1, 8, 64));
    private static final int LINE_SHIFT = 6;
    private static final long BYTES = (long) CLASSES << LINE_SHIFT;
    private static final int CURRENT = 0;
    private static final int HAND = 4;
    private static final int NOTED = 8;
    private static final int LOOKED = 12;
    private static final int READ = 16;
    private static final int ROWS_AT = 20;

    private static final MemorySegment[] NONE = new MemorySegment[COUNT];

    private final TableMemory memory;
    private final MemorySegment[] all = new MemorySegment[COUNT];
    /// `all`, or none while all slabs end.
    private MemorySegment[] open = all;
    private int count;

    Stripes(TableMemory.Threads threads, Arena common) {
        memory = new TableMemory(threads, common);
    }

    /// The number of this thread's stripe.
    static int home() {
        return (int) Thread.currentThread().threadId() & COUNT - 1;
    }

    /// The lines of this thread's stripe, or null if there are none, or nothing may be taken.
    MemorySegment here() {
        return open[home()];
    }

    /// As [#here], whether something may be taken or not. They are made if need be; null if there is no memory for them.
    MemorySegment ready() {
        int home = home();
        if (all[home] == null) {
            try {
                all[home] = memory.more(BYTES);
                count++;
            } catch (OutOfMemoryError e) {
                return null;
            }
        }
        return all[home];
    }

    /// The lines of a stripe, or null if there are none.
    MemorySegment of(int stripe) {
        return all[stripe];
    }

    /// Lets no thread take anything from here, until [#open()].
    void shut() {
        open = NONE;
    }

    void open() {
        open = all;
    }

    void clear() {
        for (MemorySegment s : all) {
            if (s != null) {
                zero(s, 0, BYTES);
            }
        }
    }

    /// How many have lines.
    int count() {
        return count;
    }

    long byteSize() {
        return count * BYTES;
    }

    void close() {
        Arrays.fill(all, null);
        memory.close();
    }

    // ---- a line ------------------------------------------------------------------------------------------------

    private static long line(int sizeClass) {
        return (long) sizeClass << LINE_SHIFT;
    }

    static int current(MemorySegment s, int sizeClass) {
        return half(s, line(sizeClass) + CURRENT);
    }

    static void setCurrent(MemorySegment s, int sizeClass, int row) {
        setHalf(s, line(sizeClass) + CURRENT, row);
    }

    static int hand(MemorySegment s, int sizeClass) {
        return half(s, line(sizeClass) + HAND);
    }

    static void setHand(MemorySegment s, int sizeClass, int row) {
        setHalf(s, line(sizeClass) + HAND, row);
    }

    static int looked(MemorySegment s, int sizeClass) {
        return half(s, line(sizeClass) + LOOKED);
    }

    static void setLooked(MemorySegment s, int sizeClass, int row) {
        setHalf(s, line(sizeClass) + LOOKED, row);
    }

    static int read(MemorySegment s, int sizeClass) {
        return half(s, line(sizeClass) + READ);
    }

    static void setRead(MemorySegment s, int sizeClass, int row) {
        setHalf(s, line(sizeClass) + READ, row);
    }

    /// Whether there may be any rows.
    static boolean hasRows(MemorySegment s, int sizeClass) {
        return half(s, line(sizeClass) + NOTED) != 0;
    }

    /// All have been looked at, and there are none.
    static void noteNone(MemorySegment s, int sizeClass) {
        setHalf(s, line(sizeClass) + NOTED, 0);
    }

    /// One of the [#ROWS], or 0.
    static int row(MemorySegment s, int sizeClass, int i) {
        return half(s, rowAt(sizeClass, i));
    }

    static void clearRow(MemorySegment s, int sizeClass, int i) {
        setHalf(s, rowAt(sizeClass, i), 0);
    }

    /// Notes a slab that has a free slot.
    static void noteRow(MemorySegment s, int sizeClass, int row) {
        setHalf(s, rowAt(sizeClass, row % ROWS), row);
        setHalf(s, line(sizeClass) + NOTED, 1);
    }

    private static long rowAt(int sizeClass, int i) {
        return line(sizeClass) + ROWS_AT + 4L * i;
    }
}
