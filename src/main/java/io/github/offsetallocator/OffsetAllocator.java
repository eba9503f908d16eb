package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.LongConsumer;

/// Divides the range [0, capacity) into blocks, in O(1). The units are yours: bytes, vertices, pages of a GPU heap. It
/// holds no memory but its metadata and knows nothing of what it divides.
///
/// ```java
/// try (OffsetAllocator vertices = OffsetAllocator.create(1_000_000)) {
///     long mesh = vertices.allocate(3_201);                // a handle, or NO_SPACE
///     long first = vertices.offset(mesh);                  // where it lies
///     vertices.free(mesh);
/// }
/// ```
///
/// **Sizes and offsets** are unsigned 32-bit numbers in a `long`; the capacity is 1 to 2^32 - 1. A request for more than
/// there is gets [#NO_SPACE], a negative one an [IllegalArgumentException]. A size of 0 is allowed and gets a handle.
///
/// **Handles** are positive `long`s. Each names one allocation; one that was freed, forged, or belongs to another
/// allocator is refused with an [IllegalStateException] before anything changes. (The check compares 31 bits that
/// every allocation advances: a stale handle could only pass after exactly 2^31 - 1 further allocations of which the
/// last got the same node, a foreign one by coincidence of node and count.)
///
/// **Cost.** `allocate`, `free`, `resize`, `offset`, `size` take O(1) and create no Java object. The exceptions are
/// growing the metadata, which copies it, and emptying the quick lists, which merges at most 5,167 blocks; the setting
/// [Builder#realTime()] has neither. Metadata takes 32 bytes a node, one for each block and one for each free region.
///
/// **Threads.** One thread at a time: hand it from thread to thread as you like, with a happens-before edge between
/// them, but never use it from two at once.
///
/// How it works: free regions lie in 256 bins by size. Blocks of a few units that are freed are *parked* first:
///
/// ```
///   allocate(3) --> quick list of 3: [b7] -> [b2]          a block of exactly this size, as it was
///       | empty
///       v
///   own bin of the size, then bits: 0 0 1 0 1 1 …          first bin at or above it that holds a region
///       |
///       v
///   region  [   piece   |       rest        ]              the rest goes back into the bin of its size
/// ```
///
/// A parked block is still a block to its neighbours, so nothing is merged or split while it waits. All of them together
/// take a 16th of the capacity at most, and blocks are only parked while some free region has a quarter of it or more.
/// Before any request is refused, reported, walked or planned, all parked blocks are merged.
///
/// Port of [OffsetAllocator](https://github.com/sebbbi/OffsetAllocator) by Sebastian Aaltonen, by way of
/// [offset-allocator](https://github.com/pcwalton/offset-allocator) by Patrick Walton.
public sealed class OffsetAllocator extends Regions implements AutoCloseable permits PaddedAllocator {
    /// What `allocate` returns when no free region is large enough.
    public static final long NO_SPACE = -1L;

    /// Largest capacity, 2^32 - 1 units.
    public static final long MAX_CAPACITY = LOW;

    /// Largest number of live allocations that can be asked for, 2^30 - 256. It is the default limit too.
    public static final int MAX_ALLOCATIONS = (1 << 30) - 256;

    static final int DEFAULT_QUICK_DEPTH = 32;

    /// Parked blocks take a 16th of the capacity at most.
    private static final int PARKED_SHIFT = 4;

    /// Blocks are parked while some free region has at least a quarter of the capacity. In a pool that is full or in pieces
    /// they would keep their neighbours apart: with no such rule the smallest pool that completes a churn of 1 Ki slots
    /// grows by 4 to 10 %, with it by less than 1 %.
    private static final int ROOMY_SHIFT = 2;

    /// A list takes more than its depth while some free region has at least half of the capacity, and only up to a 128th of
    /// that: with no such rule the smallest pool that completes espresso grows by 4 %, with it by 0.5 %.
    private static final int DEEP_ROOMY_SHIFT = 1;
    private static final int DEEP_SHIFT = 7;

    private static final long ONE_PARKED = 1L << 32;

    private final int maxAllocations;
    private final int quickSizes;
    private final long quickDepth;
    private final long quickUnits;

    /// Sizes from 1 to this have a quick list now; 0 while they are off.
    private long quickLimit;
    private int generation;
    private final int lastGeneration;
    /// Units of all parked blocks.
    private long parkedUnits;
    /// Live, retired and parked blocks.
    private int blocks;
    /// Whether any allocation ever had a tag. If not, all tags are 0 and `allocate` need not clear them.
    private boolean tagged;
    private boolean walking;
    private boolean closed;
    private CompactionPlan plan;
    private final RetiredList retired = new RetiredList();

