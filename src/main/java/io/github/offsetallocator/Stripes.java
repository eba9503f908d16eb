package io.github.offsetallocator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/// Blocks that were freed and wait for a request of their size, apart for threads that run at the same time.
///
/// ```
///  thread -> home -> stripe      one int[] each, so that two stripes share no cache line
///                    holder | generations | units | place 0 | place 1 | … | place 127
///                                                     |
///                                                size, count, up to 62 nodes, a stack
///                       |  ^
///         half a place  v  |  half a place
///                     Depot      what one thread frees and another one allocates goes this way
/// ```
///
/// All blocks in a place have one size. Sizes up to 64 units have a place each; larger ones share 64 places, of which
/// each belongs to the size that came when it was empty, and each size may have one of two.
///
/// A stripe is held for a few steps, never while waiting for anything that could wait for it. A thread that finds its
/// stripe held takes the next one, and that is its home from then on; so threads that run at the same time drift
/// apart, and one that is stopped while it holds a stripe is in nobody's way. Homes are remembered by the low bits of the
/// thread's number, for virtual threads too: no thread-local, and as many stripes as the machine can use, not as there
/// are threads.
///
/// The holder writes into the stripe what it holds it for: the node that it frees, or [#HELD]. Whoever takes a node
/// that the stripe owns looks there, see [SharedAllocator].
///
/// The idea is Jeff Bonwick's: [Magazines and Vmem](https://www.usenix.org/conference/2001-usenix-annual-technical-conference/magazines-and-vmem-extending-slab-allocator-many).
final class Stripes extends CacheLines {
    private static final int OWN_PLACES = 64;
    private static final int SHARED_PLACES = 64;
    static final int PLACES = OWN_PLACES + SHARED_PLACES;
    private static final long LARGEST = 1 << 16;

    /// Stripes to a processor; more than one, since threads find theirs by trying.
    private static final int PER_PROCESSOR = 4;
    private static final int MOST_STRIPES = 64;
    private static final int HOMES = 256;

    /// No stripe has this number or, if it has, it owns nothing.
    static final int NO_OWNER = MOST_STRIPES - 1;

    /// In place of a node: the stripe is held, but not to free one.
    static final int HELD = -1;

    /// The same, and all others are or will be, too.
    private static final int ALL_HELD = -2;

    /// Parked blocks of all stripes take an eighth of the capacity at most, those in the depot a 16th.
    private static final int PARKED_SHIFT = 3;
    private static final int DEPOT_SHIFT = 4;

    /// Generations that a stripe takes at once. They are those with bit 30 set; the bins have the others.
    private static final int GENERATIONS = 1 << 12;
    private static final int FIRST_GENERATION = 1 << 30;

    /// How often a thread looks for a stripe, and how often before it gives way to others.
    private static final int TRIES = 500;
    private static final int SPINS = 100;

    /// Blocks that leave a stripe for the bins at once.
    private static final int MOST_EVICTED = 16;

    /// How many blocks are handed out without an owner after another thread has freed one that had.
    private static final int UNOWNED = 1024;

    // Cells of a stripe. Others write `TAKEN` while it's used, so that has a line of its own.
    private static final int HOLDER = 32;
    private static final int INDEX = 33;
    private static final int NEXT_GENERATION = 34;
    private static final int UNITS = 35;
    private static final int UNOWNED_LEFT = 36;
    private static final int HAND = 37;
    private static final int TAKEN = 64;
    private static final int FIRST_PLACE = 96;
    private static final int PLACE_SHIFT = 6;
    private static final int CELLS = FIRST_PLACE + (PLACES << PLACE_SHIFT) + 32;

    // Cells of a place.
    private static final int SIZE = 0;
    private static final int COUNT = 1;
    private static final int NODES = 2;
    /// Blocks in one place.
    private static final int DEPTH = (1 << PLACE_SHIFT) - NODES;
    private static final int HALF = DEPTH / 2;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();
    private static final VarHandle STRIPE =
            MethodHandles.arrayElementVarHandle(int[][].class).withInvokeExactBehavior();

    private final int[][] stripes;
    private final int[][] homes = new int[HOMES][];
    private final Depot depot;
    private final AtomicInteger generations = new AtomicInteger();
    private final long parkedLimit;
    /// The part of each stripe that there is.
    private volatile int limit;

