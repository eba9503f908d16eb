package io.github.offsetallocator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// Blocks that were freed and wait for a request of their size, apart for threads that run at the same time.
///
/// ```
///  thread  ->  home  ->  stripe            one int[] each, so that two stripes share no cache line
///                        lock | generations | units, blocks | size and count of each place | nodes of each place
///                                                             0 … 63, 64 … 127               32 each, a stack
/// ```
///
/// All blocks in a place have one size. Sizes up to 64 units have a place each; larger ones share 64 places, of which
/// each belongs to the size that came when it was empty.
///
/// A stripe is held for a few steps, never while waiting for anything. A thread that finds its stripe held takes the next
/// one, and that is its home from then on; so threads that run at the same time drift apart, and one that is
/// stopped while it holds a stripe is in nobody's way. Homes are remembered by the low bits of the thread's number, for
/// virtual threads too: no thread-local, and as many stripes as the machine can use, not as there are threads.
///
/// The idea is Jeff Bonwick's: [Magazines and Vmem](https://www.usenix.org/conference/2001-usenix-annual-technical-conference/magazines-and-vmem-extending-slab-allocator-many).
final class Stripes {
    private static final int OWN_PLACES = 64;
    private static final int SHARED_PLACES = 64;
    static final int PLACES = OWN_PLACES + SHARED_PLACES;

    /// Blocks in one place.
    private static final int DEPTH = 32;
    private static final long LARGEST = 1 << 16;

    /// Stripes to a processor; more than one, since threads find theirs by trying.
    private static final int PER_PROCESSOR = 4;
    private static final int MOST_STRIPES = 64;
    private static final int HOMES = 256;

    /// Parked blocks of one stripe take a 64th of the capacity at most.
    private static final int PARKED_SHIFT = 6;

    /// Generations that a stripe takes at once. They are those with bit 30 set; the bins have the others.
    private static final int GENERATIONS = 1 << 12;
    private static final int FIRST_GENERATION = 1 << 30;

    private static final int LOCK = 16;
    private static final int NEXT_GENERATION = 17;
    private static final int GENERATIONS_LEFT = 18;
    private static final int UNITS = 19;
    private static final int BLOCKS = 20;
    private static final int SIZES = 32;
    private static final int COUNTS = SIZES + PLACES;
    private static final int NODES = COUNTS + PLACES;
    private static final int CELLS = NODES + PLACES * DEPTH;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();
    private static final VarHandle STRIPE = MethodHandles.arrayElementVarHandle(int[][].class);

    private final int[][] stripes;
    private final int[] homes = new int[HOMES];
    private final AtomicInteger generations = new AtomicInteger();
    private final long parkedLimit;