    OffsetAllocator(Builder builder, int lastGeneration) {
        super(builder.capacity, builder.fit, builder.maxAllocations, builder.preallocated, builder.threads);
        this.lastGeneration = lastGeneration;
        maxAllocations = builder.maxAllocations;
        quickSizes = builder.parks() && builder.threads != TableMemory.Threads.ANY ? builder.quickSizes : 0;
        quickDepth = builder.quickDepth;
        quickUnits = quickDepth * quickSizes / 2;
        quickLimit = quickSizes;
    }

    /// An allocator with all defaults: [Fit#GOOD], metadata that grows as needed.
    ///
    /// @param capacity units to divide, 1 to 2^32 - 1
    /// @return a new allocator
    /// @throws IllegalArgumentException if the capacity is out of range
    public static OffsetAllocator create(long capacity) {
        return builder(capacity).build();
    }

    /// Options for an allocator.
    ///
    /// @param capacity units to divide, 1 to 2^32 - 1
    /// @return a builder with all defaults
    /// @throws IllegalArgumentException if the capacity is out of range
    public static Builder builder(long capacity) {
        return new Builder(capacity);
    }

    /// The smallest capacity with which a new allocator is sure to be able to allocate one block of `size` units.
    /// Under [Fit#GOOD] that is `size` itself (but at least 1); under [Fit#REFERENCE] it is `size` rounded up to a
    /// bin, 576 for 513.
    ///
    /// @param size units, 0 to 2^32 - 1
    /// @param fit  the fit of the allocator
    /// @return the capacity; above [#MAX_CAPACITY] if no allocator of that fit can
    /// @throws IllegalArgumentException if the size is out of range
    public static long capacityFor(long size, Fit fit) {
        if (size < 0 || size > MAX_CAPACITY) {
            throw new IllegalArgumentException("size " + size + " is not in 0 to " + MAX_CAPACITY);
        }
        return Math.max(1, fit == Fit.GOOD ? size : SmallFloat.size(SmallFloat.roundUp(size)));
    }

    // ---- allocate ----------------------------------------------------------------------------------------------

    /// Allocates `size` units.
    ///
    /// @param size units, not negative; 0 gets a handle too
    /// @return a handle, or [#NO_SPACE] if no region is large enough or [#maxAllocations()] blocks are live
    /// @throws IllegalArgumentException if the size is negative
    /// @throws IllegalStateException    if this allocator is closed
    public long allocate(long size) {
        return allocateSlack(size, 0);
    }

    /// As [#allocate(long)], with up to [NodeTable#MAX_SLACK] of something kept for the caller, see [#size(long, int)].
    long allocateSlack(long size, int slack) {
        if (Long.compareUnsigned(size - 1, quickLimit) < 0) {
            MemorySegment t = table;
            long list = quick(t, size);
            if (list != 0) {
                int node = low(list);
                int next = next(t, node);
                setQuick(t, size, (list - ONE_PARKED) & HIGH | next);
                parkedUnits -= size;
                return hand(t, node, slack);
            }
        }
        return allocateFromBins(size, slack);
    }

    final long allocateFromBins(long size, int slack) {
        if (size < 0 || size > capacity || walking) {
            return refuse(size);
        }
        if (blocks == maxAllocations || isTableShort()) {
            if (!makeRoom()) {
                return NO_SPACE;
            }
        }
        MemorySegment t = table;
        int node = find(t, size);
        if (node == NIL) {
            node = findHarder(t, size);
            if (node == NIL) {
                return NO_SPACE;
            }
        }
        return handNew(t, carve(t, node, size), slack);
    }

    private int findHarder(MemorySegment t, long size) {
        if (fit == Fit.REFERENCE) {
            return NIL;
        }
        if (mergeParked()) {
            int node = find(t, size);
            if (node != NIL) {
                return node;
            }
        }
        return probe(t, SmallFloat.roundDown(size), size, DEEP_PROBES);
    }

    /// Allocates `size` units at an offset that is a multiple of `alignment`. What has to be cut off in front of it
    /// stays free.
    ///
    /// Cost: O(1), but more than without: up to four regions are looked at in each bin that may hold one that is large
    /// enough for this alignment, and up to 64 before a request is refused.
    ///
    /// @param size      units, not negative
    /// @param alignment a power of two
    /// @return a handle, or [#NO_SPACE]
    /// @throws IllegalArgumentException if the size is negative or the alignment no power of two
    /// @throws IllegalStateException    if this allocator is closed
    public long allocate(long size, long alignment) {
        return allocateSlack(size, alignment, 0, 0);
    }

