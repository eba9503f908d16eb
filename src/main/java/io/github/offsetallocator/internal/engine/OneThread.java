package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.TablePlaces.Table;
import io.github.offsetallocator.internal.tables.TagTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.Function;

/// Handles and life cycle for one thread at a time: slabs first, then the bins.
///
/// ```
///   allocate   a slot of this size in a slab? ---yes---> its handle
///                  | no: another slab, if the size deserves one
///              a region from the bins
///                  | none: dissolve slabs, the emptiest first, until one fits
///              NO_SPACE
/// ```
///
/// **After an error.** Every change of the bins, of lists and of sums lies between a store of 1 and one of 0 to a busy word. An
/// error that strikes in between, a StackOverflowError or memory that ends, leaves the 1; every call that would go
/// near the bins looks for it and rebuilds everything from what is live first ([Rebuild]).
///
/// **Its parts** hold the engine and have one concept each. Here is what every call needs.
///
/// ```
///   Room         dissolves slabs for a request       Retiring     blocks that wait to be freed
///   Resizing     larger or smaller in place          Batch        several changes or none
///   Finder       from an offset to a block           OpenPlan     compaction
///   Reports      sums and walks                      WholeRange   grow and reset
/// ```
final class OneThread extends Engine {
    /// Of all first tables, see [TableMemory].
    private final Arena common = Arena.ofShared();
    private final Regions regions;
    private final Slabs slabs;
    private final PageMap pages;
    final TagTable tags;
    private final int maxBlocks;
    final long phase;
    private final int roomForRetired;
    /// Whether the tables lie in a file, which must not show a block before what the block consists of.
    private final boolean isDurable;

    /// The only thread that may call, or null if others may. The tables don't check that: a segment of a confined arena would
    /// check it at each access.
    private final Thread owner;
    /// The same, or null if there are no slabs.
    private final Thread slotOwner;
    /// Whether calls that change something must be refused: closed, or someone is called who may only look: a visitor, a chunk's source.
    boolean blocked;
    private volatile boolean closed;
    /// Whether an error has struck where no busy word tells of it.
    boolean struck;
    /// The open one, or null, see [OpenPlan].
    Compaction plan;
    final Batch batch = new Batch(this);
    final WholeRange whole = new WholeRange(this);
    final Room room = new Room(this);
    private final Reports reports = new Reports(this);
    private final OpenPlan openPlan = new OpenPlan(this);
    private final Finder finder = new Finder(this);
    /// Those of a caller that is the only thread, or null: other threads would share its cache lines, and without a page map nobody frees by address.
    private final RecentSlices recent;
    private final Resizing resizing = new Resizing(this);
    final Retiring retiring = new Retiring(this);

    OneThread(Settings settings) {
        owner = settings.threads() == TableMemory.Threads.CONFINED ? Thread.currentThread() : null;
        maxBlocks = settings.maxBlocks();
        phase = settings.phase();
        roomForRetired = settings.preallocated() ? maxBlocks : 0;
        isDurable = settings.places().isDurable();
        tags = new TagTable(settings.places(), common);
        TableMemory ofNodes = settings.places().memory(Table.NODES, common);
        TableMemory ofPages = new TableMemory(settings.threads(), common);
        TableMemory ofSlabs = settings.places().memory(Table.SLABS, common);
        try { // what is made in here has no more to give back than first tables
            regions = new Regions(settings.capacity(), settings.policy(), maxBlocks, settings.preallocated(), ofNodes, settings.walls());
            if (!settings.places().areFound()) {
                MemorySegment t = regions.table();
                int salt = settings.salt();
                Header.setHalf(t, Header.GENERATION, salt);
                Header.setHalf(t, Header.FLOOR, salt & ~1);
            }
            pages = settings.byOffset() ? new PageMap(settings.capacity(), settings.preallocated(), ofPages) : null;
            slabs = settings.hasSlabs() ? Slabs.of(regions, pages, maxBlocks, phase, ofSlabs) : null;
            slotOwner = slabs == null ? null : owner;
            recent = slotOwner != null && pages != null ? new RecentSlices() : null;
        } catch (Throwable failure) {
            common.close();
            throw failure;
        }
    }

