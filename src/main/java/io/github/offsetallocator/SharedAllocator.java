package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/// An [OffsetAllocator] for any thread.
///
/// ```
///   allocate   own stripe: a block of this size? ---yes---> its handle
///                  | no
///   bins (lock)    carve one, and a few more for the stripe
///
///   free       own stripe: room for this size? ---yes---> parked there
///                  | no
///   bins (lock)    merge it, and half of the blocks in its place
/// ```
///
/// **Stripes** ([Stripes]) serve most requests: one atomic operation takes a stripe, a stack of nodes does the rest.
/// **The bins** are the allocator for one thread, behind one lock. Everything but the common case goes there.
///
/// **Who may free.** A block belongs to whoever replaces its links, by compare-and-set, with something that no handle
/// matches: of two who free one handle at once, one does. A call that needs more than one step (resize, retire, tag)
/// holds the lock and claims the block the same way; who finds a block claimed comes to wait for the lock, and looks
/// again.
///
/// **Locks.** The lock comes before a stripe. Who holds a stripe never waits; who holds the lock may wait for stripes,
/// and does so before it refuses a request, replaces the table, or ends everything.
///
/// **Refusing without a lock.** While no block is parked, at first and from each refusal on, the highest bin bounds what
/// any request can get, and whoever asks for more is refused by a look at that bound. Every free goes to the bins then,
/// which keep it up to date. Blocks are parked after 64 calls that the bins have served, if they are roomy, and
/// the bound is lifted first: it never hides a block that has been freed.
final class SharedAllocator extends OffsetAllocator {
    /// Generations above are those of the stripes.
    private static final int LAST_GENERATION = (1 << 30) - 1;

    private static final int SPINS = 64;
    private static final int CALLS_UNTIL_PARKING = 64;
    private static final int RECLAIMS_AT_ONCE = 64;

    /// How many blocks more than one are carved for the stripe, of up to how many units.
    private static final int REFILL = 7;
    private static final long LARGEST_REFILL = 32;

    /// Regions of the highest bin that are looked at for the bound.
    private static final int BOUND_PROBES = 8;

    private static final long NOT_LIVE = 0;