    /// As [#allocate(long, long)], where offset + `phase` is what has to be aligned.
    long allocateSlack(long size, long alignment, long phase, int slack) {
        checkAlignment(alignment);
        return alignment == 1 ? allocateSlack(size, slack) : allocateAligned(size, alignment, phase, slack);
    }

    static void checkAlignment(long alignment) {
        if (alignment <= 0 || (alignment & (alignment - 1)) != 0) {
            throw new IllegalArgumentException("alignment " + alignment + " is not a power of two");
        }
    }

    final long allocateAligned(long size, long alignment, long phase, int slack) {
        if (size < 0 || size > capacity || walking) {
            return refuse(size);
        }
        if (blocks == maxAllocations || isTableShort()) {
            if (!makeRoom()) {
                return NO_SPACE;
            }
        }
        MemorySegment t = table;
        // An empty block takes a place inside a region too, so that what is cut off in front always leaves a rest.
        long needed = Math.max(1, size);
        int node = findAligned(t, needed, alignment, phase, PROBES);
        if (node == NIL) {
            mergeParked();
            node = findAligned(t, needed, alignment, phase, DEEP_PROBES);
            if (node == NIL) {
                return NO_SPACE;
            }
        }
        return handNew(t, carveAligned(t, node, size, alignment, phase), slack);
    }

    private long handNew(MemorySegment t, int piece, int slack) {
        blocks++;
        long allocation = hand(t, piece, slack);
        if (quickLimit != 0 && !isRoomy(t)) {
            quickLimit = 0;
            mergeParked();
        }
        return allocation;
    }

    /// Marks a node allocated and makes its handle.
    private long hand(MemorySegment t, int node, int slack) {
        int next = generation == lastGeneration ? 1 : generation + 1;
        generation = next;
        return hand(t, node, slack, next);
    }

    final long hand(MemorySegment t, int node, int slack, int generation) {
        setLinks(t, node, ALLOCATED | pair(slack, generation));
        if (tagged) {
            NodeTable.setTag(t, node, 0);
        }
        return pair(generation, node);
    }

    /// Says why a request has no chance: an exception for misuse, [#NO_SPACE] for a size beyond the capacity.
    final long refuse(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        checkUsable();
        return NO_SPACE;
    }

    /// Merges parked blocks if the limit of blocks is reached, and grows the table if it's short.
    private boolean makeRoom() {
        if (blocks == maxAllocations) {
            mergeParked();
            if (blocks == maxAllocations) {
                return false;
            }
        }
        growTableIfShort();
        return true;
    }

    void growTableIfShort() {
        if (isTableShort()) {
            growTable();
        }
    }

    /// Takes a block of `size` units out of the bins and parks it; the caller keeps its node. Returns [NodeTable#NIL] if
    /// there is none.
    final int carveParked(MemorySegment t, long size) {
        int node = find(t, size);
        if (node == NIL) {
            return NIL;
        }
        int piece = carve(t, node, size);
        setLinks(t, piece, PARKED);
        blocks++;
        return piece;
    }

    // ---- free --------------------------------------------------------------------------------------------------

    /// Frees an allocation.
    ///
    /// @param allocation a handle
    /// @throws IllegalStateException if the handle is not live here: freed before, forged or from elsewhere, or if this
    ///                               allocator is closed
    public void free(long allocation) {
        MemorySegment t = table;
        park(t, checkLive(t, allocation));
    }

    /// Puts a block into its quick list or, if that is full or there is none, back into the bins.
    private void park(MemorySegment t, int node) {
        long size = sizeOf(region(t, node));
        if (Long.compareUnsigned(size - 1, quickLimit) < 0) {
            long list = quick(t, size);
            if (hasRoom(t, list >>> 32, size) && parkedUnits + size <= capacity >>> PARKED_SHIFT) {
                parkedUnits += size;
                setLinks(t, node, PARKED | low(list));
                setQuick(t, size, (list & HIGH) + ONE_PARKED | node);
                return;
            }
        }
        giveBack(t, node);
    }

    /// Whether one more block of a size may be parked: up to the depth or, while there is much room, as many as take half
    /// the space of a full list of the largest size.
    private boolean hasRoom(MemorySegment t, long count, long size) {
        return count < quickDepth
                || (count + 1) * size <= Math.min(quickUnits, capacity >>> DEEP_SHIFT) && isRoomy(t, DEEP_ROOMY_SHIFT);
    }

