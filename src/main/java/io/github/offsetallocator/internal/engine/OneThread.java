package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.regions.SmallFloat;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.TablePlaces.Table;
import io.github.offsetallocator.internal.tables.TagTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.IntConsumer;

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
/// near the bins looks for it and rebuilds everything from what is live first ([#recover]).
final class OneThread extends Engine {
    private final Regions regions;
    private final Slabs slabs;
    private final PageMap pages;
    private final TagTable tags;
    private final int maxBlocks;
    private final long phase;
    private final int roomForRetired;
    /// Whether the tables lie in a file, which must not show a block before what the block consists of.
    private final boolean isDurable;

    /// The only thread that may call, or null if others may. The tables don't check that: a segment of a confined arena would
    /// check it at each access.
    private final Thread owner;
    /// Whether calls that change something must be refused: closed, or a walk is under way.
    private boolean blocked;
    private volatile boolean closed;
    /// Whether an error has struck where no busy word tells of it.
    boolean struck;
    private Compaction plan;
    private final Batch batch = new Batch(this);

    // What the search after a dissolved slab is for; fields, so that a refusal makes no garbage.
    private long wantedSize;
    private long wantedAlignment;
    private final Slabs.Enough fits = this::fitsNow;
    private final Slabs.Enough hasBlock = this::hasBlock;

    OneThread(Settings settings) {
        owner = settings.threads() == TableMemory.Threads.CONFINED ? Thread.currentThread() : null;
        maxBlocks = settings.maxBlocks();
        phase = settings.phase();
        roomForRetired = settings.preallocated() ? maxBlocks : 0;
        isDurable = settings.places().isDurable();
        tags = new TagTable(settings.places());
        regions = new Regions(settings.capacity(), settings.policy(), maxBlocks, settings.preallocated(), settings.places().memory(Table.NODES), settings.walls());
        PageMap madePages = null;
        Slabs madeSlabs = null;
        try {
            if (!settings.places().areFound()) {
                MemorySegment t = regions.table();
                int salt = settings.salt();
                Header.setHalf(t, Header.GENERATION, salt);
                Header.setHalf(t, Header.FLOOR, salt & ~1);
            }
            if (settings.byOffset()) {
                madePages = new PageMap(settings.capacity(), settings.preallocated(), settings.threads());
            }
            if (settings.hasSlabs()) {
                madeSlabs = Slabs.of(regions, madePages, maxBlocks, phase, settings.places().memory(Table.SLABS));
            }
        } catch (Throwable failure) {
            if (madePages != null) {
                madePages.close();
            }
            regions.close();
            throw failure;
        }
        pages = madePages;
        slabs = madeSlabs;
    }

