package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/// An [OffsetAllocator] for any thread.
///
/// ```
///   allocate   own stripe, or the depot: a block of this size? ---yes---> its handle
///                  | no
///   bins (lock)    carve one, and a few more for the stripe
///
///   free       own stripe: room for this size? ---yes---> parked there; half of a full place goes to the depot
///                  | no
///   bins (lock)    merge it, and some that left no room for it
/// ```
///
/// **Stripes** ([Stripes]) serve most requests: one atomic operation takes a stripe, a stack of nodes does the rest. They
/// exchange blocks through a [Depot].
/// **The bins** are the allocator for one thread, behind one lock. Everything but the common case goes there.
///
/// **Who may free.** A block belongs to whoever replaces its links with something that no handle matches: of two who free
/// one handle at once, one does. Mostly that is the thread that has allocated it, so there are two ways to do it:
///
/// ```
///   owner     hold the stripe that owns the block, for this node: atomic       (the one that handed it out)
///             read the links, replace them: plain
///
///   others    replace the links: compare-and-set
///             wait while the owner's stripe is held for this node
///             look whether the links are still as replaced, or else the owner came first
/// ```
///
/// Each does its atomic step before it looks at what the other does, so at least one sees the other: either the owner
/// reads the replaced links, or the others find the owner's stripe held for this node. That is the only wait, for a few
/// instructions of a thread that frees the same handle. A stripe whose blocks are freed by others hands out blocks without
/// an owner for a while; then the compare-and-set is all.
///
/// A call that needs more than one step (resize, retire, tag) holds the lock and claims the block like the others; who
/// finds a block claimed comes to wait for the lock, and looks again.
///
/// **Locks.** The lock comes before a stripe, a stripe before the depot. Who holds a stripe waits for no lock and no other
/// stripe, but as said above; who holds the lock may wait for stripes, and does so before it refuses a request, replaces
/// the table, or ends everything. Who finds no stripe for longer than that takes holds nothing, and waits for the lock. So
/// a virtual thread gives way to others only while it holds nothing.
///
/// **Refusing without a lock.** While no block is parked, at first and from each refusal on, the highest bin bounds what
/// any request can get, and whoever asks for more is refused by a look at that bound. Every free goes to the bins then,
/// which keep it up to date. Blocks are parked after 64 calls that the bins have served, if they are roomy, and
/// the bound is lifted first: it never hides a block that has been freed.
final class SharedAllocator extends PaddedAllocator {
    /// Generations above are those of the stripes.
    private static final int LAST_GENERATION = (1 << 30) - 1;

    private static final int SPINS = 500;
    private static final int CALLS_UNTIL_PARKING = 64;
    private static final int RECLAIMS_AT_ONCE = 64;

    /// How many blocks more than one are carved for the stripe, of up to how many units.
    private static final int REFILL = 15;
    private static final long LARGEST_REFILL = 64;

    /// Regions of the highest bin that are looked at for the bound.
    private static final int BOUND_PROBES = 8;

    private static final long NOT_LIVE = 0;

    /// The owner's place in the links of a live block, above the slack.
    private static final int OWNER_SHIFT = 24;
    private static final long SLACK = (long) MAX_SLACK << Integer.SIZE;

    /// How many nodes are made ready at once, and how many a call needs at most.
    private static final int READY_NODES = 1024;
    private static final int NODES_OF_A_CALL = 2 * (REFILL + 2);

    private final ReentrantLock lock = new ReentrantLock();
    private final Stripes stripes;
    private final boolean parks;

    /// No region is larger than this.
    private volatile long bound;
    /// Whether freed blocks are parked now.
    private volatile boolean parking;
    private int callsUntilParking = CALLS_UNTIL_PARKING;
    /// The table, for those who don't hold the lock.
    private volatile MemorySegment view;
    /// Nodes that may be used: those that were not yet have no links that a handle could match. What handle there is
    /// comes from a thread that has seen this.
    private volatile int ceiling = FIRST_REGION;
    private boolean tags;
    private boolean visited;
    private final ParkedVisitor merger = (node, _) -> giveBack(table, node);

    SharedAllocator(Builder builder) {
        super(builder, LAST_GENERATION);
        stripes = new Stripes(capacity);
        parks = builder.parks();
        bound = capacity;
        view = table;
        makeNodesReady();
    }

    // ---- allocate ----------------------------------------------------------------------------------------------