    final void giveBack(MemorySegment t, int node) {
        if (walking) {
            checkUsable();
        }
        blocks--;
        release(t, node);
        if (quickLimit < quickSizes) {
            openQuickLists(t);
        }
    }

    /// Gives a region that is in no bin back to the bins, or to the plan that has reserved its surroundings.
    private void release(MemorySegment t, int node) {
        if (plan != null && plan.covers(offsetOf(region(t, node)))) {
            plan.keep(t, node);
        } else {
            merge(t, node);
        }
    }

    /// Frees many allocations: all of them, or, if one of them is not live or occurs twice, none.
    ///
    /// @param allocations handles
    /// @throws IllegalStateException if one of them is not live here, or named twice
    public void freeAll(long[] allocations) {
        freeAll(allocations, 0, allocations.length);
    }

    /// Frees the allocations from index `from` (inclusive) to `to` (exclusive): all of them, or, if one of them is not
    /// live or occurs twice, none.
    ///
    /// @param allocations handles
    /// @param from        first index
    /// @param to          index behind the last
    /// @throws IndexOutOfBoundsException if the array has no such range
    /// @throws IllegalStateException     if one of the handles is not live here, or named twice
    public void freeAll(long[] allocations, int from, int to) {
        Objects.checkFromToIndex(from, to, allocations.length);
        checkUsable();
        MemorySegment t = table;
        int checked = from;
        try {
            for (; checked < to; checked++) {
                int node = checkLive(t, allocations[checked]);
                setLinks(t, node, links(t, node) | PENDING);
            }
        } finally {
            for (int i = from; i < checked; i++) {
                int node = low(allocations[i]);
                setLinks(t, node, links(t, node) & ~PENDING);
            }
        }
        for (int i = from; i < to; i++) {
            free(allocations[i]);
        }
    }

    // ---- retire and reclaim ------------------------------------------------------------------------------------

    /// Frees an allocation later: when a counter that someone else advances, a GPU's timeline or a frame number, has
    /// reached `value`. The handle is refused from here on, like that of a freed allocation; the space stays taken until
    /// [#reclaim(long)] is told of the value. O(1), creates no object.
    ///
    /// Blocks are given back in the order in which they were retired. One that is retired with a value below that of
    /// another one before it waits for the larger value.
    ///
    /// @param allocation a handle
    /// @param value      what the counter must reach, unsigned
    /// @throws IllegalStateException if the handle is not live here
    public void retire(long allocation, long value) {
        int node = checkLive(table, allocation);
        checkUsable();
        retired.add(table, node, value);
    }

    /// Frees all blocks that were retired with a value up to this one. O(1) a block, creates no object. A value below
    /// one that was given before frees nothing more; the largest unsigned value, -1, frees all.
    ///
    /// @param completedValue what the counter has reached, unsigned
    /// @return how many blocks were freed
    /// @throws IllegalStateException if this allocator is closed
    public int reclaim(long completedValue) {
        checkUsable();
        MemorySegment t = table;
        int before = retired.count();
        for (int node; (node = retired.take(t, completedValue)) != NIL; ) {
            park(t, node);
        }
        return before - retired.count();
    }

    /// How many blocks are retired and not yet reclaimed. They count towards [#maxAllocations()].
    ///
    /// @return their number
    /// @throws IllegalStateException if this allocator is closed
    public int retired() {
        checkOpen();
        return retired.count();
    }

    /// Frees everything at once, retired blocks too, and refuses every handle given out before. O(1). An open compaction plan ends.
    ///
    /// @throws IllegalStateException if this allocator is closed
    public void reset() {
        checkUsable();
        endPlan();
        clear();
        // Their tags hold what they waited for.
        tagged |= retired.count() > 0;
        retired.clear();
        parkedUnits = 0;
        blocks = 0;
        openQuickLists(table);
    }

    // ---- the quick lists ---------------------------------------------------------------------------------------

    private void openQuickLists(MemorySegment t) {
        quickLimit = walking || plan != null || !isRoomy(t) ? 0 : quickSizes;
    }

    final boolean isRoomy(MemorySegment t) {
        return isRoomy(t, ROOMY_SHIFT);
    }

    private boolean isRoomy(MemorySegment t, int shift) {
        return firstBinFrom(t, SmallFloat.roundUp(capacity >>> shift)) >= 0;
    }