    /// An engine over tables as an earlier process has left them, which a [Survey] has passed: everything is made anew from
    /// what is live there. Blocks that were retired are free: what they waited for has ended with the process.
    static OneThread reopened(Settings settings, Survey survey) {
        survey.prepare();
        OneThread engine = new OneThread(settings);
        try {
            Rebuild.of(engine);
            engine.retiring.freeAll();
            engine.tags.keepOnly(engine::isLive);
            if (Header.half(engine.regions.table(), Header.BLOCKS) > engine.maxBlocks && engine.slabs != null) {
                engine.slabs.dissolveAll(); // free slots count as blocks
            }
            engine.regions.tally().found(engine.blocks());
            return engine;
        } catch (Throwable failure) {
            engine.close(() -> {});
            throw failure;
        }
    }

    Regions regions() {
        return regions;
    }

    Slabs slabs() {
        return slabs;
    }

    @Override
    OneThread one() {
        return this;
    }

    PageMap pages() {
        return pages;
    }

    // ---- allocate ----------------------------------------------------------------------------------------------

    @Override
    public long allocate(long size, int slack) {
        checkThread();
        if (slabs != null) {
            long slot = slabs.take(size, slack);
            if (slot != Slabs.NONE_FREE) {
                return slot;
            }
        }
        return allocateRegion(size, 1, slack);
    }

    @Override
    public long allocateSlot(long size, int slack) {
        return slotOwner == Thread.currentThread() ? slabs.take(size, slack) : NO_SLOT;
    }

    @Override
    public boolean freeSlot(long handle) {
        return slotOwner == Thread.currentThread() && (int) handle < 0 && slabs.give(handle);
    }

    @Override
    public long allocate(long size, long alignment, int slack) {
        if (alignment == 1) {
            return allocate(size, slack);
        }
        checkThread();
        if (slabs != null) {
            long slot = slabs.takeAligned(size, alignment, slack);
            if (slot != Slabs.NONE_FREE) {
                return slot;
            }
        }
        return allocateRegion(size, alignment, slack);
    }

    /// Allocates where no slot has been found free: of a new slab, or from the bins.
    long allocateRegion(long size, long alignment, int slack) {
        MemorySegment t = regions.table();
        if (blocked || size < 0 || size > t.get(WORD, Header.CAPACITY)) {
            return refuse(size);
        }
        recover();
        if (slabs != null && (size & alignment - 1) == 0 && slabs.refill(size)) {
            long slot = slabs.takeAligned(size, alignment, slack);
            if (slot != Slabs.NONE_FREE) {
                return slot;
            }
        }
        if (regions.table().get(HALF, Header.BLOCKS) >= maxBlocks && !room.forBlock()) {
            return regions.refuse(size, alignment);
        }
        t = regions.ready(alignment == 1 ? 2 : 4);
        Regions.begin(t);
        int node = takeRegion(t, size, alignment, false);
        if (node == NIL) {
            Regions.end(t);
            t = room.forRegion(size, alignment);
            Regions.begin(t);
            node = takeRegion(t, size, alignment, true);
        }
        return hand(t, node, size, alignment, slack);
    }

    /// Without an alignment the deeper look comes first: regions that dissolving makes come before others in a bin, and may be in a higher bin
    /// than the request's own.
    private int takeRegion(MemorySegment t, long size, long alignment, boolean isLast) {
        return alignment == 1 ? regions.takeOrLast(t, size) : regions.takeAligned(t, size, alignment, phase, isLast);
    }

    /// Makes a block of a region that was taken, or says that there is none. The bins have begun.
    private long hand(MemorySegment t, int node, long size, long alignment, int slack) {
        if (node == NIL) {
            Regions.end(t);
            return regions.refuse(size, alignment);
        }
        t.set(WORD, ((long) node << SHIFT) + NAMES, 0);
        if (pages != null) {
            enter(t, node);
        }
        int generation = Header.nextGeneration(t);
        t.set(HALF, Header.BLOCKS, t.get(HALF, Header.BLOCKS) + 1);
        t.set(WORD, Header.LIVE, t.get(WORD, Header.LIVE) + Header.ONE + size);
        if (isDurable) {
            VarHandle.releaseFence(); // all that was stored before, in the block's place too
        }
        setLinks(t, node, NodeState.live(slack, generation));
        regions.tally().took(size);
        regions.finish(t);
        return pair(generation, node);
    }