    /// An engine over tables as an earlier process has left them, which a [Survey] has passed: everything is made anew from
    /// what is live there. Blocks that were retired are free: what they waited for has ended with the process.
    static OneThread reopened(Settings settings, Survey survey) {
        survey.prepare();
        OneThread engine = new OneThread(settings);
        try {
            engine.rebuild();
            engine.batch.freeRetired();
            if (Header.half(engine.regions.table(), Header.BLOCKS) > engine.maxBlocks && engine.slabs != null) {
                engine.slabs.dissolveAll(); // free slots count as blocks
            }
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
        return allocateRegion(size, slack);
    }

    private long allocateRegion(long size, int slack) {
        MemorySegment t = regions.table();
        if (blocked || size < 0 || size > t.get(WORD, Header.CAPACITY)) {
            return refuse(size);
        }
        recover();
        if (slabs != null && slabs.refill(size)) {
            long slot = slabs.take(size, slack);
            if (slot != Slabs.NONE_FREE) {
                return slot;
            }
        }
        if (regions.table().get(HALF, Header.BLOCKS) >= maxBlocks && !makeRoom()) {
            return regions.refuse(size, 1);
        }
        t = regions.ready(2);
        Regions.begin(t);
        int node = regions.take(t, size);
        if (node == NIL) {
            Regions.end(t);
            t = findRoom(size, 1);
            Regions.begin(t);
            node = regions.take(t, size); // what dissolving has made may be in a higher bin than the request's own
            node = node == NIL ? regions.takeLast(t, size) : node;
        }
        return hand(t, node, size, 1, slack);
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

    private long allocateRegion(long size, long alignment, int slack) {
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
        if (regions.table().get(HALF, Header.BLOCKS) >= maxBlocks && !makeRoom()) {
            return regions.refuse(size, alignment);
        }
        t = regions.ready(4);
        Regions.begin(t);
        int node = regions.takeAligned(t, size, alignment, phase, false);
        if (node == NIL) {
            Regions.end(t);
            t = findRoom(size, alignment);
            Regions.begin(t);
            node = regions.takeAligned(t, size, alignment, phase, true);
        }
        return hand(t, node, size, alignment, slack);
    }

    /// Makes a block of a region that was taken, or says that there is none. The bins have begun.
    private long hand(MemorySegment t, int node, long size, long alignment, int slack) {
        if (node == NIL) {
            Regions.end(t);
            return regions.refuse(size, alignment);
        }
        setLinks(t, node, NodeState.UNUSED);
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
            pages.ready(region(t, node));
        } catch (Throwable noMemory) {
            regions.give(t, node);
            Regions.end(t);
            throw noMemory;
        }
        pages.add(t, node);
    }

    /// Dissolves slabs until a request fits. Returns the table.
    private MemorySegment findRoom(long size, long alignment) {
        if (slabs != null && size <= freeUnits()) {
            wantedSize = size;
            wantedAlignment = alignment;
            slabs.dissolve(fits);
        }
        return regions.ready(alignment == 1 ? 2 : 4);
    }

    private boolean fitsNow() {
        return regions.fits(wantedSize, wantedAlignment, phase);
    }

    /// Dissolves slabs until one block more is allowed. Their free slots count as blocks.
    private boolean makeRoom() {
        return slabs != null && slabs.dissolve(hasBlock);
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
        setLinks(t, node, NodeState.UNUSED);
        t.set(HALF, Header.BLOCKS, t.get(HALF, Header.BLOCKS) - 1);
        t.set(WORD, Header.LIVE, t.get(WORD, Header.LIVE) - Header.ONE - (region & LOW));
        regions.tally().gave(region & LOW);
        giveOrKeep(t, node);
        regions.finish(t);
        regions.trim();
        if (slabs != null && regions.tally().live() == 0) {
            slabs.settle();
        }
    }

    private void giveOrKeep(MemorySegment t, int node) {
        if (plan != null && plan.covers(offsetOf(region(t, node)))) {
            plan.keep(t, node);
        } else {
            regions.give(t, node);
        }
    }

    @Override
    public void freeAll(long[] handles, int from, int to) {
        checkUsable();
        recover();
        batch.freeAll(handles, from, to);
    }

    void replaceNow(long old, long hidden) {
        checkUsable();
        recover();
        checkHidden(hidden);
        if (old != 0 && tag(old) != 0) {
            tags.set(hidden, tag(old));
        }
        batch.replace(old, hidden);
    }

    void checkHidden(long hidden) {
        if (!isRetired(hidden)) {
            throw notLive(hidden);
        }
    }

    // ---- retire ------------------------------------------------------------------------------------------------

    @Override
    public void retire(long handle) {
        checkUsable();
        recover();
        checkLive(handle);
        MemorySegment t = regions.table();
        Regions.begin(t);
        boolean isStillLive = true;
        if (isInSlab(handle)) {
            isStillLive = retireSlot(handle);
        } else {
            int node = nodeOf(handle);
            setLinks(t, node, links(t, node) | NodeState.RETIRED);
        }
        Header.add(t, Header.RETIRED, isStillLive ? 1 : 0);
        Regions.end(t);
        regions.publish();
        if (!isStillLive) {
            throw notLive(handle);
        }
    }

    /// Returns false if another thread has freed the slot.
    private boolean retireSlot(long handle) {
        int slot = SlabTable.slotOf(handle);
        long entry = slabs.entry(slot);
        while (SlabTable.matchesInPlace(entry, handle)) {
            if (slabs.replaceEntry(slot, entry, entry | SlabTable.RETIRED)) {
                return true;
            }
            entry = slabs.entry(slot);
        }
        return false;
    }

    /// Whether a handle is that of a slot that has not moved to a node.
    private boolean isInSlab(long handle) {
        return SlabTable.isSlot(handle) && !SlabTable.isMoved(slabs.entry(SlabTable.slotOf(handle)));
    }

    @Override
    public void freeRetired(long handle) {
        recover();
        if (!isRetired(handle)) {
            return; // an error has struck when it was free already
        }
        try {
            Header.add(regions.table(), Header.RETIRED, -1);
            if (isInSlab(handle)) {
                slabs.giveMarked(handle, SlabTable.RETIRED);
            } else if (SlabTable.isSlot(handle)) {
                releaseMoved(SlabTable.slotOf(handle));
            } else {
                release(regions.table(), low(handle));
            }
            regions.publish();
        } catch (Error e) {
            struck = true;
            throw e;
        }
    }

    @Override
    public boolean isRetired(long handle) {
        if (!SlabTable.isSlot(handle)) {
            MemorySegment t = regions.table();
            return Integer.compareUnsigned(low(handle) - FIRST_REGION, Header.half(t, Header.FRESH) - FIRST_REGION) < 0
                    && NodeState.matchesRetired(links(t, low(handle)), handle);
        }
        long entry = slabs.entry(SlabTable.slotOf(handle));
        return SlabTable.matches(entry, handle) && (SlabTable.isMoved(entry)
                ? NodeState.isRetired(links(regions.table(), SlabTable.movedTo(entry)))
                : (entry & SlabTable.RETIRED) != 0);
    }

    @Override
    public int retired() {
        checkOpen();
        recover();
        return Header.half(regions.table(), Header.RETIRED);
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    @Override
    public long offsetOfNew(long handle) {
        return SlabTable.isSlot(handle) ? slabs.offset(SlabTable.slotOf(handle)) : offsetOf(region(regions.table(), low(handle)));
    }

    /// As [#offset], of a block that is retired. Its slab may have been dissolved.
    long offsetOfRetired(long handle) {
        if (isInSlab(handle)) {
            return slabs.offset(SlabTable.slotOf(handle));
        }
        int node = SlabTable.isSlot(handle) ? SlabTable.movedTo(slabs.entry(SlabTable.slotOf(handle))) : low(handle);
        return offsetOf(region(regions.table(), node));
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
        if (newSize < 0) {
            throw new IllegalArgumentException("size " + newSize + " is negative");
        }
        checkUsable();
        recover();
        checkLive(handle);
        if (SlabTable.isSlot(handle)) {
            int slot = SlabTable.slotOf(handle);
            long entry = slabs.entry(slot);
            if (!SlabTable.isMoved(entry)) {
                if (newSize == slabs.size(slot)) {
                    if (!SlabTable.matches(entry, handle) || !slabs.replaceEntry(slot, entry, entry & -SlabTable.ONE_GENERATION | slack)) {
                        throw notLive(handle); // another thread has freed it
                    }
                    return true;
                }
                if (newSize > slabs.size(slot) && slabs.isFollowedByALiveSlot(slot)) {
                    return false;
                }
                slabs.dissolve(slot >>> 6);
            }
        }
        int node = nodeOf(handle);
        return resizeNode(node, newSize, slack);
    }

    /// Region and slack are two stores. What is to be is written down before, so that a rebuild can make the second.
    private boolean resizeNode(int node, long newSize, int slack) {
        MemorySegment t = regions.ready(3);
        long region = region(t, node);
        long more = newSize - sizeOf(region);
        if (more == 0) {
            setLinks(t, node, NodeState.live(slack, low(links(t, node))));
            return true;
        }
        if (more > 0 && !makeRoomBehind(node, more)) {
            return false;
        }
        t = regions.ready(3);
        if (pages != null) {
            pages.ready(region + more);
        }
        Regions.begin(t);
        Header.setWord(t, Header.RESIZED_REGION, region + more);
        Header.setHalf(t, Header.RESIZED_SLACK, slack);
        Header.setHalf(t, Header.RESIZED, node);
        VarHandle.releaseFence(); // before the region changes
        if (pages != null) {
            pages.remove(t, node);
        }
        if (more > 0) {
            Regions.takeFromNext(t, node, more);
        } else {
            giveOrKeep(t, Regions.cutTail(t, node, -more));
        }
        if (pages != null) {
            pages.add(t, node);
        }
        Header.setWord(t, Header.LIVE, Header.word(t, Header.LIVE) + more);
        VarHandle.releaseFence(); // the region before the slack, and that before the end of both
        regions.tally().add(more);
        setLinks(t, node, NodeState.live(slack, low(links(t, node))));
        VarHandle.releaseFence();
        Header.setHalf(t, Header.RESIZED, NIL);
        regions.finish(t);
        return true;
    }

    /// Ends a resize that an error has cut short between its two stores.
    private static void endResize(MemorySegment t) {
        int node = Header.half(t, Header.RESIZED);
        if (node != NIL && NodeState.isLive(links(t, node)) && region(t, node) == Header.word(t, Header.RESIZED_REGION)) {
            setLinks(t, node, NodeState.live(Header.half(t, Header.RESIZED_SLACK), low(links(t, node))));
        }
        Header.setHalf(t, Header.RESIZED, NIL);
    }

    /// Whether the free region behind a block has `more` units, once those slabs behind it whose first slot is free have
    /// been dissolved.
    private boolean makeRoomBehind(int node, long more) {
        while (true) {
            MemorySegment t = regions.table();
            int next = nextNeighbour(t, node);
            boolean isFree = NodeState.isFree(t, next);
            if (isFree && sizeOf(region(t, next)) >= more) {
                return true;
            }
            int taken = isFree ? nextNeighbour(t, next) : next;
            if (!NodeState.isSlab(links(t, taken)) || taken == EDGE) {
                return false;
            }
            int row = low(links(t, taken));
            if (SlabTable.isLive(slabs.entry(row << 6))) {
                return false;
            }
            slabs.dissolve(row);
        }
    }

    @Override
    public long find(long unit) {
        recover();
        long page = PageMap.page(unit);
        int cover = pages.cover(page);
        long found = cover == 0 ? 0 : coveredAt(cover, unit);
        if (found == 0) {
            cover = pages.cover(page + 1);
            found = cover == 0 ? 0 : coveredAt(cover, unit);
        }
        return found != 0 ? found : chainedAt(page, unit);
    }

    @Override
    public long freeAt(long unit, long size, int shift) {
        checkThread();
        return freeSlotAt(unit, size, shift) ? FREED : freeAnyAt(unit, size, shift);
    }

    /// Frees a slot that starts at `unit`. Reads nothing that a thread without the lock must not.
    boolean freeSlotAt(long unit, long size, int shift) {
        if (slabs == null) {
            return false;
        }
        long page = PageMap.page(unit);
        int cover = pages.cover(page);
        if (cover < 0 && slabs.giveAt(cover & Integer.MAX_VALUE, unit, size, shift)) {
            return true;
        }
        cover = pages.cover(page + 1);
        return cover < 0 && slabs.giveAt(cover & Integer.MAX_VALUE, unit, size, shift);
    }

    private long freeAnyAt(long unit, long size, int shift) {
        checkUsable();
        long handle = find(unit);
        if (handle == 0) {
            return NOTHING;
        }
        try {
            long found = size(handle, shift);
            if (found == size) {
                free(handle);
                return FREED;
            }
            return found;
        } catch (IllegalStateException refused) {
            if (isLive(handle)) {
                throw refused;
            }
            return NOTHING; // another thread has freed the slot since it was found
        }
    }

    /// The handle of the live block that starts at `unit`, if it is in a slab or node that covers a page's first unit.
    private long coveredAt(int cover, long unit) {
        if (cover < 0) {
            int slot = slabs.slotAt(cover & Integer.MAX_VALUE, unit);
            long entry = slot < 0 ? 0 : slabs.entry(slot);
            boolean holds = SlabTable.isLive(entry) && (entry & (SlabTable.PENDING | SlabTable.MOVED | SlabTable.RETIRED)) == 0;
            return holds ? SlabTable.handle(entry, slot) : 0;
        }
        return blockAt(cover, unit);
    }

    private long chainedAt(long page, long unit) {
        MemorySegment t = regions.table();
        long found = 0;
        for (int node = pages.first(t, page); node != NIL && found == 0; node = nextInPage(t, node)) {
            found = blockAt(node, unit);
        }
        return found;
    }

    private long blockAt(int node, long unit) {
        MemorySegment t = regions.table();
        boolean holds = Integer.compareUnsigned(node, Header.half(t, Header.FRESH)) < 0
                && NodeState.isLive(links(t, node)) && offsetOf(region(t, node)) == unit;
        return holds && !NodeState.isRetired(links(t, node)) ? handleOf(t, node) : 0;
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
        if (!isLive(handle)) {
            if (!closed) {
                recover(); // a mark of a freeAll that an error has struck
            }
            if (!isLive(handle)) {
                throw notLive(handle);
            }
        }
    }

    /// The node of a live block that is not in a slab.
    private int nodeOf(long handle) {
        checkLive(handle);
        return SlabTable.isSlot(handle)
                ? SlabTable.movedTo(slabs.entry(SlabTable.slotOf(handle)))
                : low(handle);
    }

    private long handleOf(MemorySegment t, int node) {
        int slot = slot(t, node);
        return slot == 0
                ? pair(low(links(t, node)), node)
                : SlabTable.handle(slabs.entry(slot), slot);
    }

    IllegalStateException notLive(long handle) {
        String allocation = "allocation 0x" + Long.toHexString(handle);
        return new IllegalStateException(closed ? allocation + ": the allocator is closed"
                : handle == NO_SPACE ? allocation + " is NO_SPACE: the request for it had failed"
                : allocation + " is not live here: it was freed before, or never given out by this allocator");
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void checkOpen() {
        checkThread();
        if (closed) {
            throw new IllegalStateException("the allocator is closed");
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
            throw new IllegalStateException("a walk is under way: its visitor must not change the allocator");
        }
    }

    // ---- compaction --------------------------------------------------------------------------------------------

    @Override
    public Compaction plan(long target, long alignment) {
        checkUsable();
        recover();
        if (plan != null) {
            throw new IllegalStateException("a compaction plan is open: finish or close it first");
        }
        if (slabs != null) {
            slabs.dissolveAll();
        }
        Compaction made = Compaction.of(regions, target, alignment);
        if (made.count() > 0) {
            MemorySegment t = regions.table();
            try {
                Regions.begin(t);
                plan = made;
                made.reserve();
                openSlabs();
                Regions.end(t);
            } catch (Error e) { // nobody has the plan, so nobody could end it
                struck = true;
                throw e;
            }
        }
        regions.publish();
        regions.tally().happenings().compactionPlanned(target, made.count());
        return made;
    }

    @Override
    public long handle(Compaction plan, int move) {
        return handleOf(regions.table(), plan.node(move));
    }

    @Override
    public boolean move(long handle, long from, long to) {
        checkUsable();
        recover();
        int node = nodeOf(handle);
        MemorySegment t = regions.ready(1);
        if (plan == null || !Compaction.canMove(t, node, from, to)) {
            return false;
        }
        if (pages != null) {
            pages.ready(to << 32 | sizeOf(region(t, node)));
        }
        Regions.begin(t);
        if (pages != null) {
            pages.remove(t, node);
        }
        plan.move(t, node, to);
        if (pages != null) {
            pages.add(t, node);
        }
        Regions.end(t);
        return true;
    }

    @Override
    public void endPlan(Compaction ended) {
        checkUsable();
        recover();
        if (plan == ended) {
            MemorySegment t = regions.table();
            Regions.begin(t);
            plan = null;
            ended.release();
            openSlabs();
            regions.finish(t);
            regions.tally().happenings().compactionDone(ended.count());
        }
    }

    @Override
    public boolean isPlan(Compaction some) {
        return plan == some;
    }

    /// Slabs are off while a plan is open.
    private void openSlabs() {
        if (slabs != null) {
            slabs.open(plan == null && !blocked);
        }
    }

    /// As [#openSlabs], where no busy word tells of an error that strikes in it.
    private void reopenSlabs() {
        boolean wasStruck = struck;
        struck = true;
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
        checkOpen();
        recover();
        return high(live()) - Header.half(regions.table(), Header.RETIRED);
    }

    /// Live and retired blocks above, their units below.
    private long live() {
        return Header.word(regions.table(), Header.LIVE) + (slabs == null ? 0 : slabs.used());
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
        checkUsable();
        recover();
        if (pages != null) {
            pages.grow(newCapacity);
        }
        MemorySegment t = regions.ready(1);
        long capacity = Header.word(t, Header.CAPACITY);
        if (newCapacity > capacity) {
            Regions.begin(t);
            Header.setWord(t, Header.CAPACITY, newCapacity);
            regions.append(t, capacity, newCapacity - capacity);
            Regions.end(t);
            regions.publish();
            regions.tally().happenings().grown(capacity, newCapacity);
        }
    }

    @Override
    public long freeUnits() {
        checkOpen();
        recover();
        long free = Header.word(regions.table(), Header.FREE_UNITS);
        return slabs == null ? free : free + SlabTable.word(slabs.head(), SlabTable.SLAB_UNITS) - (slabs.used() & LOW);
    }

    @Override
    public long largestFree() {
        recover();
        long largest = regions.policy().largest(regions.table());
        return slabs == null ? largest : Math.max(largest, slabs.largestAroundEmpty());
    }

    @Override
    public int[] freeRegions() {
        checkOpen();
        recover();
        int[] counts = new int[SmallFloat.BINS];
        regions.count(counts);
        if (slabs != null) {
            slabs.count(counts);
        }
        return counts;
    }

    @Override
    public <A, B> void forEachRegion(A a, B b, Walk<A, B> walk) {
        checkOpen();
        recover();
        boolean isOutermost = !blocked; // a visitor may walk too
        try {
            blocked = true;
            openSlabs();
            walk(a, b, walk);
        } finally {
            blocked = !isOutermost;
            reopenSlabs();
        }
    }

    private <A, B> void walk(A a, B b, Walk<A, B> walk) {
        MemorySegment t = regions.table();
        long freeFrom = 0;
        for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
            long region = region(t, node);
            long links = links(t, node);
            if (NodeState.isSlab(links)) {
                int first = low(links) << 6;
                int slots = (int) (sizeOf(region) / slabs.size(first));
                for (int slot = first; slot < first + slots; slot++) {
                    long entry = slabs.entry(slot);
                    if (SlabTable.isLive(entry)) {
                        freeFrom = visit(a, b, walk, freeFrom, slabs.offset(slot), slabs.size(slot),
                                (entry & SlabTable.RETIRED) != 0 ? Walk.RETIRED : SlabTable.handle(entry, slot));
                    }
                }
            } else if (NodeState.isLive(links)) {
                freeFrom = visit(a, b, walk, freeFrom, offsetOf(region), sizeOf(region),
                        NodeState.isRetired(links) ? Walk.RETIRED : handleOf(t, node));
            } else if (NodeState.isWall(links)) {
                freeBefore(a, b, walk, freeFrom, offsetOf(region));
                freeFrom = endOf(region);
            }
        }
        freeBefore(a, b, walk, freeFrom, Header.word(t, Header.CAPACITY));
    }

    private static <A, B> void freeBefore(A a, B b, Walk<A, B> walk, long freeFrom, long offset) {
        if (freeFrom < offset) {
            walk.region(a, b, freeFrom, offset - freeFrom, Walk.FREE);
        }
    }

    private static <A, B> long visit(A a, B b, Walk<A, B> walk, long freeFrom, long offset, long size, long handle) {
        freeBefore(a, b, walk, freeFrom, offset);
        walk.region(a, b, offset, size, handle);
        return offset + size;
    }

    @Override
    public void verify() {
        checkOpen();
        recover();
        new Verifier(regions, slabs, pages, plan, maxBlocks).verify();
    }

    @Override
    public void reset() {
        checkUsable();
        recover();
        MemorySegment t = regions.table();
        Regions.begin(t);
        Header.setHalf(t, Header.RESETTING, 1);
        VarHandle.releaseFence();
        if (slabs != null) {
            slabs.beginClear();
        }
        regions.clear();
        plan = null;
        if (slabs != null) {
            slabs.clear();
        }
        openSlabs();
        Header.add(t, Header.RESETS, 1);
        VarHandle.releaseFence();
        Header.setHalf(t, Header.RESETTING, 0);
        Regions.end(t);
        if (slabs != null) {
            slabs.trim();
        }
        regions.trim();
        regions.publish();
    }

    @Override
    public int resets() {
        checkThread();
        return Header.half(regions.table(), Header.RESETS);
    }

    @Override
    public void close(Runnable first) {
        resets(); // a wrong thread gets its exception here
        if (closed) {
            return;
        }
        checkUsable();
        first.run();
        plan = null;
        closed = true;
        blocked = true;
        closeRetired();
        if (slabs != null) {
            slabs.close();
        }
        if (pages != null) {
            pages.close();
        }
        tags.close();
        regions.close();
    }

    @Override
    int roomForRetired() {
        return roomForRetired;
    }

    // ---- after an error ----------------------------------------------------------------------------------------

    /// Makes everything anew from what is live, if an error has struck in the middle of a change. O(nodes and slots).
    /// Returns whether it had.
    boolean recover() {
        checkThread();
        MemorySegment t = regions.table();
        if (struck || t.get(HALF, Header.BUSY) != 0 || slabs != null && slabs.isBusy()) {
            rebuild();
            return true;
        }
        return false;
    }

    private void rebuild() {
        MemorySegment t = regions.table();
        Regions.begin(t);
        plan = null;
        endResize(t);
        batch.reveal();
        int slots = 0;
        IntConsumer entered = pages == null ? _ -> {} : node -> pages.enter(t, node);
        if (pages != null) {
            pages.clearChains();
        }
        if (slabs == null) {
            regions.rebuild(_ -> true, entered);
        } else {
            slabs.rebuild();
            regions.rebuild(slabs::holds, entered);
            slots = slabs.slots();
        }
        Header.setHalf(t, Header.BLOCKS, high(Header.word(t, Header.LIVE)) + slots);
        Header.setHalf(t, Header.RETIRED, Header.half(t, Header.RETIRED) + (slabs == null ? 0 : slabs.retired()));
        openSlabs();
        struck = false;
        batch.end();
        Header.setHalf(t, Header.RESETTING, 0);
        Regions.end(t);
        regions.publish();
    }
}