    /// Merges all parked blocks. Returns whether there were any.
    private boolean mergeParked() {
        boolean any = false;
        MemorySegment t = table;
        for (int size = 1; size <= quickSizes; size++) {
            int node = low(quick(t, size));
            if (node != NIL) {
                setQuick(t, size, 0);
                parkedUnits = 0;
                any = true;
                do {
                    int next = next(t, node);
                    blocks--;
                    merge(t, node);
                    node = next;
                } while (node != NIL);
            }
        }
        return any;
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    /// Where an allocation starts.
    ///
    /// @param allocation a handle
    /// @return its offset, in units
    /// @throws IllegalStateException if the handle is not live here
    public long offset(long allocation) {
        MemorySegment t = table;
        return offsetOf(region(t, checkLive(t, allocation)));
    }

    /// How large an allocation is: the size asked for.
    ///
    /// @param allocation a handle
    /// @return its size, in units
    /// @throws IllegalStateException if the handle is not live here
    public long size(long allocation) {
        MemorySegment t = table;
        return sizeOf(region(t, checkLive(t, allocation)));
    }

    /// The 64 bits that the caller has put beside an allocation, 0 at first.
    ///
    /// @param allocation a handle
    /// @return the tag
    /// @throws IllegalStateException if the handle is not live here
    public long tag(long allocation) {
        MemorySegment t = table;
        return NodeTable.tag(t, checkLive(t, allocation));
    }

    /// Puts 64 bits of the caller's own beside an allocation: an index, an address, what a walk should show.
    ///
    /// @param allocation a handle
    /// @param tag        anything
    /// @throws IllegalStateException if the handle is not live here
    public void setTag(long allocation, long tag) {
        MemorySegment t = table;
        int node = checkLive(t, allocation);
        markTagged();
        NodeTable.setTag(t, node, tag);
    }

    final void markTagged() {
        tagged = true;
    }

    /// Changes the size of an allocation where it lies. Shrinking frees the tail at once; growing takes the front of
    /// the free region behind it, if that suffices.
    ///
    /// @param allocation a handle, which stays valid
    /// @param newSize    units, not negative
    /// @return whether the allocation now has the new size; if not, nothing has changed
    /// @throws IllegalArgumentException if the new size is negative
    /// @throws IllegalStateException    if the handle is not live here
    public boolean resize(long allocation, long newSize) {
        return resize(allocation, newSize, 0);
    }

    /// As [#resize(long, long)], with a new slack.
    boolean resize(long allocation, long newSize, int slack) {
        int node = checkLive(table, allocation);
        if (newSize < 0) {
            throw new IllegalArgumentException("size " + newSize + " is negative");
        }
        checkUsable();
        growTableIfShort();
        if (!resizeBlock(node, newSize)) {
            return false;
        }
        setLinks(table, node, ALLOCATED | pair(slack, high(allocation)));
        return true;
    }

    final boolean resizeBlock(int node, long newSize) {
        MemorySegment t = table;
        long more = newSize - sizeOf(region(t, node));
        if (more > 0) {
            if (!canTakeFromNext(t, node, more)) {
                return false;
            }
            takeFromNext(t, node, more);
        } else if (more < 0) {
            release(t, cutTail(t, node, -more));
        }
        return true;
    }

    private boolean canTakeFromNext(MemorySegment t, int node, long more) {
        return isFreeFor(t, nextNeighbour(t, node), more)
                || isParked(t, firstTaken(t, node)) && mergeParked() && isFreeFor(t, nextNeighbour(t, node), more);
    }

    private static boolean isFreeFor(MemorySegment t, int node, long size) {
        return isFree(t, node) && sizeOf(region(t, node)) >= size;
    }

    /// The first region behind a node that is not free.
    static int firstTaken(MemorySegment t, int node) {
        int next = nextNeighbour(t, node);
        return isFree(t, next) ? nextNeighbour(t, next) : next;
    }

    /// Size in parts of a unit, of which there are 2^`shift`, without the slack given to `allocate`.
    long size(long allocation, int shift) {
        MemorySegment t = table;
        int node = checkLive(t, allocation);
        return (sizeOf(region(t, node)) << shift) - (high(links(t, node)) & MAX_SLACK);
    }

    /// Whether the block of a node that was freed waits to be handed out again as it is.
    final boolean waits(int node) {
        return isParked(table, node);
    }

    /// The handle of the allocation at `offset` if `node` is its node, or 0.
    long liveAt(int node, long offset) {
        MemorySegment t = table;
        return Integer.compareUnsigned(node - FIRST_REGION, fresh - FIRST_REGION) < 0 && offsetOf(region(t, node)) == offset
                ? handleOf(t, node)
                : 0;
    }

    int checkLive(MemorySegment t, long allocation) {
        int node = low(allocation);
        if (Integer.compareUnsigned(node - FIRST_REGION, fresh - FIRST_REGION) >= 0
                || (links(t, node) & IDENTITY) != (ALLOCATED | allocation >>> 32)) {
            throw notLive(allocation);
        }
        return node;
    }

    final IllegalStateException notLive(long allocation) {
        String handle = "allocation 0x" + Long.toHexString(allocation);
        return new IllegalStateException(closed
                ? handle + ": the allocator is closed"
                : handle + " is not live here: it was freed before, or never given out by this allocator");
    }

    final boolean isClosed() {
        return closed;
    }

    final boolean isWalking() {
        return walking;
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the allocator is closed");
        }
    }