    /// Lets a region be found by offset. If there is no memory for that, it goes back.
    private void enter(MemorySegment t, int node) {
        try {
            pages.readyBlock(region(t, node));
        } catch (Throwable noMemory) {
            regions.give(t, node);
            Regions.end(t);
            throw noMemory;
        }
        pages.add(t, node);
    }

    /// A number of units that no free region can be larger than, whatever slots are freed. O(1).
    long most() {
        MemorySegment t = regions.table();
        long inSlabs = slabs == null ? 0 : SlabTable.word(slabs.head(), SlabTable.SLAB_UNITS);
        return inSlabs == 0 ? regions.policy().bound(t) : Header.word(t, Header.FREE_UNITS) + inSlabs;
    }

    /// Whether the limit allows one block more.
    boolean hasBlock() {
        return Header.half(regions.table(), Header.BLOCKS) < maxBlocks;
    }

    /// Says why a request has no chance: an exception for misuse, [#NO_SPACE] for a size beyond the capacity.
    private long refuse(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        checkUsable();
        return regions.refuse(size, 1);
    }

    // ---- free --------------------------------------------------------------------------------------------------

    @Override
    public void free(long handle) {
        checkThread();
        if ((int) handle < 0) {
            if (slabs == null || !slabs.give(handle)) {
                freeMoved(handle);
            }
        } else {
            MemorySegment t = regions.table();
            int node = low(handle);
            if (blocked || struck || t.get(HALF, Header.BUSY) != 0) {
                checkUsable();
                recover();
            }
            if (!isLiveNode(t, handle)) {
                throw notLive(handle);
            }
            release(t, node);
        }
    }

    /// Frees the block of a slot that has moved to a node, or says that the handle is not live.
    private void freeMoved(long handle) {
        checkUsable();
        recover();
        checkLive(handle);
        if (!slabs.give(handle)) { // rebuilding may have put it back into its slab
            releaseMoved(SlabTable.slotOf(handle));
        }
    }

    void releaseMoved(int slot) {
        int node = SlabTable.movedTo(slabs.entry(slot));
        Regions.begin(regions.table()); // before the entry's store, which ends the block: its node goes too
        slabs.forgetMoved(slot);
        release(regions.table(), node);
    }

    /// Ends a live block: its region goes back to the bins, or to the plan that has reserved its surroundings.
    void release(MemorySegment t, int node) {
        Regions.begin(t);
        if (pages != null) {
            pages.remove(t, node);
        }
        long region = region(t, node);
        t.set(HALF, Header.BLOCKS, t.get(HALF, Header.BLOCKS) - 1);
        t.set(WORD, Header.LIVE, t.get(WORD, Header.LIVE) - Header.ONE - (region & LOW));
        regions.tally().gave(region & LOW);
        int before = previousNeighbour(t, node);
        giveOrKeep(t, node);
        regions.finish(t);
        if (slabs == null ? regions.isTrimDue() : slabs.regionFreed(before)) {
            trim();
        }
    }

    /// Makes tables smaller after a peak, if it is time. A plan knows its nodes by their numbers.
    void trim() {
        if (plan == null && slabs != null) {
            slabs.trim();
        } else if (plan == null && regions.isTrimDue() && regions.trimsFrom(_ -> false) != NIL) {
            regions.trim();
        }
    }

    void giveOrKeep(MemorySegment t, int node) {
        if (plan != null && plan.covers(offsetOf(region(t, node)))) {
            plan.keep(t, node);
        } else {
            regions.give(t, node);
        }
    }

    @Override
    public void freeAll(long[] handles, int from, int to) {
        batch.freeAll(handles, from, to);
    }

    // ---- retire ------------------------------------------------------------------------------------------------

    @Override
    public void retire(long handle) {
        retiring.retire(handle);
    }

    @Override
    public boolean freeRetired(long handle) {
        return retiring.free(handle);
    }

    @Override
    public boolean isRetired(long handle) {
        return retiring.isRetired(handle);
    }

