package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.AnyThreadSlabs;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.Supplier;

/// Any thread: slots are taken and freed by one compare-and-set each, without a lock ([Slabs]). All else is the engine for one
/// thread behind one lock ([LockedEngine]).
///
/// ```
///   allocate   a slot of this size that hints tell of? ---yes---> compare-and-set
///                  | no
///   (lock)     the engine for one thread: look for one, make a slab, take a region, dissolve
///
///   free       a slot? ---yes---> compare-and-set
///                  | no: a region, or a slot that has moved to one
///   (lock)     the engine for one thread
/// ```
///
/// **Reading without the lock.** `offset` and `size` read the block's state, the rest, and the state again: if it is the same, the
/// block was live meanwhile.
///
/// **Refusing without the lock** is what the [Bound] allows.
final class AnyThread extends LockedEngine {
    private static final long UNKNOWN = Long.MAX_VALUE;

    private final Slabs slabs;

    private final Bound bound = new Bound();
    private volatile long capacity;
    /// The table of nodes, for threads that don't hold the lock.
    private volatile MemorySegment nodes;
    /// The thread that walks or closes: what that calls must not change anything.
    private volatile Thread walker;
    private final Writers writers = new Writers();
    private volatile boolean resetting;
    /// Odd while a block changes its size.
    private volatile int resizes;
    private final Object resetLock = new Object();

    /// Made here and not where the kind is chosen: then a program without shared arenas doesn't load this class, and the compiler
    /// needn't ask which engine it is.
    static Engine over(OneThread engine) {
        return new AnyThread(engine);
    }

    private AnyThread(OneThread engine) {
        super(engine);
        slabs = engine.slabs();
        capacity = engine.capacity();
        nodes = engine.regions().table();
    }

    // ---- allocate and free -------------------------------------------------------------------------------------