    void checkUsable() {
        checkOpen();
        if (walking) {
            throw new IllegalStateException("a walk is under way: its visitor must not change the allocator");
        }
    }

    // ---- compaction --------------------------------------------------------------------------------------------

    /// Plans the moves that make one free region of all the free space, see [#planCompaction(long, long)].
    ///
    /// @return a plan, which is finished if there is nothing to move
    /// @throws IllegalStateException if this allocator is closed or a plan is open
    public CompactionPlan planCompaction() {
        return planCompaction(Long.MAX_VALUE, 1);
    }

    /// Plans the moves that make a free region of at least `target` units, see [#planCompaction(long, long)].
    ///
    /// @param target units, at least 1
    /// @return a plan, which is finished if there is nothing to move
    /// @throws IllegalArgumentException if the target is not positive
    /// @throws IllegalStateException    if this allocator is closed or a plan is open
    public CompactionPlan planCompaction(long target) {
        return planCompaction(target, 1);
    }

    /// Plans the moves that make a free region of at least `target` units, or, if less than that is free, one of all
    /// the free space. Of all windows of neighbouring regions that would do, the one with the fewest units to move is
    /// taken. Nothing moves here: the caller copies, and tells the plan. While it is open, the free space in its window
    /// is reserved, and the quick lists are off.
    ///
    /// Cost: O(regions), and an object for each move.
    ///
    /// @param target    units, at least 1
    /// @param alignment a power of two that the new offsets of the moved blocks are multiples of
    /// @return a plan, which is finished if there is nothing to move
    /// @throws IllegalArgumentException if the target is not positive or the alignment no power of two
    /// @throws IllegalStateException    if this allocator is closed or a plan is open
    public CompactionPlan planCompaction(long target, long alignment) {
        if (target <= 0) {
            throw new IllegalArgumentException("target " + target + " is not positive");
        }
        checkAlignment(alignment);
        settle();
        if (plan != null) {
            throw new IllegalStateException("a compaction plan is open: finish or close it first");
        }
        CompactionPlan made = CompactionPlan.of(this, target, alignment);
        if (made.isOpen()) {
            plan = made;
            quickLimit = 0;
        }
        return made;
    }

    /// Called by the plan when it has given its space back.
    void planEnded() {
        plan = null;
        openQuickLists(table);
    }

    private void endPlan() {
        if (plan != null) {
            plan.forget();
            planEnded();
        }
    }

    RetiredList retiredList() {
        return retired;
    }

    long parkedUnits() {
        return parkedUnits;
    }

    int blocks() {
        return blocks;
    }

