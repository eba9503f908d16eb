package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.engine.Settings;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.watch.PlanWatch;
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
/// **Handles** are positive `long`s. Each names one allocation; a handle that was freed, forged, or belongs to another
/// allocator is refused with an [IllegalStateException] before anything changes. (The check compares a generation of 31
/// bits, which starts at a random number in each allocator. A stale handle could pass only after 2^31 - 1 further allocations
/// from the bins, or 2^30 of the same slot (2^29 if the metadata has shrunk meanwhile), if the last of them got the same node or
/// slot. A foreign or forged handle passes with a chance of one in 2^30 at most.)
///
/// **Cost.** `allocate`, `free`, `resize`, `offset`, `size` take O(1) and create no Java object. Four things take longer, and
/// with [Builder#realTime()] none of them happens: growing the metadata, which copies it; shrinking it after a peak, which
/// copies what is left; a request that finds no room at first, which looks through all slots and dissolves slabs; and a
/// `resize` of a block in a slab, which dissolves that slab and those whose free slots it needs.
///
/// **Metadata** takes 9.5 bytes for a block in a full slab, and 32 for any other block and for each free region. The table of
/// nodes grows by doubling; the table of slabs grows by an eighth. A table shrinks after a peak if nothing in its upper half
/// is live, and if fewer blocks are live than a 32nd of the nodes, or than an eighth of the slots. It is looked at when something
/// is freed, not each time, so the last blocks of a peak may need some frees after them. It never shrinks below 128 KiB for nodes and
/// 144 KiB for slabs.
///
/// **Errors.** A StackOverflowError or an OutOfMemoryError can strike in the middle of a call. It costs at most the block that
/// this call was about: whether a block is live is decided by one store, and the next call rebuilds all else from that, in
/// O(n) for n blocks and slots.
///
/// **Null** is refused with a [NullPointerException] wherever a parameter is an object.
///
/// **Threads.** One thread at a time: hand it from thread to thread as you like, with a happens-before edge between
/// them, but never use it from two at once.
///
/// How it works: small sizes, and larger ones that are popular, come from *slabs*, regions that are cut into equal slots. All
/// others come from free regions, which lie in 256 *bins* by size.
///
/// ```
///   allocate(3) --> slab of size 3:  [used][free][used][used] ...     its lowest free slot
///       | none
///       v
///   own bin of the size, then bits: 0 0 1 0 1 1 ...         first bin at or above it that holds a region
///       |
///       v
///   region  [   piece   |       rest        ]              the rest goes back into the bin of its size
/// ```
///
/// Nothing is refused because space waits in slabs: before that, slabs are dissolved, the emptiest first.
///
/// Port of [OffsetAllocator](https://github.com/sebbbi/OffsetAllocator) by Sebastian Aaltonen, by way of
/// [offset-allocator](https://github.com/pcwalton/offset-allocator) by Patrick Walton.
public final class OffsetAllocator implements AutoCloseable {
    /// What `allocate` returns when no free region is large enough.
    public static final long NO_SPACE = -1L;

    /// Largest capacity, 2^32 - 1 units.
    public static final long MAX_CAPACITY = 0xFFFF_FFFFL;

    /// Largest number of live allocations that can be asked for, 2^30 - 256. It is the default limit too.
    public static final int MAX_ALLOCATIONS = (1 << 30) - 256;

    private final Engine engine;
    private final Fit fit;
    private final RetireQueue retired;

    private OffsetAllocator(Engine engine, Fit fit) {
        this.engine = engine;
        this.fit = fit;
        retired = new RetireQueue(engine, () -> {});
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
        return Math.max(1, fit.policy.capacityFor(size));
    }

    // ---- allocate and free -------------------------------------------------------------------------------------

    /// Allocates `size` units.
    ///
    /// @param size units, not negative; 0 gets a handle too, as long as a unit is free
    /// @return a handle, or [#NO_SPACE] if no region is large enough or [#maxAllocations()] blocks are live or retired
    /// @throws IllegalArgumentException if the size is negative
    /// @throws IllegalStateException    if this allocator is closed
    public long allocate(long size) {
        return engine.allocate(size, 0);
    }