    @Override
    public long allocate(long size, int slack) {
        long handle = allocateSlot(size, slack);
        if (handle != NO_SLOT) {
            return handle;
        }
        if (isImpossible(size)) {
            return NO_SPACE;
        }
        synchronized (this) {
            try {
                return allocated(engine.allocateRegion(size, 1, slack), size);
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    @Override
    public long allocateSlot(long size, int slack) {
        if (slabs == null) {
            return NO_SLOT;
        }
        refuseVisitor();
        return slabs.take(size, slack);
    }

    @Override
    public long allocate(long size, long alignment, int slack) {
        if (alignment == 1) {
            return allocate(size, slack);
        }
        if (slabs != null) {
            refuseVisitor();
            long handle = slabs.takeAligned(size, alignment, slack);
            if (handle != Slabs.NONE_FREE && keepIfAligned(handle, alignment)) {
                return handle;
            }
        }
        if (isImpossible(size)) {
            return NO_SPACE;
        }
        synchronized (this) {
            try {
                long handle = engine.allocateRegion(size, alignment, slack);
                publish(); // a refusal tells nothing of blocks without an alignment, so it sets no bound
                return handle;
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    /// Whether a slot that this thread has taken lies where it has to. Frees it if it does not: its row was made anew in between.
    private boolean keepIfAligned(long handle, long alignment) {
        try {
            if ((offsetOfNew(handle) + engine.phase & alignment - 1) == 0) {
                return true;
            }
            free(handle);
            return false;
        } catch (IllegalStateException ended) { // by a reset
            return false;
        }
    }

    private boolean isImpossible(long size) {
        if (!bound.refuses(size) && size <= capacity) {
            return false;
        }
        checkUsable();
        engine.regions().noteRefusal(size, 1);
        return true;
    }

    /// Publishes what the engine has changed and, after a refusal, what is impossible until something is freed. The caller has
    /// the lock.
    private long allocated(long handle, long size) {
        publish();
        if (handle == NO_SPACE && size <= capacity && engine.hasBlock()) {
            long largest = engine.regions().policy().bound(engine.regions().table());
            bound.propose(Math.max(size - 1, largest));
            bound.confirm(slabs != null && slabs.hasFree()); // freed since the engine has looked
        }
        return handle;
    }

    /// After an error nothing is known without the lock, until a call that succeeds publishes it.
    @Override
    Error forget(Error e) {
        bound.forget();
        nodes = Regions.CLOSED; // a thread that asks for a node takes the lock
        capacity = UNKNOWN;
        return e;
    }

    /// Lets others see what the engine has changed.
    @Override
    void publish() {
        MemorySegment t = engine.regions().table();
        long units = engine.capacity();
        if (capacity != units) {
            capacity = units;
        }
        if (nodes != t) {
            nodes = t;
        }
        engine.regions().tally().claim(Header.open(t) - Header.word(t, Header.FREE_UNITS));
        bound.set(engine.most());
    }

    @Override
    public void free(long handle) {
        if (freeSlot(handle)) {
            return;
        }
        synchronized (this) {
            try {
                engine.free(handle);
                publish();
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    @Override
    public boolean freeSlot(long handle) {
        refuseVisitor();
        if ((int) handle >= 0 || slabs == null || !slabs.give(handle)) {
            return false;
        }
        bound.lift();
        return true;
    }

    @Override
    public long find(long unit) {
        long slot = engine.findSlot(unit);
        return slot != 0 ? slot : super.find(unit);
    }

    @Override
    public long freeAt(long unit, long size, int shift) {
        refuseVisitor();
        if (engine.freeSlotAt(unit, size, shift)) {
            bound.lift();
            return FREED;
        }
        synchronized (this) {
            try {
                long found = engine.freeAt(unit, size, shift);
                publish();
                return found;
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    @Override
    public long offsetOfNew(long handle) {
        if (SlabTable.isSlot(handle)) {
            int slot = SlabTable.slotOf(handle);
            long offset = slabs.offset(slot); // the caller has taken the slot, so the row is its slab's, while it is in place
            VarHandle.loadLoadFence();
            if (SlabTable.matchesInPlace(slabs.entry(slot), handle)) {
                return offset;
            }
        }
        return offset(handle); // another thread has dissolved its slab
    }

    @Override
    public long offset(long handle) {
        if (SlabTable.isSlot(handle)) {
            int slot = SlabTable.slotOf(handle);
            long entry = slabs == null ? 0 : slabs.entry(slot);
            if (SlabTable.matchesInPlace(entry, handle)) {
                long offset = slabs.offset(slot);
                if (isStill(slot, entry)) {
                    return offset;
                }
            }
        } else {
            MemorySegment t = nodes;
            int node = NodeTable.low(handle);
            if (isLiveNode(t, node, handle)) {
                long region = NodeTable.region(t, node);
                VarHandle.acquireFence();
                if (isLiveNode(t, node, handle)) {
                    return NodeTable.offsetOf(region);
                }
            }
        }
        synchronized (this) {
            return engine.offset(handle);
        }
    }

    @Override
    public void checkStillLive(long handle) {
        VarHandle.acquireFence();
        if (!SlabTable.isSlot(handle) || slabs == null || !SlabTable.matchesInPlace(slabs.entry(SlabTable.slotOf(handle)), handle)) {
            offset(handle);
        }
    }

    @Override
    public long size(long handle, int shift) {
        if (SlabTable.isSlot(handle)) {
            int slot = SlabTable.slotOf(handle);
            long entry = slabs == null ? 0 : slabs.entry(slot);
            if (SlabTable.matchesInPlace(entry, handle)) {
                long size = (slabs.size(slot) << shift) - ((int) entry & NodeState.MAX_SLACK);
                if (isStill(slot, entry)) {
                    return size;
                }
            }
        } else {
            int before = resizes;
            MemorySegment t = nodes;
            int node = NodeTable.low(handle);
            if (isLiveNode(t, node, handle)) {
                long links = NodeTable.links(t, node);
                VarHandle.acquireFence();
                long region = NodeTable.region(t, node);
                VarHandle.acquireFence();
                // A resize changes the region and the slack, in two stores. One that an error has cut short has left the bins busy.
                if (Header.half(t, Header.BUSY) == 0 && NodeTable.links(t, node) == links && NodeState.matches(links, handle)
                        && (before & 1) == 0 && resizes == before) {
                    return (NodeTable.sizeOf(region) << shift) - NodeState.slack(links);
                }
            }
        }
        synchronized (this) {
            return engine.size(handle, shift);
        }
    }

    @Override
    public synchronized boolean resize(long handle, long newSize, int slack) {
        resizes++;
        try {
            VarHandle.storeStoreFence();
            return super.resize(handle, newSize, slack);
        } finally {
            resizes++;
        }
    }

    private boolean isStill(int slot, long entry) {
        VarHandle.acquireFence();
        return slabs.entry(slot) == entry;
    }

    /// A node from [Header#FRESH] on is as it was before a reset. A call that takes it says that it is unused before it counts.
    private static boolean isLiveNode(MemorySegment t, int node, long handle) {
        if (Integer.compareUnsigned(node - NodeTable.FIRST_REGION, Header.half(t, Header.FRESH) - NodeTable.FIRST_REGION) >= 0
                || node >= NodeTable.nodes(t)) { // in a file a table grows where it is, before others see that
            return false;
        }
        VarHandle.acquireFence();
        boolean matches = NodeState.matches(NodeTable.links(t, node), handle);
        VarHandle.loadLoadFence(); // a node that stands for a slot says so before it looks live
        return matches && NodeTable.slot(t, node) == 0;
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    private void refuseVisitor() {
        Thread thread = walker;
        if (thread != null && thread == Thread.currentThread()) {
            checkUsable();
        }
    }

    @Override
    public synchronized <A, B> void forEachRegion(A a, B b, Walk<A, B> walk) {
        Thread outer = walker; // a visitor may walk too
        walker = Thread.currentThread();
        try {
            engine.forEachRegion(a, b, walk);
        } finally {
            walker = outer;
        }
    }

    @Override
    public synchronized <T> T callOut(Supplier<T> work) {
        Thread outer = walker;
        walker = Thread.currentThread();
        try {
            return super.callOut(work);
        } finally {
            walker = outer;
        }
    }

    /// A walk makes only the calls of its own visitor wrong; those of other threads wait, or do without the lock.
    @Override
    public void checkUsable() {
        engine.checkOpen();
        if (walker == Thread.currentThread()) {
            engine.checkUsable();
        }
    }

    @Override
    public long capacity() {
        engine.checkOpen();
        long known = capacity;
        if (known != UNKNOWN) {
            return known;
        }
        synchronized (this) {
            return engine.capacity();
        }
    }

    @Override
    public long metadataSize() {
        engine.checkOpen();
        return engine.tablesSize() + retiredSize();
    }

    /// Waits until no [#write] is under way, and keeps new ones waiting. Monitors, since they are left whatever happens.
    /// Nobody waits for one of these locks while it holds the engine's.
    @Override
    public void reset() {
        refuseVisitor();
        synchronized (resetLock) {
            resetting = true;
            try {
                if (!resetUnwritten()) {
                    awaitWrites(); // a thread that takes a writer later finds `resetting`
                    resetNow();
                }
            } finally {
                resetting = false;
            }
        }
    }

    /// Resets if nobody has ever written.
    private synchronized boolean resetUnwritten() {
        if (writers.haveWritten()) {
            return false;
        }
        resetNow();
        return true;
    }

    private synchronized void resetNow() {
        try {
            engine.reset();
            publish();
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public <A> void write(A a, long handle, long x, long y, Write<A> write) {
        Object writer = writers.own(this);
        while (true) {
            synchronized (writer) {
                if (!resetting) {
                    write.run(a, handle, x, y);
                    return;
                }
            }
            Writers.await(resetLock);
        }
    }

    @Override
    public void awaitWrites() {
        writers.await();
    }

    @Override
    public synchronized int liveAtEnd() {
        engine.recover(); // here, since what makes slabs anew opens them
        boolean areShut;
        int live;
        do { // a block that was seen live may be freed before it is counted
            areShut = slabs == null || ((AnyThreadSlabs) slabs).shut();
            live = super.liveAtEnd();
        } while (live == 0 && !areShut);
        if (live > 0) {
            unshut();
        }
        return live;
    }

    private void unshut() {
        if (slabs != null) {
            ((AnyThreadSlabs) slabs).unshut();
        }
    }

    @Override
    public synchronized void close(Runnable first) {
        Thread outer = walker;
        walker = Thread.currentThread();
        try {
            engine.close(() -> {
                first.run();
                nodes = Regions.CLOSED; // before its memory ends: a thread that asks for a node takes the lock
            });
        } finally {
            walker = outer;
            if (!engine.isClosed()) {
                unshut();
            }
        }
        closeRetired();
        bound.set(0); // last, so that a thread that sees it sees the rest
    }
}
