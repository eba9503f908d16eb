package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.CLASSES;

/// Where threads look first for a free slot. All of it are hints, written plainly: of two threads that write one, one is lost.
///
/// ```
///   a stripe's line of a class, 16 numbers  | current | hand | head | looked | read | tail | – | 8 notes |
///
///   current   the slab to take from
///   notes     slabs that were full and have had a slot freed: from number head to tail, the last eight
///   looked    the slab behind which the next look at the bits of the ring of the stripe's slabs of the class starts, or 0
///   read      as looked, for entries
///   hand      a slab that is on the ring, or 0; of class 0, which has no slabs, a class; under the lock
/// ```
///
/// A thread takes from the slabs of its stripe, which goes by its number; so private work shares no cache line. The lines lie in arrays, as
/// [CurrentSlabs] do and for the same reason.
final class Stripes {
    /// Slabs that can be noted for a class. A power of two.
    static final int NOTES = 8;

    private static final int COUNT = Integer.highestOneBit(Math.clamp(4L * Runtime.getRuntime().availableProcessors() - 1, 8, 64));
    /// Numbers in a line.
    private static final int LINE = 16;
    private static final int CURRENT = 0;
    private static final int HAND = 1;
    static final int HEAD = 2;
    private static final int LOOKED = 3;
    private static final int READ = 4;
    static final int TAIL = 5;
    private static final int FIRST_NOTE = 8;

    private static final int[][] NONE = new int[COUNT][];

    private final int[][] all = new int[COUNT][];
    /// `all`, or none while all slabs end.
    private int[][] open = all;
    private int count;

    /// The number of this thread's stripe.
    static int home() {
        return (int) Thread.currentThread().threadId() & COUNT - 1;
    }

    /// The lines of this thread's stripe, or null if there are none, or nothing may be taken.
    int[] here() {
        return open[home()];
    }

    /// As [#here], whether something may be taken or not. They are made if need be; null if the heap has no room for them.
    int[] ready() {
        int home = home();
        if (all[home] == null) {
            try {
                all[home] = new int[CLASSES * LINE];
                count++;
            } catch (OutOfMemoryError full) {
                return null;
            }
        }
        return all[home];
    }

    /// The lines of a stripe, or null if there are none.
    int[] of(int stripe) {
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
        for (int[] s : all) {
            for (int i = 0; s != null && i < s.length; i++) { // not Arrays.fill, as in CurrentSlabs
                s[i] = 0;
            }
        }
    }

    /// How many have lines.
    int count() {
        return count;
    }

    // ---- a line ------------------------------------------------------------------------------------------------

    static int line(int sizeClass) {
        return sizeClass * LINE;
    }

    static int current(int[] s, int sizeClass) {
        return s[line(sizeClass) + CURRENT];
    }

    static void setCurrent(int[] s, int sizeClass, int row) {
        s[line(sizeClass) + CURRENT] = row;
    }

    static int hand(int[] s, int sizeClass) {
        return s[line(sizeClass) + HAND];
    }

    static void setHand(int[] s, int sizeClass, int row) {
        s[line(sizeClass) + HAND] = row;
    }

    static int looked(int[] s, int sizeClass) {
        return s[line(sizeClass) + LOOKED];
    }

    static void setLooked(int[] s, int sizeClass, int row) {
        s[line(sizeClass) + LOOKED] = row;
    }

    static int read(int[] s, int sizeClass) {
        return s[line(sizeClass) + READ];
    }

    static void setRead(int[] s, int sizeClass, int row) {
        s[line(sizeClass) + READ] = row;
    }

    /// How many slabs are noted, about.
    static int noted(int[] s, int sizeClass) {
        int count = s[line(sizeClass) + TAIL] - s[line(sizeClass) + HEAD];
        return Integer.compareUnsigned(count, NOTES) <= 0 ? count : NOTES;
    }

    /// The slab that was noted first of those that are, or 0; it is not noted any more.
    static int removeNoted(int[] s, int sizeClass) {
        int tail = s[line(sizeClass) + TAIL];
        int head = s[line(sizeClass) + HEAD];
        head = Integer.compareUnsigned(tail - head, NOTES) <= 0 ? head : tail - NOTES; // others were written over
        s[line(sizeClass) + HEAD] = head + 1;
        return s[noteAt(sizeClass, head)];
    }

    /// Notes a slab that has a free slot.
    static void note(int[] s, int sizeClass, int row) {
        int tail = s[line(sizeClass) + TAIL];
        s[noteAt(sizeClass, tail)] = row;
        s[line(sizeClass) + TAIL] = tail + 1;
    }

    private static int noteAt(int sizeClass, int i) {
        return line(sizeClass) + FIRST_NOTE + (i & NOTES - 1);
    }
}
