package io.github.offsetallocator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// Where stripes put half of a place when it is full, and fill an empty one from: so blocks that one thread frees come
/// to another one that allocates, many at once and as they are.
///
/// One shelf for each place of a stripe, and the same rule: all blocks on a shelf have one size. Held for one copy at a time.
final class Depot {
    private static final int SIZE = 0;
    private static final int COUNT = 1;
    private static final int NODES = 2;
    /// Blocks on one shelf, at first and at most.
    private static final int FIRST_DEPTH = 62;
    private static final int DEPTH = 4094;

    private static final int SPINS = 50;

    private static final VarHandle HELD;
    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(Depot.class, "held", int.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int[][] shelves = new int[Stripes.PLACES][];
    private final long limit;
    private volatile int held;
    private volatile long units;
    private volatile int blocks;

    /// @param limit units of all blocks at most
    Depot(long limit) {
        this.limit = limit;
    }

    // ---- holding it --------------------------------------------------------------------------------------------

    boolean tryAcquire() {
        return held == 0 && HELD.compareAndSet(this, 0, 1);
    }

    void acquire() {
        for (int tries = 0; !tryAcquire(); tries++) {
            Stripes.pause(tries);
        }
    }

    void release() {
        HELD.setRelease(this, 0);
    }

    private boolean tryAcquireSoon() {
        for (int i = 0; i < SPINS; i++) {
            if (tryAcquire()) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    // ---- from stripe to stripe ---------------------------------------------------------------------------------

    /// Puts blocks on a shelf: all, or none if there is no room.
    ///
    /// @param nodes has them from index `from`
    boolean put(int size, int[] nodes, int from, int count) {
        if (!tryAcquireSoon()) {
            return false;
        }
        try {
            int place = place(size);
            int before = isEmpty(place) ? 0 : shelves[place][COUNT];
            boolean room = (before == 0 || hasSize(place, size)) && before + count <= DEPTH && units + (long) count * size <= limit;
            if (room) {
                int[] shelf = shelf(place, before + count);
                System.arraycopy(nodes, from, shelf, NODES + before, count);
                shelf[SIZE] = size;
                change(shelf, before + count);
            }
            return room;
        } finally {
            release();
        }
    }

    /// The shelf at a place, made longer if it is too short for so many blocks.
    private int[] shelf(int place, int count) {
        int[] shelf = shelves[place];
        if (shelf == null || shelf.length < NODES + count) {
            shelf = shelf == null ? new int[NODES + FIRST_DEPTH] : Arrays.copyOf(shelf, 2 * shelf.length);
            shelves[place] = shelf;
        }
        return shelf;
    }

    /// Takes blocks of a size off their shelf. Returns how many, at most `count`.
    ///
    /// @param nodes gets them from index `to`
    int take(int size, int[] nodes, int to, int count) {
        if (count(size) == 0 || !tryAcquireSoon()) {
            return 0;
        }
        try {
            int taken = Math.min(count, count(size));
            if (taken > 0) {
                int[] shelf = shelves[place(size)];
                int left = shelf[COUNT] - taken;
                System.arraycopy(shelf, NODES + left, nodes, to, taken);
                change(shelf, left);
            }
            return taken;
        } finally {
            release();
        }
    }

    /// How many blocks of a size there are: a guess, unless the depot is held.
    private int count(int size) {
        int place = place(size);
        return hasSize(place, size) && !isEmpty(place) ? shelves[place][COUNT] : 0;
    }

    /// Which shelf a size has, or may have.
    private int place(int size) {
        int place = Stripes.place(size);
        if (hasSize(place, size) || !Stripes.isShared(size)) {
            return place;
        }
        return hasSize(place ^ 1, size) || !isEmpty(place) && isEmpty(place ^ 1) ? place ^ 1 : place;
    }

    private boolean hasSize(int place, int size) {
        int[] shelf = shelves[place];
        return shelf != null && shelf[SIZE] == size;
    }

    private boolean isEmpty(int place) {
        int[] shelf = shelves[place];
        return shelf == null || (int) CELL.getOpaque(shelf, COUNT) == 0;
    }

    private void change(int[] shelf, int count) {
        int more = count - shelf[COUNT];
        units += (long) more * shelf[SIZE];
        blocks += more;
        CELL.setOpaque(shelf, COUNT, count);
    }

    // ---- what the holder does with all of it -------------------------------------------------------------------

    /// Visits all blocks, forgets them, and releases the depot.
    void drain(ParkedVisitor visitor) {
        for (int[] shelf : shelves) {
            if (shelf != null && shelf[COUNT] > 0) {
                int count = shelf[COUNT];
                change(shelf, 0);
                for (int i = 0; i < count; i++) {
                    visitor.parked(shelf[NODES + i], shelf[SIZE]);
                }
            }
        }
        release();
    }

    /// Forgets all blocks.
    void clear() {
        for (int[] shelf : shelves) {
            if (shelf != null) {
                change(shelf, 0);
            }
        }
    }

    /// Visits all blocks, whose sums must be right.
    void forEach(ParkedVisitor visitor) {
        long foundUnits = 0;
        int foundBlocks = 0;
        for (int[] shelf : shelves) {
            for (int i = 0; shelf != null && i < shelf[COUNT]; i++) {
                visitor.parked(shelf[NODES + i], shelf[SIZE]);
                foundUnits += shelf[SIZE];
                foundBlocks++;
            }
        }
        if (foundUnits != units || foundBlocks != blocks) {
            throw new AssertionError("the depot holds " + foundUnits + " units in " + foundBlocks + " blocks, counted "
                    + units + " in " + blocks);
        }
    }

    long units() {
        return units;
    }

    int blocks() {
        return blocks;
    }
}