    CompactionPlan plan() {
        return plan;
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    /// Units that are divided.
    ///
    /// @return the capacity
    /// @throws IllegalStateException if this allocator is closed
    public long capacity() {
        checkOpen();
        return capacity;
    }

    /// How much memory the metadata takes now: 32 bytes a node, one for each block and one for each free region. It
    /// grows by doubling.
    ///
    /// @return bytes
    /// @throws IllegalStateException if this allocator is closed
    public long metadataSize() {
        checkOpen();
        return table.byteSize();
    }

    /// How many allocations can be live at once: exactly this many, if they fit.
    ///
    /// @return the limit
    public int maxAllocations() {
        return maxAllocations;
    }

    /// How many allocations are live; retired ones are not. O(1).
    ///
    /// @return their number
    /// @throws IllegalStateException if this allocator is closed
    public int allocations() {
        settle();
        return blocks - retired.count();
    }

    /// Which rule chooses among free regions.
    ///
    /// @return the fit
    public Fit fit() {
        return fit;
    }

    /// Adds units at the end. Every allocation stays where it is; a free region at the end grows.
    ///
    /// @param newCapacity units, at least [#capacity()], at most 2^32 - 1
    /// @throws IllegalArgumentException if the new capacity is out of range
    /// @throws IllegalStateException    if this allocator is closed
    public void grow(long newCapacity) {
        settle();
        if (newCapacity < capacity || newCapacity > MAX_CAPACITY) {
            throw new IllegalArgumentException(
                    "capacity " + newCapacity + " is not in " + capacity + " to " + MAX_CAPACITY);
        }
        if (newCapacity > capacity) {
            growTableIfShort();
            appendFree(table, capacity, newCapacity - capacity);
            capacity = newCapacity;
        }
    }

    /// How much is free, and the largest free region. O(1). Merges parked blocks first.
    ///
    /// @return a report
    /// @throws IllegalStateException if this allocator is closed
    public StorageReport storageReport() {
        settle();
        return new StorageReport(freeUnits, largestFree());
    }

    /// The largest size that `allocate` is sure to grant, see [StorageReport#largestFreeRegion()].
    long largestFree() {
        MemorySegment t = table;
        int bin = lastBin(t);
        if (bin < 0) {
            return 0;
        }
        if (fit == Fit.REFERENCE) {
            return SmallFloat.size(bin);
        }
        long largest = 0;
        int node = first(t, bin);
        for (int left = DEEP_PROBES; node != NIL && left > 0; left--) {
            largest = Math.max(largest, sizeOf(region(t, node)));
            node = next(t, node);
        }
        return largest;
    }

    /// Number of free regions in each bin. O(free regions). Merges parked blocks first.
    ///
    /// @return a report
    /// @throws IllegalStateException if this allocator is closed
    public StorageReportFull storageReportFull() {
        settle();
        int[] counts = new int[SmallFloat.BINS];
        for (int bin = firstBinFrom(table, 0); bin >= 0; bin = firstBinFrom(table, bin + 1)) {
            for (int node = first(table, bin); node != NIL; node = next(table, node)) {
                counts[bin]++;
            }
        }
        return new StorageReportFull(counts);
    }

    /// Visits all regions, allocated and free, in the order of their offsets. O(regions), no garbage. Merges parked
    /// blocks first. Regions that a compaction plan has reserved count as free.
    ///
    /// @param visitor called for each region; it may read from this allocator but not change it
    /// @throws IllegalStateException if this allocator is closed, or changed by the visitor
    public void forEachRegion(RegionVisitor visitor) {
        Objects.requireNonNull(visitor);
        settle();
        beginWalk();
        try {
            MemorySegment t = table;
            for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
                long region = region(t, node);
                visitor.region(offsetOf(region), sizeOf(region),
                        isRetired(t, node) ? RegionVisitor.RETIRED : handleOf(t, node));
            }
        } finally {
            endWalk();
        }
    }