    private static final VarHandle TABLE;
    private static final VarHandle FRESH;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TABLE = lookup.findVarHandle(Regions.class, "table", MemorySegment.class);
            FRESH = lookup.findVarHandle(Regions.class, "fresh", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Stripes stripes;
    private final boolean parks;

    /// No region is larger than this.
    private volatile long bound;
    /// Whether freed blocks are parked now.
    private volatile boolean parking;
    private int callsUntilParking = CALLS_UNTIL_PARKING;

    SharedAllocator(Builder builder) {
        super(builder, LAST_GENERATION);
        stripes = new Stripes(capacity);
        parks = builder.parks();
        bound = capacity;
    }

    // ---- allocate ----------------------------------------------------------------------------------------------

    @Override
    long allocateSlack(long size, int slack) {
        if (size > bound) {
            checkOpen();
            return NO_SPACE;
        }
        if (parking && Stripes.parks(size)) {
            int[] stripe = acquire();
            try {
                int node = Stripes.pop(stripe, size);
                if (node != NIL) {
                    return hand(table, node, slack, stripes.generation(stripe));
                }
            } finally {
                Stripes.release(stripe);
            }
        }
        lock();
        try {
            growTableAlone();
            long allocation = allocateFromBins(size, slack);
            if (allocation == NO_SPACE) {
                mergeAllParked();
                growTableAlone();
                allocation = allocateFromBins(size, slack);
            } else if (parking && size > 0 && size <= LARGEST_REFILL) {
                refill(size);
            }
            noteChange();
            return allocation;
        } finally {
            lock.unlock();
        }
    }

    @Override
    long allocateSlack(long size, long alignment, long phase, int slack) {
        checkAlignment(alignment);
        if (alignment == 1) {
            return allocateSlack(size, slack);
        }
        if (size > bound) {
            checkOpen();
            return NO_SPACE;
        }
        lock();
        try {
            growTableAlone();
            long allocation = allocateAligned(size, alignment, phase, slack);
            if (allocation == NO_SPACE) {
                mergeAllParked();
                growTableAlone();
                allocation = allocateAligned(size, alignment, phase, slack);
            }
            noteChange();
            return allocation;
        } finally {
            lock.unlock();
        }
    }

    /// Carves a few blocks more, so that the next requests of this size find them.
    private void refill(long size) {
        int[] stripe = stripes.tryAcquire();
        if (stripe == null) {
            return;
        }
        try {
            MemorySegment t = table;
            for (int i = 0; i < REFILL && stripes.hasRoom(stripe, size) && blocks() < maxAllocations() && !isTableShort(); i++) {
                int node = carveParked(t, size);
                if (node == NIL) {
                    return;
                }
                Stripes.push(stripe, size, node);
            }
        } finally {
            Stripes.release(stripe);
        }
    }

    // ---- free --------------------------------------------------------------------------------------------------

    @Override
    public void free(long allocation) {
        if (parking) {
            int[] stripe = acquire();
            try {
                if (park(stripe, allocation)) {
                    return;
                }
            } finally {
                Stripes.release(stripe);
            }
        }
        lock();
        try {
            claim(allocation);
            int node = low(allocation);
            long size = sizeOf(region(table, node));
            giveBack(table, node);
            if (parking && Stripes.parks(size)) {
                unload(size);
            }
            noteChange();
        } finally {
            lock.unlock();
        }
    }

    /// Parks a block, or leaves everything to those who hold the lock: a handle that is not live, too.
    private boolean park(int[] stripe, long allocation) {
        MemorySegment t = table;
        int node = low(allocation);
        if (isNoNode(node, fresh) || !parking) {
            return false;
        }
        long links = links(t, node);
        if ((links & IDENTITY) != identity(allocation)) {
            return false;
        }
        long size = sizeOf(region(t, node));
        if (!Stripes.parks(size) || !stripes.hasRoom(stripe, size) || !replaceLinks(t, node, links, PARKED)) {
            return false;
        }
        if (sizeOf(region(t, node)) != size) { // resized since it was looked at
            setLinks(t, node, links);
            return false;
        }
        Stripes.push(stripe, size, node);
        return true;
    }

    /// Merges half of the blocks that left no room for one of this size, so that the next has some.
    private void unload(long size) {
        int[] stripe = stripes.tryAcquire();
        if (stripe != null) {
            int place = Stripes.place(size);
            for (int i = Stripes.count(stripe, place) + 1 >> 1; i > 0; i--) {
                giveBack(table, Stripes.popAt(stripe, place));
            }
            Stripes.release(stripe);
        }
    }

    @Override
    public void freeAll(long[] allocations, int from, int to) {
        Objects.checkFromToIndex(from, to, allocations.length);
        lock();
        try {
            checkUsable();
            long[] links = new long[to - from];
            int claimed = from;
            try {
                for (; claimed < to; claimed++) {
                    links[claimed - from] = claim(allocations[claimed]);
                }
            } finally {
                if (claimed < to) {
                    while (--claimed >= from) {
                        setLinks(table, low(allocations[claimed]), links[claimed - from]);
                    }
                }
            }
            for (int i = from; i < to; i++) {
                giveBack(table, low(allocations[i]));
            }
            noteChange();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void retire(long allocation, long value) {
        lock();
        try {
            claim(allocation);
            retiredList().add(table, low(allocation), value);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int reclaim(long completedValue) {
        int reclaimed = 0;
        int now;
        do {
            lock();
            try {
                checkUsable();
                now = 0;
                for (int node; now < RECLAIMS_AT_ONCE && (node = retiredList().take(table, completedValue)) != NIL; now++) {
                    giveBack(table, node);
                }
                noteChange();
            } finally {
                lock.unlock();
            }
            reclaimed += now;
        } while (now == RECLAIMS_AT_ONCE);
        return reclaimed;
    }

    @Override
    public int retired() {
        lock();
        try {
            return super.retired();
        } finally {
            lock.unlock();
        }
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    // The next three read without a lock: if the block's links are the same before and after, it was live meanwhile.

    @Override
    public long offset(long allocation) {
        MemorySegment t = tableOf(allocation);
        long links = liveLinks(t, allocation);
        if (links != NOT_LIVE) {
            long region = region(t, low(allocation));
            if (isStill(t, allocation, links)) {
                return offsetOf(region);
            }
        }
        lock();
        try {
            return super.offset(allocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    long size(long allocation, int shift) {
        MemorySegment t = tableOf(allocation);
        long links = liveLinks(t, allocation);
        if (links != NOT_LIVE) {
            long region = region(t, low(allocation));
            if (isStill(t, allocation, links)) {
                return (sizeOf(region) << shift) - (high(links) & MAX_SLACK);
            }
        }
        lock();
        try {
            return super.size(allocation, shift);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long tag(long allocation) {
        MemorySegment t = tableOf(allocation);
        long links = liveLinks(t, allocation);
        if (links != NOT_LIVE) {
            long tag = NodeTable.tag(t, low(allocation));
            if (isStill(t, allocation, links)) {
                return tag;
            }
        }
        lock();
        try {
            return super.tag(allocation);
        } finally {
            lock.unlock();
        }
    }

    /// A table that has the allocation's node, or null if there is no such node.
    private MemorySegment tableOf(long allocation) {
        return isNoNode(low(allocation), (int) FRESH.getAcquire(this)) ? null : (MemorySegment) TABLE.getAcquire(this);
    }

    private static long liveLinks(MemorySegment t, long allocation) {
        long links = t == null ? NOT_LIVE : links(t, low(allocation));
        VarHandle.acquireFence();
        return (links & IDENTITY) == identity(allocation) ? links : NOT_LIVE;
    }

    private static boolean isStill(MemorySegment t, long allocation, long links) {
        VarHandle.acquireFence();
        return links(t, low(allocation)) == links;
    }

    @Override
    public void setTag(long allocation, long tag) {
        lock();
        try {
            long links = claim(allocation);
            markTagged();
            NodeTable.setTag(table, low(allocation), tag);
            setLinks(table, low(allocation), links);
        } finally {
            lock.unlock();
        }
    }

    @Override
    boolean resize(long allocation, long newSize, int slack) {
        if (newSize < 0) {
            throw new IllegalArgumentException("size " + newSize + " is negative");
        }
        lock();
        try {
            growTableAlone();
            long links = claim(allocation);
            int node = low(allocation);
            boolean done = resizeBlock(node, newSize);
            if (!done && isParked(table, firstTaken(table, node))) {
                mergeAllParked();
                done = resizeBlock(node, newSize);
            }
            setLinks(table, node, done ? ALLOCATED | pair(slack, high(allocation)) : links);
            noteChange();
            return done;
        } finally {
            lock.unlock();
        }
    }

    @Override
    long liveAt(int node, long offset) {
        if (isNoNode(node, (int) FRESH.getAcquire(this))) {
            return 0;
        }
        MemorySegment t = (MemorySegment) TABLE.getAcquire(this);
        long links = links(t, node);
        return offsetOf(region(t, node)) == offset && (isAllocated(links) || isClaimed(links))
                ? pair(low(links), node)
                : 0;
    }

    private static boolean isNoNode(int node, int fresh) {
        return Integer.compareUnsigned(node - FIRST_REGION, fresh - FIRST_REGION) >= 0;
    }

    private static long identity(long allocation) {
        return ALLOCATED | allocation >>> 32;
    }

    /// Makes a live block the caller's own, who holds the lock. Returns its links.
    private long claim(long allocation) {
        MemorySegment t = table;
        int node = low(allocation);
        while (!isNoNode(node, fresh)) {
            long links = links(t, node);
            if ((links & IDENTITY) != identity(allocation)) {
                break;
            }
            if (replaceLinks(t, node, links, CLAIMED | allocation >>> 32)) {
                return links;
            }
        }
        throw notLive(allocation);
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    @Override
    public int allocations() {
        lock();
        try {
            return super.allocations() - stripes.blocks();
        } finally {
            lock.unlock();
        }
    }

    /// What waits in a stripe that is held at this moment counts as free, but is not merged.
    @Override
    public StorageReport storageReport() {
        lock();
        try {
            checkUsable();
            mergeIdleParked();
            StorageReport report = super.storageReport();
            return new StorageReport(report.totalFreeSpace() + stripes.units(), report.largestFreeRegion());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StorageReportFull storageReportFull() {
        lock();
        try {
            checkUsable();
            mergeIdleParked();
            return super.storageReportFull();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void forEachRegion(RegionVisitor visitor) {
        lock();
        try {
            checkUsable();
            mergeIdleParked();
            super.forEachRegion(visitor);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void forEachAllocation(LongConsumer visitor) {
        lock();
        try {
            super.forEachAllocation(visitor);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void verify() {
        lock();
        try {
            acquireAll();
            try {
                super.verify();
            } finally {
                releaseAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    void forEachParked(ParkedVisitor visitor) {
        for (int i = 0; i < stripes.count(); i++) {
            stripes.forEach(i, visitor);
        }
    }

    @Override
    public void reset() {
        lock();
        try {
            acquireAll();
            try {
                super.reset();
                stripes.clear();
                parking = false;
                callsUntilParking = CALLS_UNTIL_PARKING;
                bound = capacity;
            } finally {
                releaseAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    void close(Arena memory) {
        lock();
        try {
            acquireAll();
            try {
                super.close(memory);
                stripes.clear();
                parking = false;
                bound = -1;
            } finally {
                releaseAll();
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- the lock ----------------------------------------------------------------------------------------------

    /// Takes the lock; a visitor of a walk, who has it, is refused.
    private void lock() {
        for (int i = 0; i < SPINS; i++) {
            if (lock.tryLock()) {
                refuseVisitor();
                return;
            }
            Thread.onSpinWait();
        }
        lock.lock();
    }

    /// The only one who can have the lock already is the visitor of a walk.
    private void refuseVisitor() {
        if (lock.getHoldCount() > 1) {
            lock.unlock();
            checkUsable();
        }
    }

    /// Takes a stripe; a visitor of a walk is refused.
    private int[] acquire() {
        if (isWalking() && lock.isHeldByCurrentThread()) {
            checkUsable();
        }
        return stripes.acquire();
    }

    /// Grows the table while no one holds a stripe. The caller holds the lock.
    private void growTableAlone() {
        if (isTableShort()) {
            acquireAll();
            try {
                growTable();
            } finally {
                releaseAll();
            }
        }
    }

    private void acquireAll() {
        for (int i = 0; i < stripes.count(); i++) {
            stripes.acquire(i);
        }
    }

    private void releaseAll() {
        for (int i = 0; i < stripes.count(); i++) {
            stripes.release(i);
        }
    }

    // ---- parked blocks and the bound, by those who hold the lock -----------------------------------------------

    /// Merges the parked blocks of all stripes, waiting for those who hold one, and parks none from here on.
    private void mergeAllParked() {
        parking = false;
        callsUntilParking = CALLS_UNTIL_PARKING;
        for (int i = 0; i < stripes.count(); i++) {
            mergeParked(stripes.acquire(i));
        }
    }

    /// Merges the parked blocks of those stripes that nobody holds.
    private void mergeIdleParked() {
        for (int i = 0; i < stripes.count(); i++) {
            int[] stripe = stripes.tryAcquire(i);
            if (stripe != null) {
                mergeParked(stripe);
            }
        }
    }

    private void mergeParked(int[] stripe) {
        for (int place = 0; place < Stripes.PLACES; place++) {
            for (int node; (node = Stripes.popAt(stripe, place)) != NIL; ) {
                giveBack(table, node);
            }
        }
        Stripes.release(stripe);
    }

    /// Called at the end of every change of the bins.
    private void noteChange() {
        if (parking && !isRoomy(table)) {
            mergeAllParked();
        }
        if (!parking) {
            if (parks && --callsUntilParking <= 0 && isRoomy(table)) {
                bound = capacity;
                parking = true;
            } else {
                bound = largestPossible();
            }
        }
    }

    /// No region is larger; exact where few regions share the highest bin.
    private long largestPossible() {
        MemorySegment t = table;
        int bin = lastBin(t);
        if (bin < 0) {
            return 0;
        }
        long largest = 0;
        int node = first(t, bin);
        for (int left = BOUND_PROBES; node != NIL; left--) {
            if (left == 0) {
                return SmallFloat.size(bin + 1) - 1;
            }
            largest = Math.max(largest, sizeOf(region(t, node)));
            node = next(t, node);
        }
        return largest;
    }
}