    Stripes(long capacity) {
        int wanted = Math.min(MOST_STRIPES, PER_PROCESSOR * Runtime.getRuntime().availableProcessors());
        stripes = new int[Integer.highestOneBit(2 * wanted - 1)][];
        parkedLimit = Math.min(capacity >>> PARKED_SHIFT, Integer.MAX_VALUE);
        depot = new Depot(Math.min(capacity >>> DEPOT_SHIFT, Integer.MAX_VALUE));
    }

    /// Whether blocks of this size are parked at all.
    static boolean parks(long size) {
        return size > 0 && size <= LARGEST;
    }

    /// Where blocks of a size are parked.
    static int place(long size) {
        return size <= OWN_PLACES
                ? (int) size - 1
                : OWN_PLACES + ((int) size * 0x9E37_79B1 >>> Integer.SIZE - Integer.numberOfTrailingZeros(SHARED_PLACES));
    }

    /// Whether blocks of this size share places with other sizes, two for each.
    static boolean isShared(long size) {
        return size > OWN_PLACES;
    }

    private static int at(int place) {
        return FIRST_PLACE + (place << PLACE_SHIFT);
    }

    /// Where the blocks of a size are in a stripe, or would be: one of two places that has this size, or is empty.
    private static int at(int[] stripe, long size) {
        int at = at(place(size));
        if (stripe[at + SIZE] == size || !isShared(size)) {
            return at;
        }
        int other = at(place(size) ^ 1);
        return stripe[other + SIZE] == size || stripe[at + COUNT] != 0 && stripe[other + COUNT] == 0 ? other : at;
    }

    // ---- holding one -------------------------------------------------------------------------------------------

    /// Holds a stripe that nobody else holds, or returns null: the one whose turn it is has not been made yet, or all
    /// are held for longer than a few operations take.
    ///
    /// @param node that is freed, or [#HELD]
    int[] acquire(int node) {
        int[] stripe = homes[thread()];
        return stripe == null || tryAcquire(stripe, node) ? stripe : acquireAnother(stripe, node);
    }

    /// Goes from stripe to stripe. One that is held for all of them is waited for: to leave it would only spread the
    /// thread's blocks over more stripes.
    private int[] acquireAnother(int[] held, int node) {
        int[] stripe = held;
        for (int tries = 0; tries < TRIES; tries++) {
            if ((int) CELL.getOpaque(stripe, HOLDER) != ALL_HELD) {
                stripe = stripes[stripe[INDEX] + 1 & stripes.length - 1];
                STRIPE.setRelease(homes, thread(), stripe);
            }
            if (stripe == null || tryAcquire(stripe, node)) {
                return stripe;
            }
            pause(tries);
        }
        return null;
    }

    private static int thread() {
        return (int) Thread.currentThread().threadId() & HOMES - 1;
    }

    /// Holds a certain stripe, however long that takes.
    static void acquire(int[] stripe) {
        for (int tries = 0; !tryAcquire(stripe, ALL_HELD); tries++) {
            pause(tries);
        }
    }

    /// The stripe that [#acquire(int)] would try first, or null if it is held. If it has not been made yet, it is: only by
    /// one thread at a time.
    int[] tryAcquireHome() {
        int[] stripe = homes[thread()];
        if (stripe == null) {
            stripe = makeHome();
        }
        return tryAcquire(stripe, HELD) ? stripe : null;
    }

    /// A new stripe while there are fewer than there may be, then one of them.
    private int[] makeHome() {
        int thread = thread();
        int index = 0;
        while (index < stripes.length && stripes[index] != null) {
            index++;
        }
        if (index < stripes.length) {
            int[] stripe = new int[CELLS];
            stripe[INDEX] = index;
            STRIPE.setRelease(stripes, index, stripe);
            limit = (int) (parkedLimit / (index + 1));
        } else {
            index = thread & stripes.length - 1;
        }
        STRIPE.setRelease(homes, thread, stripes[index]);
        return stripes[index];
    }

    private static boolean tryAcquire(int[] stripe, int node) {
        return (int) CELL.getOpaque(stripe, HOLDER) == 0 && CELL.compareAndSet(stripe, HOLDER, 0, node);
    }

    static void release(int[] stripe) {
        CELL.setRelease(stripe, HOLDER, 0);
    }

    /// Holds all there are, and the depot.
    void acquireAll() {
        for (int[] stripe : stripes) {
            if (stripe != null) {
                acquire(stripe);
            }
        }
        depot.acquire();
    }

    void releaseAll() {
        depot.release();
        for (int[] stripe : stripes) {
            if (stripe != null) {
                release(stripe);
            }
        }
    }