    @Override
    long allocateSlack(long size, int slack) {
        if (size > bound) {
            checkOpen();
            return NO_SPACE;
        }
        if (parking && Stripes.parks(size)) {
            int[] stripe = acquire(Stripes.HELD);
            if (stripe != null) {
                try {
                    int node = parking ? stripes.pop(stripe, size) : NIL;
                    if (node != NIL) {
                        return handOut(stripe, node, slack);
                    }
                } finally {
                    Stripes.release(stripe);
                }
            }
        }
        lock();
        try {
            makeNodesReady();
            long allocation = allocateFromBins(size, owned(slack));
            if (allocation == NO_SPACE) {
                mergeAllParked();
                makeNodesReady();
                allocation = allocateFromBins(size, owned(slack));
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
            makeNodesReady();
            long allocation = allocateAligned(size, alignment, phase, owned(slack));
            if (allocation == NO_SPACE) {
                mergeAllParked();
                makeNodesReady();
                allocation = allocateAligned(size, alignment, phase, owned(slack));
            }
            noteChange();
            return allocation;
        } finally {
            lock.unlock();
        }
    }

    /// Hands out a block that was parked. The caller holds the stripe.
    private long handOut(int[] stripe, int node, int slack) {
        MemorySegment t = view;
        int generation = stripes.generation(stripe);
        setLinks(t, node, ALLOCATED | pair(slack | Stripes.owner(stripe) << OWNER_SHIFT, generation));
        if (tags) {
            NodeTable.setTag(t, node, 0);
        }
        return pair(generation, node);
    }

    private int owned(int slack) {
        return slack | stripes.home() << OWNER_SHIFT;
    }

    /// Carves a few blocks more, so that the next requests of this size find them.
    private void refill(long size) {
        int[] stripe = stripes.tryAcquireHome();
        if (stripe == null) {
            return;
        }
        try {
            MemorySegment t = table;
            for (int i = 0; i < REFILL && stripes.makeRoom(stripe, size) && blocks() < maxAllocations() && !isTableShort(); i++) {
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
        if (parking && !isNoNode(low(allocation))) {
            int[] stripe = acquire(low(allocation));
            if (stripe != null) {
                try {
                    if (park(stripe, allocation)) {
                        return;
                    }
                } finally {
                    Stripes.release(stripe);
                }
            }
        }
        lock();
        try {
            claim(allocation);
            int node = low(allocation);
            long size = sizeOf(region(table, node));
            giveBack(table, node);
            if (parking && Stripes.parks(size)) {
                evict(size);
            }
            noteChange();
        } finally {
            lock.unlock();
        }
    }

    /// Parks a block, or leaves everything to those who hold the lock: a handle that is not live, too. The caller holds
    /// the stripe, and has said there that it is for this node.
    private boolean park(int[] stripe, long allocation) {
        MemorySegment t = view;
        int node = low(allocation);
        if (isNoNode(node) || !parking) {
            return false;
        }
        long links = linksNow(t, node);
        if ((links & IDENTITY) != identity(allocation)) {
            return false;
        }
        long size = sizeOf(region(t, node));
        if (!Stripes.parks(size) || !stripes.makeRoom(stripe, size)) {
            return false;
        }
        if (owner(links) != Stripes.index(stripe) || owner(links) == Stripes.NO_OWNER) {
            if (!take(t, node, links)) {
                return false;
            }
            stripes.tellTaken(owner(links));
            if (sizeOf(region(t, node)) != size) { // resized since it was looked at
                setLinks(t, node, links);
                return false;
            }
        }
        setLinks(t, node, PARKED);
        Stripes.push(stripe, size, node);
        return true;
    }

    /// Makes a block one's own, whose links are those of a live one. Returns false if someone else did.
    private boolean take(MemorySegment t, int node, long links) {
        long claimed = CLAIMED | links & LOW;
        if (!replaceLinks(t, node, links, claimed)) {
            return false;
        }
        stripes.awaitOwner(owner(links), node);
        return linksNow(t, node) == claimed;
    }

    private static int owner(long links) {
        return (int) (links >>> Integer.SIZE + OWNER_SHIFT) & Stripes.NO_OWNER;
    }

    /// Merges some of the blocks that left no room for one of this size, so that the next has some.
    private void evict(long size) {
        int[] stripe = stripes.tryAcquireHome();
        if (stripe != null) {
            Stripes.evict(stripe, size, merger);
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
        return isNoNode(low(allocation)) ? null : view;
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
            tags = true;
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
            makeNodesReady();
            long links = claim(allocation);
            int node = low(allocation);
            boolean done = resizeBlock(node, newSize);
            if (!done && isParked(table, firstTaken(table, node))) {
                mergeAllParked();
                done = resizeBlock(node, newSize);
            }
            VarHandle.releaseFence(); // for those who read the size without a lock
            setLinks(table, node, done ? links & ~SLACK | (long) slack << Integer.SIZE : links);
            noteChange();
            return done;
        } finally {
            lock.unlock();
        }
    }

    @Override
    long liveAt(int node, long offset) {
        if (isNoNode(node)) {
            return 0;
        }
        MemorySegment t = view;
        long links = links(t, node);
        return offsetOf(region(t, node)) == offset && (isAllocated(links) || isClaimed(links))
                ? pair(low(links), node)
                : 0;
    }

    private boolean isNoNode(int node) {
        return Integer.compareUnsigned(node - FIRST_REGION, ceiling - FIRST_REGION) >= 0;
    }

    private static long identity(long allocation) {
        return ALLOCATED | allocation >>> 32;
    }

    /// Makes a live block the caller's own, who holds the lock. Returns its links.
    private long claim(long allocation) {
        MemorySegment t = table;
        int node = low(allocation);
        while (!isNoNode(node)) {
            long links = linksNow(t, node);
            if ((links & IDENTITY) != identity(allocation)) {
                break;
            }
            if (take(t, node, links)) {
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
            return Math.max(0, super.allocations() - stripes.blocks());
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
            stripes.drainIdle(merger);
            StorageReport report = super.storageReport();
            return new StorageReport(Math.min(capacity, report.totalFreeSpace() + stripes.units()), report.largestFreeRegion());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StorageReportFull storageReportFull() {
        lock();
        try {
            checkUsable();
            stripes.drainIdle(merger);
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
            stripes.drainIdle(merger);
            visited = true;
            super.forEachRegion(visitor);
        } finally {
            visited = false;
            lock.unlock();
        }
    }

    @Override
    public void forEachAllocation(LongConsumer visitor) {
        lock();
        try {
            visited = true;
            super.forEachAllocation(visitor);
        } finally {
            visited = false;
            lock.unlock();
        }
    }

    @Override
    public void verify() {
        lock();
        try {
            stripes.acquireAll();
            try {
                super.verify();
            } finally {
                stripes.releaseAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    void forEachParked(ParkedVisitor visitor) {
        stripes.forEach(visitor);
    }

    @Override
    public void reset() {
        lock();
        try {
            stripes.acquireAll();
            try {
                super.reset();
                stripes.clear();
                parking = false;
                callsUntilParking = CALLS_UNTIL_PARKING;
                bound = capacity;
                ceiling = FIRST_REGION;
                makeNodesReady();
            } finally {
                stripes.releaseAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    void close(Arena memory) {
        lock();
        try {
            stripes.acquireAll();
            try {
                super.close(memory);
                stripes.clear();
                parking = false;
                bound = -1;
                ceiling = FIRST_REGION;
            } finally {
                stripes.releaseAll();
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- the lock ----------------------------------------------------------------------------------------------

    /// Takes the lock; a visitor of a walk, who has it, is refused.
    private void lock() {
        for (int i = 0; i < SPINS; i++) {
            if ((!lock.isLocked() || lock.isHeldByCurrentThread()) && lock.tryLock()) {
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
    private int[] acquire(int node) {
        if (visited && lock.isHeldByCurrentThread()) {
            checkUsable();
        }
        return stripes.acquire(node);
    }

    /// Makes sure that a call has the nodes that it needs. The caller holds the lock.
    private void makeNodesReady() {
        if (isTableShort()) {
            stripes.acquireAll();
            try {
                growTable();
                view = table;
            } finally {
                stripes.releaseAll();
            }
        }
        if (ceiling - fresh < NODES_OF_A_CALL) {
            long nodes = table.byteSize() / byteSize(1);
            int ready = (int) Math.min(nodes, (long) fresh + READY_NODES);
            int clean = Math.max(fresh, ceiling);
            if (ready > clean) {
                table.asSlice(byteSize(clean), byteSize(ready - clean)).fill((byte) 0);
                ceiling = ready;
            }
        }
    }

    // ---- parked blocks and the bound, by those who hold the lock -----------------------------------------------

    /// Merges all parked blocks, waiting for those who hold a stripe, and parks none from here on.
    private void mergeAllParked() {
        parking = false;
        callsUntilParking = CALLS_UNTIL_PARKING;
        stripes.drain(merger);
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
