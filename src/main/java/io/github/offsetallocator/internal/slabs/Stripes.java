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
///   a stripe's line of a class, 64 bytes    | current | hand | head | looked | read | tail | – | 8 notes |
///
///   current   the slab to take from
///   notes     slabs that were full and have had a slot freed: from number head to tail, the last eight
///   looked    the slab behind which the next look at the bits of the ring of the stripe's slabs of the class starts, or 0
///   read      as looked, for entries
///   hand      a slab that is on the ring, or 0; of class 0, which has no slabs, a class; under the lock
/// ```
///
/// A thread takes from the slabs of its stripe, which goes by its number; so private work shares no cache line.
final class Stripes {
    /// Slabs that can be noted for a class. A power of two.
    static final int NOTES = 8;

    private static final int COUNT = Integer.highestOneBit(Math.clamp(4L * Runtime.getRuntime().availableProcessors() - 1, 8, 64));
    private static final int LINE_SHIFT = 6;
    private static final long BYTES = (long) CLASSES << LINE_SHIFT;
    private static final int CURRENT = 0;
    private static final int HAND = 4;
    static final int HEAD = 8;
    private static final int LOOKED = 12;
    private static final int READ = 16;
    static final int TAIL = 20;
    private static final int NOTES_AT = 32;

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

    /// How many slabs are noted, about.
    static int noted(MemorySegment s, int sizeClass) {
        int count = half(s, line(sizeClass) + TAIL) - half(s, line(sizeClass) + HEAD);
        return Integer.compareUnsigned(count, NOTES) <= 0 ? count : NOTES;
    }

    /// The slab that was noted first of those that are, or 0; it is not noted any more.
    static int removeNoted(MemorySegment s, int sizeClass) {
        int tail = half(s, line(sizeClass) + TAIL);
        int head = half(s, line(sizeClass) + HEAD);
        head = Integer.compareUnsigned(tail - head, NOTES) <= 0 ? head : tail - NOTES; // others were written over
        setHalf(s, line(sizeClass) + HEAD, head + 1);
        return half(s, noteAt(sizeClass, head));
    }

    /// Notes a slab that has a free slot.
    static void note(MemorySegment s, int sizeClass, int row) {
        int tail = half(s, line(sizeClass) + TAIL);
        setHalf(s, noteAt(sizeClass, tail), row);
        setHalf(s, line(sizeClass) + TAIL, tail + 1);
    }

    private static long noteAt(int sizeClass, int i) {
        return line(sizeClass) + NOTES_AT + ((long) (i & NOTES - 1) << 2);
    }
}