    /// Visits the handles of all live allocations in the order of their offsets. O(regions), no garbage. Merges parked
    /// blocks first.
    ///
    /// @param visitor called for each handle; it may read from this allocator but not change it
    /// @throws IllegalStateException if this allocator is closed, or changed by the visitor
    public void forEachAllocation(LongConsumer visitor) {
        Objects.requireNonNull(visitor);
        settle();
        beginWalk();
        try {
            MemorySegment t = table;
            for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
                long allocation = handleOf(t, node);
                if (allocation != 0) {
                    visitor.accept(allocation);
                }
            }
        } finally {
            endWalk();
        }
    }

    /// While a walk is under way the quick lists are off, so that every change takes a path that asks for it.
    private void beginWalk() {
        walking = true;
        quickLimit = 0;
    }

    private void endWalk() {
        walking = false;
        openQuickLists(table);
    }

    static long handleOf(MemorySegment t, int node) {
        long links = links(t, node);
        return isAllocated(links) ? pair(low(links), node) : 0;
    }

    /// Checks that this allocator can be used and merges parked blocks.
    private void settle() {
        checkUsable();
        mergeParked();
    }

    /// Walks masks, bins, lists, neighbours and totals. O(nodes). For tests and for the moment of doubt; parked blocks
    /// stay parked.
    ///
    /// @throws AssertionError        naming the first fact that does not hold
    /// @throws IllegalStateException if this allocator is closed
    public void verify() {
        checkOpen();
        new Verifier(this).verify();
    }

    /// Visits the blocks that wait for a request of their size in places of which [NodeTable] knows nothing.
    void forEachParked(ParkedVisitor visitor) {}

    /// Releases the metadata. Handles are refused from here on. Closing twice is allowed.
    ///
    /// @throws IllegalStateException if called by the visitor of a walk
    @Override
    public final void close() {
        close(null);
    }

    /// Closes someone's memory first, if there is any. If that fails, nothing has changed.
    void close(Arena memory) {
        if (closed) {
            return;
        }
        checkUsable();
        if (memory != null) {
            memory.close();
        }
        endPlan();
        releaseTable();
        closed = true;
        quickLimit = 0;
        fresh = FIRST_REGION;
        capacity = -1;
    }

    /// Capacity, use and number of allocations, for a log.
    @Override
    public String toString() {
        return closed
                ? "OffsetAllocator[closed]"
                : "OffsetAllocator[capacity=" + capacity + ", fit=" + fit + ", maxAllocations=" + maxAllocations + "]";
    }

    /// Options for an [OffsetAllocator].
    public static final class Builder {
        private final long capacity;
        private int maxAllocations = MAX_ALLOCATIONS;
        private Fit fit = Fit.GOOD;
        private boolean preallocated;
        private TableMemory.Threads threads = TableMemory.Threads.ONE_AT_A_TIME;
        private int quickSizes = QUICK_SIZES;
        private int quickDepth = DEFAULT_QUICK_DEPTH;

        private Builder(long capacity) {
            if (capacity < 1 || capacity > MAX_CAPACITY) {
                throw new IllegalArgumentException("capacity " + capacity + " is not in 1 to " + MAX_CAPACITY);
            }
            this.capacity = capacity;
        }

        /// How many allocations can be live at once: exactly this many, if they fit. The metadata grows up to what
        /// that takes. The default is [#MAX_ALLOCATIONS].
        ///
        /// @param maxAllocations 1 to [#MAX_ALLOCATIONS]
        /// @return this builder
        /// @throws IllegalArgumentException if the number is out of range
        public Builder maxAllocations(int maxAllocations) {
            if (maxAllocations < 1 || maxAllocations > MAX_ALLOCATIONS) {
                throw new IllegalArgumentException(
                        "maxAllocations " + maxAllocations + " is not in 1 to " + MAX_ALLOCATIONS);
            }
            this.maxAllocations = maxAllocations;
            return this;
        }

        /// Which rule chooses among free regions. The default is [Fit#GOOD].
        ///
        /// @param fit the rule
        /// @return this builder
        public Builder fit(Fit fit) {
            this.fit = Objects.requireNonNull(fit);
            return this;
        }

        /// Takes all the metadata that [#maxAllocations(int)] needs at once, 64 bytes an allocation, so that no
        /// allocation ever waits for it to grow.
        ///
        /// @return this builder
        public Builder preallocated() {
            preallocated = true;
            return this;
        }

        /// Which sizes have a quick list, and how many freed blocks wait in each. Of small ones more wait while some free
        /// region has half of the capacity: as many as take half the space of the largest ones' list, a 128th of the
        /// capacity at most. In all, they take a 16th of it at most. Only [Fit#GOOD] has quick lists; the default is sizes up
        /// to 64 units and 32 blocks.
        ///
        /// @param largestSize units, 0 (none) to 64
        /// @param depth       blocks, 0 (none) to 65536
        /// @return this builder
        /// @throws IllegalArgumentException if a number is out of range
        public Builder quickLists(int largestSize, int depth) {
            if (largestSize < 0 || largestSize > QUICK_SIZES) {
                throw new IllegalArgumentException("largestSize " + largestSize + " is not in 0 to " + QUICK_SIZES);
            }
            if (depth < 0 || depth > 1 << 16) {
                throw new IllegalArgumentException("depth " + depth + " is not in 0 to " + (1 << 16));
            }
            quickSizes = depth == 0 ? 0 : largestSize;
            quickDepth = depth;
            return this;
        }

        /// For hard real time: all metadata at once, no quick lists. Then no call does more than a fixed amount of
        /// work, whatever came before it. State [#maxAllocations(int)] with it, or be ready for 64 GiB of metadata.
        ///
        /// @return this builder
        public Builder realTime() {
            return preallocated().quickLists(0, 0);
        }

        /// Binds the metadata to the thread that builds, as [java.lang.foreign.Arena#ofConfined()] does.
        Builder confined() {
            threads = TableMemory.Threads.CONFINED;
            return this;
        }

        /// Makes an allocator for any thread.
        Builder shared() {
            threads = TableMemory.Threads.ANY;
            return this;
        }

        /// Whether freed blocks are kept for requests of their size.
        boolean parks() {
            return fit == Fit.GOOD && quickSizes > 0;
        }

        /// Builds the allocator.
        ///
        /// @return a new allocator
        /// @throws OutOfMemoryError if there is no memory for the metadata
        public OffsetAllocator build() {
            return threads == TableMemory.Threads.ANY
                    ? new SharedAllocator(this)
                    : new OffsetAllocator(this, Integer.MAX_VALUE);
        }
    }
}