    @Override
    public int retired() {
        return retiring.count();
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    @Override
    public long offsetOfNew(long handle) {
        if (!SlabTable.isSlot(handle)) {
            return offsetOf(region(regions.table(), low(handle)));
        }
        int slot = SlabTable.slotOf(handle);
        long unit = slabs.offset(slot);
        if (recent != null) {
            recent.add(unit, slot);
        }
        return unit;
    }

    @Override
    public long offset(long handle) {
        checkThread();
        if (SlabTable.isSlot(handle) && slabs != null) {
            int slot = SlabTable.slotOf(handle);
            if (SlabTable.matchesInPlace(slabs.entry(slot), handle)) {
                return slabs.offset(slot);
            }
        }
        if (recover()) {
            return offset(handle);
        }
        int node = nodeOf(handle);
        return offsetOf(region(regions.table(), node));
    }

    @Override
    public long size(long handle, int shift) {
        checkThread();
        if (SlabTable.isSlot(handle) && slabs != null) {
            int slot = SlabTable.slotOf(handle);
            long entry = slabs.entry(slot);
            if (SlabTable.matchesInPlace(entry, handle)) {
                return (slabs.size(slot) << shift) - ((int) entry & NodeState.MAX_SLACK);
            }
        }
        if (recover()) { // a resize may have been cut short, or a slab that was being dissolved is one again
            return size(handle, shift);
        }
        int node = nodeOf(handle);
        MemorySegment t = regions.table();
        return (sizeOf(region(t, node)) << shift) - NodeState.slack(links(t, node));
    }

    @Override
    public long tag(long handle) {
        checkLive(handle);
        return tags.get(handle);
    }

    @Override
    public void setTag(long handle, long tag) {
        checkLive(handle);
        tags.set(handle, tag);
    }

    @Override
    public boolean resize(long handle, long newSize, int slack) {
        return resizing.resize(handle, newSize, slack);
    }

    @Override
    public long find(long unit) {
        return finder.find(unit);
    }

    /// As [Finder#findSlot].
    long findSlot(long unit) {
        return finder.findSlot(unit);
    }

    @Override
    public long freeAt(long unit, long size, int shift) {
        checkThread();
        int slot = recent == null ? 0 : recent.slotAt(unit);
        if (slot != 0 && slabs.giveSlotAt(slot, unit, size, shift)) {
            return FREED;
        }
        return finder.freeSlotAt(unit, size, shift) ? FREED : finder.freeAt(unit, size, shift);
    }

    /// As [Finder#freeSlotAt].
    boolean freeSlotAt(long unit, long size, int shift) {
        return finder.freeSlotAt(unit, size, shift);
    }

    // ---- what is live -------------------------------------------------------------------------------------------

    private static boolean isLiveNode(MemorySegment t, long handle) {
        int node = low(handle);
        return Integer.compareUnsigned(node - FIRST_REGION, t.get(HALF, Header.FRESH) - FIRST_REGION) < 0
                && NodeState.matches(t.get(WORD, ((long) node << SHIFT) + LINKS), handle)
                && t.get(HALF, ((long) node << SHIFT) + SLOT) == 0;
    }

    @Override
    public boolean isLive(long handle) {
        checkThread();
        if (!SlabTable.isSlot(handle)) {
            return isLiveNode(regions.table(), handle);
        }
        return slabs != null && SlabTable.matches(slabs.entry(SlabTable.slotOf(handle)), handle) && !isRetired(handle);
    }

    @Override
    public void checkLive(long handle) {
        if (!isLive(handle) && (closed || !recover() || !isLive(handle))) { // or it has the mark of a freeAll that an error has struck
            throw notLive(handle);
        }
    }

    /// The node of a live block that is not in a slab.
    int nodeOf(long handle) {
        checkLive(handle);
        return SlabTable.isSlot(handle)
                ? SlabTable.movedTo(slabs.entry(SlabTable.slotOf(handle)))
                : low(handle);
    }

    long handleOf(MemorySegment t, int node) {
        int slot = slot(t, node);
        return slot == 0
                ? pair(low(links(t, node)), node)
                : SlabTable.handle(slabs.entry(slot), slot);
    }

    IllegalStateException notLive(long handle) {
        String allocation = "allocation 0x" + Long.toHexString(handle);
        return new IllegalStateException(closed ? allocation + ": the " + what() + " is closed"
                : handle == NO_SPACE ? allocation + " is NO_SPACE: the request for it had failed"
                : allocation + " is not live here: it was freed before, or never given out by this " + what());
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void checkOpen() {
        checkThread();
        if (closed) {
            throw new IllegalStateException("the " + what() + " is closed");
        }
    }

    private void checkThread() {
        if (owner != null && owner != Thread.currentThread()) {
            throw wrongThread();
        }
    }

    private WrongThreadException wrongThread() {
        return new WrongThreadException("the arena belongs to " + owner + ", this is " + Thread.currentThread());
    }

    @Override
    public void checkUsable() {
        checkOpen();
        if (blocked) {
            throw new IllegalStateException("a walk is under way, or a close, or a ChunkSource is opening a chunk: what they call must not change the allocator");
        }
    }

    // ---- compaction --------------------------------------------------------------------------------------------

    @Override
    public <T> T plan(long target, long alignment, Function<Compaction, T> reader) {
        return openPlan.make(target, alignment, reader);
    }

    @Override
    public long handle(Compaction plan, int move) {
        return handleOf(regions.table(), plan.node(move));
    }

    @Override
    public boolean move(long handle, long from, long to) {
        return openPlan.move(handle, from, to);
    }

    @Override
    public void endPlan(Compaction ended) {
        openPlan.end(ended);
    }

    @Override
    public boolean isPlan(Compaction some) {
        return plan == some;
    }

    /// Slabs are off while a plan is open, or a walk is under way.
    void openSlabs() {
        if (slabs != null) {
            slabs.open(plan == null && !blocked);
        }
    }

    /// As [#openSlabs], where no busy word tells of an error that strikes. One may strike as this is called, so the caller has set `struck`.
    void reopenSlabs(boolean wasStruck) {
        openSlabs();
        struck = wasStruck;
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    @Override
    public long capacity() {
        checkOpen();
        return Header.word(regions.table(), Header.CAPACITY);
    }

    @Override
    public int blocks() {
        return reports.blocks();
    }

    @Override
    public int maxBlocks() {
        return maxBlocks;
    }

    @Override
    public long metadataSize() {
        checkOpen();
        return tablesSize() + retiredSize();
    }

    /// Bytes of all tables but the queues of retired blocks; for any thread.
    long tablesSize() {
        return regions.byteSize() + tags.byteSize() + (slabs == null ? 0 : slabs.byteSize()) + (pages == null ? 0 : pages.byteSize());
    }

    @Override
    public void grow(long newCapacity) {
        whole.grow(newCapacity);
    }

    @Override
    public long freeUnits() {
        return reports.freeUnits();
    }

    @Override
    public long largestFree() {
        return reports.largestFree();
    }

    @Override
    public int[] freeRegions() {
        return reports.freeRegions();
    }

    @Override
    public <A, B> void forEachRegion(A a, B b, Walk<A, B> walk) {
        reports.forEachRegion(a, b, walk);
    }

    @Override
    public void verify() {
        reports.verify();
    }

    @Override
    public void reset() {
        whole.reset();
    }

    @Override
    public int resets() {
        checkThread();
        return Header.half(regions.table(), Header.RESETS);
    }

    @Override
    public void close(Runnable first) {
        checkThread();
        if (!regions.table().scope().isAlive()) { // with its file, in an earlier close, which was struck twice behind that
            blocked = true;
            closed = true;
        }
        if (!closed) {
            checkUsable();
            try {
                blocked = true; // what is told of live blocks may look, and change nothing
                openSlabs();
                first.run();
                closed = true;
            } finally {
                boolean wasStruck = struck;
                struck = true;
                blocked = closed;
                reopenSlabs(wasStruck);
            }
        }
        plan = null; // from here on a second close goes on where an error has struck
        closeRetired();
        if (slabs != null) {
            slabs.close();
        }
        if (pages != null) {
            pages.close();
        }
        tags.close();
        regions.close();
        TableMemory.close(common);
    }

    @Override
    int roomForRetired() {
        return roomForRetired;
    }

    // ---- after an error ----------------------------------------------------------------------------------------

    /// Makes everything anew from what is live, if an error has struck in the middle of a change. O(nodes and slots).
    /// Returns whether it had. Refuses after close, as nothing may walk through tables that are closed.
    boolean recover() {
        checkOpen();
        MemorySegment t = regions.table();
        if (struck || t.get(HALF, Header.BUSY) != 0 || slabs != null && slabs.isBusy()) {
            Rebuild.of(this);
            return true;
        }
        return false;
    }
}