    /// Allocates `size` units at an offset that is a multiple of `alignment`. What has to be cut off in front of it
    /// stays free.
    ///
    /// Cost: O(1), but more than without an alignment: the search looks at up to four regions in each bin between the size
    /// and the size plus the alignment, and at up to 64 in each before the request is refused. A slot of a slab serves the
    /// request if the size is a multiple of the alignment and the slab lies right.
    ///
    /// @param size      units, not negative
    /// @param alignment a power of two
    /// @return a handle, or [#NO_SPACE]
    /// @throws IllegalArgumentException if the size is negative or the alignment no power of two
    /// @throws IllegalStateException    if this allocator is closed
    public long allocate(long size, long alignment) {
        checkAlignment(alignment);
        return engine.allocate(size, alignment, 0);
    }

    static void checkAlignment(long alignment) {
        if (alignment <= 0 || (alignment & (alignment - 1)) != 0) {
            throw new IllegalArgumentException("alignment " + alignment + " is not a power of two");
        }
    }

    /// Frees an allocation.
    ///
    /// @param allocation a handle
    /// @throws IllegalStateException if the handle is not live here: freed before, forged or from elsewhere, or if this
    ///                               allocator is closed
    public void free(long allocation) {
        engine.free(allocation);
    }

    /// Frees many allocations: all of them, or, if one of them is not live or occurs twice, none. The array is read once,
    /// into a copy that is kept for the next call.
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
        engine.freeAll(allocations, from, to);
    }

    // ---- retire and reclaim ------------------------------------------------------------------------------------

    /// Frees an allocation later: when a counter that someone else advances, a GPU's timeline or a frame number, has
    /// reached `value`. The handle is refused from here on, like that of a freed allocation; the space stays taken until
    /// [#reclaim(long)] is told of the value. O(1), creates no Java object. The first call makes the queue's table of 16 bytes
    /// a block in native memory, which doubles when it is full.
    ///
    /// Blocks are given back in the order in which they were retired. One that is retired with a value below that of
    /// another one before it waits for the larger value.
    ///
    /// @param allocation a handle
    /// @param value      what the counter must reach, unsigned
    /// @throws IllegalStateException if the handle is not live here
    public void retire(long allocation, long value) {
        retired.retire(allocation, value);
    }

    /// Frees all blocks that were retired with a value up to this one. O(1) a block, creates no object. A value below
    /// one that was given before frees nothing more; the largest unsigned value, -1, frees all.
    ///
    /// @param completedValue what the counter has reached, unsigned
    /// @return how many blocks were freed
    /// @throws IllegalStateException if this allocator is closed
    public int reclaim(long completedValue) {
        return retired.reclaim(completedValue);
    }

    /// How many blocks are retired and not yet reclaimed, in all queues. They count towards [#maxAllocations()].
    ///
    /// @return their number
    /// @throws IllegalStateException if this allocator is closed
    public int retired() {
        return engine.retired();
    }

    /// A queue of its own for a counter of its own: blocks of two GPU queues, each with a timeline, wait for neither but their
    /// own. [#retire(long, long)] and [#reclaim(long)] have one of this allocator's.
    ///
    /// @return an empty queue
    /// @throws IllegalStateException if this allocator is closed
    public RetireQueue newRetireQueue() {
        engine.checkOpen();
        return new RetireQueue(engine, () -> {});
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    /// Where an allocation starts.
    ///
    /// @param allocation a handle
    /// @return its offset, in units
    /// @throws IllegalStateException if the handle is not live here
    public long offset(long allocation) {
        return engine.offset(allocation);
    }

    /// How large an allocation is: the size asked for.
    ///
    /// @param allocation a handle
    /// @return its size, in units
    /// @throws IllegalStateException if the handle is not live here
    public long size(long allocation) {
        return engine.size(allocation, 0);
    }

    /// The 64 bits that the caller has put beside an allocation, 0 at first.
    ///
    /// @param allocation a handle
    /// @return the tag
    /// @throws IllegalStateException if the handle is not live here
    public long tag(long allocation) {
        return engine.tag(allocation);
    }

    /// Puts 64 bits of the caller's own beside an allocation: an index, an address, what a walk should show. O(1), but
    /// for the table of tags: the first call makes it, and it doubles when needed, 16 bytes for each node or slot.
    ///
    /// @param allocation a handle
    /// @param tag        anything
    /// @throws IllegalStateException if the handle is not live here
    public void setTag(long allocation, long tag) {
        engine.setTag(allocation, tag);
    }

    /// Changes the size of an allocation where it lies. Shrinking frees the tail at once; growing takes the front of
    /// the free region behind it, if that suffices. A block in a slab leaves it, which dissolves the slab; the slabs behind it whose
    /// free slots it needs are dissolved too. A size that doesn't fit dissolves none. Cost: O(1), and O(1) for each slab that is dissolved or
    /// that turns out not to suffice.
    ///
    /// @param allocation a handle, which stays valid
    /// @param newSize    units, not negative
    /// @return whether the allocation now has the new size; if not, it has the old one
    /// @throws IllegalArgumentException if the new size is negative
    /// @throws IllegalStateException    if the handle is not live here
    public boolean resize(long allocation, long newSize) {
        return engine.resize(allocation, newSize, 0);
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
    /// is reserved, and small blocks come from the bins: all slabs are dissolved first, and there are none until the plan ends. If that much is
    /// already free in one place, free slots of slabs included, nothing is to move, and slabs stay.
    ///
    /// A retired block stays where it is, and nothing moves past it. Alignment leaves gaps before blocks. Windows are compared as if it cost
    /// each block the most that it can. If none of them would do, what it really costs counts: then the plan makes the target if any window can,
    /// or else the largest region that one can, and moves nothing if that is there already.
    ///
    /// Cost: O(regions and slots), and an object for each move.
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
        PlanWatch.watch(engine);
        return CompactionPlan.of(engine, target, alignment);
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    /// Units that are divided.
    ///
    /// @return the capacity
    /// @throws IllegalStateException if this allocator is closed
    public long capacity() {
        return engine.capacity();
    }

    /// How much native memory the metadata takes now: nodes, slabs, tags, and queues of retired blocks. O(1).
    /// Of tables that were replaced by larger ones, the first of each kind stays until [#close()]. They are not counted: together they are no larger
    /// than those that are.
    ///
    /// @return bytes
    /// @throws IllegalStateException if this allocator is closed
    public long metadataSize() {
        return engine.metadataSize();
    }

    /// How many allocations can be live at once, retired ones included: exactly this many, if they fit.
    ///
    /// @return the limit
    public int maxAllocations() {
        return engine.maxBlocks();
    }

    /// How many allocations are live; retired ones are not. O(1).
    ///
    /// @return their number
    /// @throws IllegalStateException if this allocator is closed
    public int allocations() {
        return engine.blocks();
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
        long capacity = engine.capacity();
        if (newCapacity < capacity || newCapacity > MAX_CAPACITY) {
            throw new IllegalArgumentException(
                    "capacity " + newCapacity + " is not in " + capacity + " to " + MAX_CAPACITY);
        }
        engine.grow(newCapacity);
    }

    /// How much is free, and the largest free region. O(1): looks at 64 regions, one empty slab of each size, and 256 others at most.
    /// Changes nothing.
    ///
    /// @return a report
    /// @throws IllegalStateException if this allocator is closed
    public StorageReport storageReport() {
        return new StorageReport(engine.freeUnits(), engine.largestFree());
    }

    /// Number of free regions in each bin. In a slab, a run of free slots counts as one. O(free regions and slots). Changes
    /// nothing.
    ///
    /// @return a report
    /// @throws IllegalStateException if this allocator is closed
    public StorageReportFull storageReportFull() {
        return new StorageReportFull(engine.freeRegions());
    }

    /// Visits all regions, allocated and free, in the order of their offsets. O(regions and slots), no garbage. Free space that
    /// lies side by side, in the bins, in slabs or reserved by a compaction plan, is one region.
    ///
    /// @param visitor called for each region; it may read from this allocator and set tags, but change
    ///                nothing else: not what is allocated, retired or planned, nor the size
    /// @throws IllegalStateException if this allocator is closed, or if the visitor tries to
    public void forEachRegion(RegionVisitor visitor) {
        Objects.requireNonNull(visitor);
        engine.forEachRegion(visitor, null, (v, _, offset, size, allocation) -> v.region(offset, size, allocation));
    }

    /// Visits the handles of all live allocations in the order of their offsets. O(regions and slots), no garbage.
    ///
    /// @param visitor called for each handle; it may read from this allocator and set tags, but change
    ///                nothing else: not what is allocated, retired or planned, nor the size
    /// @throws IllegalStateException if this allocator is closed, or if the visitor tries to
    public void forEachAllocation(LongConsumer visitor) {
        Objects.requireNonNull(visitor);
        engine.forEachRegion(visitor, null, (v, _, _, _, allocation) -> {
            if (allocation > 0) {
                v.accept(allocation);
            }
        });
    }

    /// Walks bits, bins, lists, neighbours, slabs and sums, and compares. O(nodes and slots). For tests and for the moment of
    /// doubt. Changes nothing.
    ///
    /// @throws AssertionError        naming the first fact that does not hold
    /// @throws IllegalStateException if this allocator is closed
    public void verify() {
        engine.verify();
    }

    /// Frees everything at once, retired blocks too, and refuses every handle given out before. O(slots): each slot's
    /// generation is advanced, those of nodes are not; so it is O(1) where there are no slabs. An open compaction plan ends.
    ///
    /// @throws IllegalStateException if this allocator is closed
    public void reset() {
        engine.reset();
    }

    /// Releases the metadata. Handles are refused from here on. Closing twice is allowed.
    ///
    /// @throws IllegalStateException if called by the visitor of a walk
    @Override
    public void close() {
        engine.close(() -> {});
    }

    /// Capacity, fit, number of allocations and their limit, for a log.
    @Override
    public String toString() {
        return engine.isClosed()
                ? "OffsetAllocator[closed]"
                : "OffsetAllocator[capacity=" + capacity() + ", fit=" + fit + ", allocations=" + allocations() + ", maxAllocations=" + maxAllocations() + "]";
    }

    /// Options for an [OffsetAllocator].
    public static final class Builder {
        private final long capacity;
        private int maxAllocations = MAX_ALLOCATIONS;
        private Fit fit = Fit.GOOD;
        private boolean limited;
        private boolean preallocated;
        private boolean slabs = true;

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
            limited = true;
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

        /// Takes the table of nodes for [#maxAllocations(int)] at once, 64 bytes an allocation, so that no allocation waits
        /// for it to grow. State the limit with it. The table of slabs still grows: see [#realTime()].
        ///
        /// @return this builder
        public Builder preallocated() {
            preallocated = true;
            return this;
        }

        /// For hard real time: all metadata at once, and no slabs. Then `allocate`, `free`, `resize`, `offset` and `size` do
        /// no more than a fixed amount of work, whatever came before: they look at 64 regions of a bin at most, or of each bin
        /// between the size and the size plus the alignment. State [#maxAllocations(int)] with it: the metadata takes 64
        /// bytes an allocation.
        ///
        /// Two things are made when they are first used: a queue's table, at the first `retire`, with room for
        /// all; and the table of tags, in `setTag`, which grows by doubling. Use both once before time matters, tags on as many
        /// live blocks as there can be.
        ///
        /// @return this builder
        public Builder realTime() {
            slabs = false;
            return preallocated();
        }

        /// Builds the allocator.
        ///
        /// @return a new allocator
        /// @throws IllegalStateException if all metadata is to be taken at once and no limit was stated
        /// @throws OutOfMemoryError      if there is no memory for the metadata
        public OffsetAllocator build() {
            if (preallocated && !limited) {
                throw new IllegalStateException("all metadata at once takes 64 bytes for each of maxAllocations: state maxAllocations");
            }
            Engine engine = Engine.of(new Settings(capacity, fit.policy, maxAllocations, preallocated, slabs && fit == Fit.GOOD,
                    false, 0, TableMemory.Threads.ONE_AT_A_TIME));
            try {
                return new OffsetAllocator(engine, fit);
            } catch (Throwable failure) {
                engine.close(() -> {});
                throw failure;
            }
        }
    }
}