    Stripes(long capacity) {
        int wanted = Math.min(MOST_STRIPES, PER_PROCESSOR * Runtime.getRuntime().availableProcessors());
        stripes = new int[Integer.highestOneBit(2 * wanted - 1)][];
        for (int i = 0; i < HOMES; i++) {
            homes[i] = i & stripes.length - 1;
        }
        parkedLimit = Math.min(capacity >>> PARKED_SHIFT, Integer.MAX_VALUE);
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

    int count() {
        return stripes.length;
    }

    // ---- holding one -------------------------------------------------------------------------------------------

    /// Holds a stripe that nobody else holds.
    int[] acquire() {
        int thread = (int) Thread.currentThread().threadId() & HOMES - 1;
        int home = homes[thread];
        for (int tries = 0; ; tries++) {
            int[] stripe = stripe(home);
            if (tryAcquire(stripe)) {
                return stripe;
            }
            home = home + 1 & stripes.length - 1;
            homes[thread] = home;
            if (tries >= stripes.length) {
                Thread.yield();
            }
        }
    }

    /// Holds a certain stripe, however long that takes.
    int[] acquire(int index) {
        int[] stripe = stripe(index);
        for (int tries = 0; !tryAcquire(stripe); tries++) {
            if (tries < 100) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        return stripe;
    }

    /// The stripe that [#acquire()] would try first, or null if it is held.
    int[] tryAcquire() {
        int[] stripe = stripe(homes[(int) Thread.currentThread().threadId() & HOMES - 1]);
        return tryAcquire(stripe) ? stripe : null;
    }

    /// A certain stripe, or null if it is held.
    int[] tryAcquire(int index) {
        int[] stripe = stripe(index);
        return tryAcquire(stripe) ? stripe : null;
    }

    private static boolean tryAcquire(int[] stripe) {
        return (int) CELL.getOpaque(stripe, LOCK) == 0 && CELL.compareAndSet(stripe, LOCK, 0, 1);
    }

    void release(int index) {
        release(stripes[index]);
    }

    static void release(int[] stripe) {
        CELL.setRelease(stripe, LOCK, 0);
    }

    private int[] stripe(int index) {
        int[] stripe = stripes[index];
        return stripe != null ? stripe : newStripe(index);
    }

    private int[] newStripe(int index) {
        STRIPE.compareAndSet(stripes, index, (int[]) null, new int[CELLS]);
        return (int[]) STRIPE.getVolatile(stripes, index);
    }

    // ---- what the holder does with it --------------------------------------------------------------------------

    /// Takes the block of this size that was put there last, or returns [NodeTable#NIL] if there is none.
    static int pop(int[] stripe, long size) {
        int place = place(size);
        return stripe[SIZES + place] == size ? popAt(stripe, place) : NodeTable.NIL;
    }

    /// Takes a block out of a place, or returns [NodeTable#NIL] if it is empty.
    static int popAt(int[] stripe, int place) {
        int count = stripe[COUNTS + place] - 1;
        if (count < 0) {
            return NodeTable.NIL;
        }
        stripe[COUNTS + place] = count;
        stripe[UNITS] -= stripe[SIZES + place];
        stripe[BLOCKS]--;
        return stripe[NODES + place * DEPTH + count];
    }

    boolean hasRoom(int[] stripe, long size) {
        int place = place(size);
        int count = stripe[COUNTS + place];
        return (count == 0 || count < DEPTH && stripe[SIZES + place] == size) && stripe[UNITS] + size <= parkedLimit;
    }

    static void push(int[] stripe, long size, int node) {
        int place = place(size);
        int count = stripe[COUNTS + place]++;
        stripe[SIZES + place] = (int) size;
        stripe[UNITS] += (int) size;
        stripe[BLOCKS]++;
        stripe[NODES + place * DEPTH + count] = node;
    }

    static int count(int[] stripe, int place) {
        return stripe[COUNTS + place];
    }

    /// A generation that no block has had lately: it comes again after 2^30 of them.
    int generation(int[] stripe) {
        if (stripe[GENERATIONS_LEFT] == 0) {
            int first = generations.getAndAdd(GENERATIONS) & FIRST_GENERATION - 1;
            stripe[NEXT_GENERATION] = FIRST_GENERATION | first;
            stripe[GENERATIONS_LEFT] = GENERATIONS;
        }
        stripe[GENERATIONS_LEFT]--;
        return stripe[NEXT_GENERATION]++;
    }

    // ---- what is done while all are held -----------------------------------------------------------------------

    /// Forgets all blocks.
    void clear() {
        for (int[] stripe : stripes) {
            stripe[UNITS] = 0;
            stripe[BLOCKS] = 0;
            Arrays.fill(stripe, COUNTS, NODES, 0);
        }
    }

    /// Visits the blocks of a stripe, whose sums must be right.
    void forEach(int index, ParkedVisitor visitor) {
        int[] stripe = stripes[index];
        long units = 0;
        int blocks = 0;
        for (int place = 0; place < PLACES; place++) {
            for (int i = 0; i < count(stripe, place); i++) {
                visitor.parked(stripe[NODES + place * DEPTH + i], stripe[SIZES + place]);
                units += stripe[SIZES + place];
                blocks++;
            }
        }
        if (units != stripe[UNITS] || blocks != stripe[BLOCKS]) {
            throw new AssertionError("stripe " + index + " holds " + units + " units in " + blocks + " blocks, counted "
                    + stripe[UNITS] + " in " + stripe[BLOCKS]);
        }
    }

    // ---- without holding any -----------------------------------------------------------------------------------

    /// Units in all stripes. Others may change them meanwhile.
    long units() {
        return sum(UNITS);
    }

    /// Blocks in all stripes. Others may change them meanwhile.
    int blocks() {
        return (int) sum(BLOCKS);
    }

    private long sum(int cell) {
        long sum = 0;
        for (int[] stripe : stripes) {
            if (stripe != null) {
                sum += (int) CELL.getOpaque(stripe, cell);
            }
        }
        return sum;
    }
}