    /// Waits a little for a holder, who may have been stopped by the system. A virtual thread keeps its carrier
    /// meanwhile: it may hold something itself, and if it gave way to others it might never run again, since those that give
    /// way to each other can come before it for ever (JDK 25).
    static void pause(int tries) {
        if (tries < SPINS || Thread.currentThread().isVirtual()) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    // ---- owners ------------------------------------------------------------------------------------------------

    /// The number of a stripe, as the owner of what is allocated from it.
    static int index(int[] stripe) {
        return stripe[INDEX];
    }

    /// The owner of a block that the holder hands out: this stripe, unless others free what it hands out.
    static int owner(int[] stripe) {
        if (stripe[UNOWNED_LEFT] > 0) {
            stripe[UNOWNED_LEFT]--;
            return NO_OWNER;
        }
        if ((int) CELL.getOpaque(stripe, TAKEN) != 0) {
            CELL.setOpaque(stripe, TAKEN, 0);
            stripe[UNOWNED_LEFT] = UNOWNED;
        }
        return stripe[INDEX];
    }

    /// The owner of a block that this thread gets from the bins.
    int home() {
        int[] stripe = homes[thread()];
        return stripe == null ? NO_OWNER : stripe[INDEX];
    }

    /// Waits while the owner's holder is about to free this node. The caller has made the node's links its own by an
    /// atomic operation.
    void awaitOwner(int owner, int node) {
        int[] stripe = stripe(owner);
        if (stripe != null) {
            for (int tries = 0; (int) CELL.getVolatile(stripe, HOLDER) == node; tries++) {
                pause(tries);
            }
        }
    }

    /// Tells the owner that another thread frees what it hands out.
    void tellTaken(int owner) {
        int[] stripe = stripe(owner);
        if (stripe != null && (int) CELL.getOpaque(stripe, TAKEN) == 0) {
            CELL.setOpaque(stripe, TAKEN, 1);
        }
    }

    private int[] stripe(int owner) {
        return owner < stripes.length && owner != NO_OWNER ? (int[]) STRIPE.getVolatile(stripes, owner) : null;
    }

    // ---- what the holder does with it --------------------------------------------------------------------------

    /// Takes the block of this size that was put there last, or returns [NodeTable#NIL] if there is none here and
    /// none in the depot.
    int pop(int[] stripe, long size) {
        int at = at(stripe, size);
        boolean here = stripe[at + COUNT] == 0 ? refill(stripe, at, (int) size) : stripe[at + SIZE] == size;
        return here ? popAt(stripe, at) : NodeTable.NIL;
    }

    /// Takes a block out of a place, or returns [NodeTable#NIL] if it is empty.
    private static int popAt(int[] stripe, int at) {
        int count = stripe[at + COUNT] - 1;
        if (count < 0) {
            return NodeTable.NIL;
        }
        stripe[at + COUNT] = count;
        stripe[UNITS] -= stripe[at + SIZE];
        return stripe[at + NODES + count];
    }

    /// Whether a block may be put there. Half of a full place goes to the depot first, if that has room.
    boolean makeRoom(int[] stripe, long size) {
        int at = at(stripe, size);
        int count = stripe[at + COUNT];
        return (count == 0 || stripe[at + SIZE] == size)
                && stripe[UNITS] + size <= limit
                && (count < DEPTH || unload(stripe, at));
    }

    static void push(int[] stripe, long size, int node) {
        int at = at(stripe, size);
        int count = stripe[at + COUNT]++;
        stripe[at + SIZE] = (int) size;
        stripe[UNITS] += (int) size;
        stripe[at + NODES + count] = node;
    }

    /// Takes some blocks out, so that the next of this size finds room: those in its place if that is full or has another
    /// size, or else, since the stripe holds as much as it may, those in the next place.
    static void evict(int[] stripe, long size, ParkedVisitor visitor) {
        int at = at(stripe, size);
        int count = stripe[at + COUNT];
        if (count == 0 || count < DEPTH && stripe[at + SIZE] == size) {
            at = nextToEvict(stripe, size);
        }
        for (int left = Math.min(MOST_EVICTED, stripe[at + COUNT] + 1 >> 1); left > 0; left--) {
            visitor.parked(popAt(stripe, at), stripe[at + SIZE]);
        }
    }

    /// The next place that holds as many units, going round; any if none does.
    private static int nextToEvict(int[] stripe, long size) {
        int hand = stripe[HAND];
        int at;
        int tries = PLACES;
        do {
            hand = hand + 1 & PLACES - 1;
            at = at(hand);
        } while (stripe[at + COUNT] * stripe[at + SIZE] < size && --tries > 0);
        stripe[HAND] = hand;
        return at;
    }

    /// Moves the older half of a full place to the depot.
    private boolean unload(int[] stripe, int at) {
        int size = stripe[at + SIZE];
        if (!depot.put(size, stripe, at + NODES, HALF)) {
            return false;
        }
        System.arraycopy(stripe, at + NODES + HALF, stripe, at + NODES, DEPTH - HALF);
        stripe[at + COUNT] = DEPTH - HALF;
        stripe[UNITS] -= HALF * size;
        return true;
    }

    /// Fills half of an empty place from the depot.
    private boolean refill(int[] stripe, int at, int size) {
        int count = depot.take(size, stripe, at + NODES, HALF);
        if (count > 0) {
            stripe[at + SIZE] = size;
            stripe[at + COUNT] = count;
            stripe[UNITS] += count * size;
        }
        return count > 0;
    }

    /// A generation that no block has had lately: it comes again after 2^30 of them.
    int generation(int[] stripe) {
        int generation = stripe[NEXT_GENERATION];
        if ((generation & GENERATIONS - 1) == 0) {
            generation = FIRST_GENERATION | generations.getAndAdd(GENERATIONS) & FIRST_GENERATION - 1;
        }
        stripe[NEXT_GENERATION] = generation + 1;
        return generation;
    }

    // ---- what one thread at a time does with all ---------------------------------------------------------------

    /// Visits all blocks and forgets them, waiting for those who hold some.
    void drain(ParkedVisitor visitor) {
        for (int[] stripe : stripes) {
            if (stripe != null) {
                acquire(stripe);
                drain(stripe, visitor);
            }
        }
        depot.acquire();
        depot.drain(visitor);
    }

    /// The same for those that nobody holds.
    void drainIdle(ParkedVisitor visitor) {
        for (int[] stripe : stripes) {
            if (stripe != null && tryAcquire(stripe, ALL_HELD)) {
                drain(stripe, visitor);
            }
        }
        if (depot.tryAcquire()) {
            depot.drain(visitor);
        }
    }

    private static void drain(int[] stripe, ParkedVisitor visitor) {
        for (int place = 0; place < PLACES; place++) {
            int at = at(place);
            for (int node; (node = popAt(stripe, at)) != NodeTable.NIL; ) {
                visitor.parked(node, stripe[at + SIZE]);
            }
        }
        release(stripe);
    }

    // ---- what is done while all are held -----------------------------------------------------------------------

    /// Forgets all blocks.
    void clear() {
        for (int[] stripe : stripes) {
            if (stripe != null) {
                stripe[UNITS] = 0;
                for (int place = 0; place < PLACES; place++) {
                    stripe[at(place) + COUNT] = 0;
                }
            }
        }
        depot.clear();
    }

    /// Visits all blocks, whose sums must be right.
    void forEach(ParkedVisitor visitor) {
        for (int[] stripe : stripes) {
            if (stripe != null) {
                forEach(stripe, visitor);
            }
        }
        depot.forEach(visitor);
    }

    private static void forEach(int[] stripe, ParkedVisitor visitor) {
        long units = 0;
        for (int place = 0; place < PLACES; place++) {
            int at = at(place);
            for (int i = 0; i < stripe[at + COUNT]; i++) {
                visitor.parked(stripe[at + NODES + i], stripe[at + SIZE]);
                units += stripe[at + SIZE];
            }
        }
        if (units != stripe[UNITS]) {
            throw new AssertionError("stripe " + stripe[INDEX] + " holds " + units + " units, counted " + stripe[UNITS]);
        }
    }

    // ---- without holding any -----------------------------------------------------------------------------------

    /// Units in all stripes and the depot. Others may change them meanwhile.
    long units() {
        long units = depot.units();
        for (int[] stripe : stripes) {
            units += stripe == null ? 0 : (int) CELL.getOpaque(stripe, UNITS);
        }
        return units;
    }

    /// Blocks in all stripes and the depot. Others may change them meanwhile.
    int blocks() {
        int blocks = depot.blocks();
        for (int[] stripe : stripes) {
            for (int place = 0; stripe != null && place < PLACES; place++) {
                blocks += (int) CELL.getOpaque(stripe, at(place) + COUNT);
            }
        }
        return blocks;
    }
}
