package io.github.offsetallocator;

import io.github.offsetallocator.Building.From;
import io.github.offsetallocator.internal.backing.Backing;
import io.github.offsetallocator.internal.backing.DurableFile;
import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.watch.ArenaWatch;
import io.github.offsetallocator.internal.watch.Dump;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Hands out slices of one large segment: native memory, a mapped file, or memory that someone else owns, such as
/// mapped GPU memory.
///
/// ```java
/// try (SegmentArena arena = SegmentArena.ofConfined(64 << 20)) {
///     MemorySegment a = arena.allocate(100);               // a SegmentAllocator: throws when full
///     arena.free(a);
///
///     long b = arena.tryAllocate(4096, 64);                // a handle, or NO_SPACE; creates no object
///     arena.segment(b).fill((byte) 1);
///     arena.free(b);
/// }
/// ```
///
/// **Slices** have exactly the size asked for, never overlap and never reach past the backing segment. They are not
/// zeroed, unless [Builder#zeroed()] says so. A slice of no bytes has an address of its own.
///
/// **Alignment** is that of the address, as [SegmentAllocator] says, or that of the offset from the start of the backing
/// segment: [Builder#alignByAddress()], [Builder#alignByOffset()]. In a file that the arena maps offsets count unless said
/// otherwise, elsewhere addresses do. (A mapping starts at a page, so for alignments up to a page's size it is the same.)
///
/// **Granule.** Space is counted in granules, see [#granule()]: the smallest power of two, at least 16 bytes, with which
/// the backing segment has fewer than 2^32, or the one asked for, [Builder#granule(long)]. Requests round up to it. Native
/// memory of the arena's own rounds up to it too; of a file or borrowed memory, what lies before the first and behind
/// the last whole granule is not used.
///
/// **Two ways.** Handles, as those of [OffsetAllocator], name one allocation for good: a freed or forged one is
/// refused. Segments and addresses are found by where they lie: a segment that is no live slice of this arena is refused, but one
/// that was freed and whose bytes were handed out again at the same size can't be told from the new one.
///
/// **Lifetime.** All slices live as long as the backing segment. If the arena owns that (native memory, a file it
/// maps), [#close()] ends it, and every access to a slice throws an [IllegalStateException] from then on. If it
/// is borrowed, `close()` ends this arena only: slices stay accessible as long as their owner lets them. Freeing a slice
/// does not make it inaccessible, since the JDK has no lifetime that is shorter than that of the whole segment, unless the arena
/// is one for tests: [Builder#checked()].
///
/// **Threads.** As the JDK says it: one from `ofConfined` belongs to the thread that made it, and others get a
/// [WrongThreadException] from all but [#statistics()] and what never changes, such as [#name()]; one from `ofShared` may be used by any
/// thread, platform or virtual, without more.
///
/// **Cost.** As that of [OffsetAllocator], on segments and addresses too: a table with two numbers for each 64 granules
/// says where a block starts. It takes 8 bytes for each 64 granules, in steps of 32 KiB where the arena is first used,
/// and no other index. In a shared arena, what counts slots takes O(slots): [#allocations()], [#storageReport()].
///
/// **Growth.** An arena that is [Builder#growable(long, long)] starts with no memory and opens chunks as requests need them; those in
/// which nothing is live go back, but for one of the ordinary size. Freed slices of such a chunk die with it. A durable arena grows within its one file:
/// see [#grow(long)].
///
/// **Metadata** of a confined arena shrinks after a peak as that of [OffsetAllocator], but for the table above. That of a
/// shared arena does not shrink before [#close()], since another thread may still be reading it.
///
/// How it works: bytes become granules, the engine behind [OffsetAllocator] does the rest.
public final class SegmentArena implements SegmentAllocator, AutoCloseable {
    /// As [OffsetAllocator#NO_SPACE].
    public static final long NO_SPACE = OffsetAllocator.NO_SPACE;

    private final Backing memory;
    private final long largestAlignment;
    private final int shift;
    /// The bits of a size that are less than a granule.
    private final long granuleMask;
    /// Bytes from the start of the memory to the first granule.
    private final long origin;
    /// Bytes from there to behind the last one.
    private final long byteSize;
    private final boolean zeroed;
    /// Up to which alignment any slot does for a request; 0 if there are no slots, or slices are zeroed.
    private final long plainAlignment;
    private final Engine engine;
    private final Places places;
    /// What makes the memory larger, or null if it has one size.
    private final Growth growth;
    private final RetireQueue retired;
    private final BlockAccess access;
    /// What [#close()] does first if blocks are live, or null.
    private final Consumer<SegmentArena> whenLive;
    /// Open scopes of a confined arena.
    private final OpenScopes scopes;
    private final ArenaWatch watch;
    final Contents contents;

    SegmentArena(ArenaParts parts, Builder builder) {
        memory = parts.memory;
        largestAlignment = parts.largestAlignment;
        shift = parts.shift;
        granuleMask = (1L << shift) - 1;
        origin = parts.origin;
        byteSize = parts.byteSize;
        zeroed = builder.zeroed;
        engine = parts.engine;
        places = parts.places;
        growth = parts.growth;
        scopes = parts.scopes;
        try {
            plainAlignment = engine.hasSlots() && !zeroed ? Math.min(largestAlignment, granule()) : 0;
            whenLive = Building.whenLive(builder);
            retired = newRetireQueue();
            access = new BlockAccess(places);
            ArenaWatch.Detection detection = ArenaWatch.Detection.valueOf(builder.leakDetection.name());
            watch = new ArenaWatch(builder.name, engine, shift, detection, builder.shared, builder.source != From.BORROWED);
            contents = new Contents(this, parts, builder.zeroed, watch);
            watch.watch(this);
        } catch (Throwable failure) {
            engine.close(() -> {});
            throw failure;
        }
    }

    /// An arena over native memory of its own, for the thread that calls this.
    ///
    /// @param byteSize bytes, at least one granule
    /// @return a new arena
    /// @throws IllegalArgumentException if the size is too small
    /// @throws OutOfMemoryError         if there is no such memory
    public static SegmentArena ofConfined(long byteSize) {
        return builder().nativeMemory(byteSize).build();
    }

    /// An arena over native memory of its own, for any thread.
    ///
    /// @param byteSize bytes, at least one granule
    /// @return a new arena
    /// @throws IllegalArgumentException if the size is too small
    /// @throws OutOfMemoryError         if there is no such memory
    public static SegmentArena ofShared(long byteSize) {
        return builder().nativeMemory(byteSize).shared().build();
    }

    /// An arena over memory that someone else owns, for the thread that calls this.
    ///
    /// @param backing a segment that can be written to
    /// @return a new arena
    /// @throws IllegalArgumentException if the segment is read-only or smaller than a granule
    public static SegmentArena ofConfined(MemorySegment backing) {
        return builder().backing(backing).build();
    }

    /// An arena over memory that someone else owns, for any thread. The segment itself must be accessible to those
    /// threads, or they can't use the slices.
    ///
    /// @param backing a segment that can be written to
    /// @return a new arena
    /// @throws IllegalArgumentException if the segment is read-only or smaller than a granule
    public static SegmentArena ofShared(MemorySegment backing) {
        return builder().backing(backing).shared().build();
    }

    /// Options for an arena.
    ///
    /// @return a builder. Choose the arena's memory before you build; the last choice counts
    public static Builder builder() {
        return new Builder();
    }

    // ---- segments ----------------------------------------------------------------------------------------------

    /// Allocates a slice. O(1).
    ///
    /// @param byteSize      bytes, not negative
    /// @param byteAlignment a power of two
    /// @return a slice of this size at an address of this alignment
    /// @throws OutOfSpaceException      if there is no room
    /// @throws IllegalArgumentException if the size is negative, or the alignment no power of two or more than a
    ///                                  backing segment on the heap can have
    /// @throws IllegalStateException    if this arena is closed
    /// @throws UncheckedIOException     if it takes a chunk in a file, and the directory is missing or can't be written to; nothing has
    ///                                  changed then
    /// @throws OutOfMemoryError         if it takes a chunk or a larger table, and the system has no memory; no allocation has changed then
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        long allocation = tryAllocate(byteSize, byteAlignment);
        if (allocation == NO_SPACE) {
            throw noRoom(byteSize, byteAlignment);
        }
        MemorySegment slice = contents.sliceOrDrop(allocation, byteSize);
        return slice != null ? slice : allocate(byteSize, byteAlignment);
    }

    /// As [#allocate(long, long)], filled with zeros. Takes time in proportion to the size.
    ///
    /// @param byteSize      bytes, not negative
    /// @param byteAlignment a power of two
    /// @return a slice of zeros
    /// @throws OutOfSpaceException      if there is no room
    /// @throws IllegalArgumentException as [#allocate(long, long)]
    /// @throws IllegalStateException    if this arena is closed
    /// @throws UncheckedIOException     as [#allocate(long, long)]
    public MemorySegment allocateZeroed(long byteSize, long byteAlignment) {
        long allocation = tryAllocateZeroed(byteSize, byteAlignment);
        if (allocation == NO_SPACE) {
            throw noRoom(byteSize, byteAlignment);
        }
        MemorySegment slice = contents.sliceOrDrop(allocation, byteSize);
        return slice != null ? slice : allocateZeroed(byteSize, byteAlignment);
    }

    OutOfSpaceException noRoom(long byteSize, long byteAlignment) {
        return new OutOfSpaceException(byteSize, byteAlignment, storageReport(), engine.blocks(), engine.retired(), engine.maxBlocks());
    }

    /// Frees a slice. O(1), creates no object; only if the arena lies in an array of the heap it may be one of 16 bytes, the
    /// [java.util.Optional] by which the JDK tells of a segment's array.
    ///
    /// @param slice a slice as [#allocate(long, long)] or [#segment(long)] returned it
    /// @throws IllegalArgumentException if the segment is no live slice of this arena
    /// @throws IllegalStateException    if this arena is closed
    public void free(MemorySegment slice) {
        long found = memory.isKindOf(slice) ? places.freeAt(slice.address(), slice.byteSize()) : Engine.NOTHING;
        if (found != Engine.FREED) {
            engine.checkOpen();
            throw notLive(slice, found);
        }
        freed();
    }

    /// Called when something may have become free: a chunk without a block may go back.
    void freed() {
        if (growth != null && growth.isDue()) {
            growth.giveBack();
        }
    }

    /// A scope has ended, and with it what may have kept chunks from going back.
    void scopeClosed() {
        if (!engine.isClosed()) {
            freed();
        }
    }

    /// The handle of a slice. O(1).
    ///
    /// @param slice a slice as [#allocate(long, long)] or [#segment(long)] returned it
    /// @return the handle of its allocation
    /// @throws IllegalArgumentException if the segment is no live slice of this arena
    /// @throws IllegalStateException    if this arena is closed
    public long allocationOf(MemorySegment slice) {
        engine.checkOpen();
        long allocation = memory.isKindOf(slice) ? places.find(slice.address()) : 0;
        long found = allocation == 0 ? Engine.NOTHING : places.sizeOrNothing(allocation);
        if (found != slice.byteSize()) {
            throw notLive(slice, found);
        }
        return allocation;
    }

    private IllegalArgumentException notLive(MemorySegment slice, long sizeThere) {
        return new IllegalArgumentException(slice + " is not a live slice of this arena"
                + (sizeThere == Engine.NOTHING ? "" : ": the one at this address has " + sizeThere + " bytes"));
    }

    /// Whether a segment lies in this arena's memory, live or not. O(1).
    ///
    /// @param segment any segment
    /// @return whether all its bytes belong to the backing segment, or to one chunk of a growable arena
    /// @throws IllegalStateException if this arena is closed
    public boolean owns(MemorySegment segment) {
        engine.checkOpen();
        return memory.owns(segment);
    }

    /// Changes the size of a slice, in place if that is possible, or else by moving it: then a new slice is allocated,
    /// the content copied and the old slice freed.
    ///
    /// @param slice         a live slice
    /// @param newByteSize   bytes, not negative
    /// @param byteAlignment a power of two
    /// @return the slice with its new size, at the same address or another one
    /// @throws OutOfSpaceException      if it can't stay and there is no room for another; the old slice is as it was
    /// @throws IllegalArgumentException if the segment is no live slice of this arena, or a number is bad
    /// @throws IllegalStateException    if this arena is closed
    /// @throws UncheckedIOException     as [#allocate(long, long)]
    public MemorySegment reallocate(MemorySegment slice, long newByteSize, long byteAlignment) {
        long old = allocationOf(slice);
        try {
            return contents.reallocate(old, slice, newByteSize, byteAlignment);
        } catch (IllegalStateException refused) {
            places.checkGone(old, refused);
            throw notLive(slice, Engine.NOTHING);
        }
    }

    // ---- handles -----------------------------------------------------------------------------------------------

    /// Allocates a slice and returns its handle. O(1), creates no object.
    ///
    /// @param byteSize      bytes, not negative
    /// @param byteAlignment a power of two
    /// @return a handle, or [#NO_SPACE]
    /// @throws IllegalArgumentException if the size is negative, or the alignment no power of two or more than a
    ///                                  backing segment on the heap can have
    /// @throws IllegalStateException    if this arena is closed
    /// @throws UncheckedIOException     if it takes a chunk in a file, and the directory is missing or can't be written to; nothing has
    ///                                  changed then
    /// @throws OutOfMemoryError         if it takes a chunk or a larger table, and the system has no memory; no allocation has changed then
    public long tryAllocate(long byteSize, long byteAlignment) {
        long slot = allocateSlot(byteSize, byteAlignment);
        if (slot != Engine.NO_SLOT) {
            return slot;
        }
        return zeroed ? tryAllocateZeroed(byteSize, byteAlignment) : allocateTheLongWay(byteSize, byteAlignment);
    }

    /// As [#tryAllocate(long, long)], filled with zeros. Takes time in proportion to the size.
    ///
    /// @param byteSize      bytes, not negative
    /// @param byteAlignment a power of two
    /// @return a handle, or [#NO_SPACE]
    /// @throws IllegalArgumentException as [#tryAllocate(long, long)]
    /// @throws IllegalStateException    if this arena is closed
    /// @throws UncheckedIOException     as [#tryAllocate(long, long)]
    /// @throws OutOfMemoryError         as [#tryAllocate(long, long)]
    public long tryAllocateZeroed(long byteSize, long byteAlignment) {
        return noted(contents.allocateZeros(byteSize, byteAlignment), byteSize);
    }

    private long allocateSlot(long byteSize, long byteAlignment) {
        if (Long.compareUnsigned(byteAlignment - 1, plainAlignment) >= 0 || (byteAlignment & byteAlignment - 1) != 0 || watch.isActive()) {
            return Engine.NO_SLOT;
        }
        return engine.allocateSlot(byteSize + granuleMask >>> shift, (int) (-byteSize & granuleMask)); // no slot has the units of a bad size
    }

    private long allocateTheLongWay(long byteSize, long byteAlignment) {
        if (byteSize < 0) {
            throw new IllegalArgumentException("byteSize " + byteSize + " is negative");
        }
        checkAlignment(byteAlignment);
        long units = units(byteSize);
        long alignment = Math.max(1, byteAlignment >>> shift);
        int slack = (int) ((units << shift) - byteSize);
        long allocation = engine.allocate(units, alignment, slack);
        return noted(allocation == NO_SPACE && growth != null ? growth.allocate(units, alignment, slack) : allocation, byteSize);
    }

    /// Tells the watch of a new block. If that fails, the block goes back.
    private long noted(long allocation, long byteSize) {
        if (allocation != NO_SPACE && watch.wants(allocation)) {
            try {
                watch.allocated(allocation, byteSize);
            } catch (Throwable failure) {
                contents.drop(allocation);
                throw failure;
            }
        }
        return allocation;
    }

    /// Bytes to granules. No bytes get one, so that every slice has an address of its own.
    long units(long byteSize) {
        return (Math.max(1, byteSize) - 1 >>> shift) + 1;
    }

    void checkAlignment(long byteAlignment) {
        if (byteAlignment <= 0 || (byteAlignment & byteAlignment - 1) != 0) {
            throw new IllegalArgumentException("byteAlignment " + byteAlignment + " is not a power of two");
        }
        if (byteAlignment > largestAlignment) {
            throw new IllegalArgumentException("byteAlignment " + byteAlignment
                    + (growth == null ? ": the backing segment is on the heap and" : ": an arena with such chunks") + " can't have more than " + largestAlignment);
        }
    }

    /// The slice of an allocation. Creates an object, unless the compiler can do without.
    ///
    /// @param allocation a handle
    /// @return the slice, of the size asked for
    /// @throws IllegalStateException if the handle is not live here
    public MemorySegment segment(long allocation) {
        return places.slice(allocation, places.offset(allocation), places.size(allocation));
    }

    /// Where an allocation starts. O(1).
    ///
    /// @param allocation a handle
    /// @return bytes from the start of the backing segment or, in a growable arena, of the range that chunks take places in
    /// @throws IllegalStateException if the handle is not live here
    public long offset(long allocation) {
        return places.offset(allocation);
    }

    /// The address of an allocation: of its first byte in memory or, if the backing segment is on the heap, from the start of
    /// the array. O(1).
    ///
    /// @param allocation a handle
    /// @return the address, as [MemorySegment#address()] of its slice
    /// @throws IllegalStateException if the handle is not live here
    public long address(long allocation) {
        return places.address(allocation);
    }

    /// The allocation that starts at an address. O(1), creates no object.
    ///
    /// @param address an address as [#address(long)] returned it, or anything else
    /// @return the handle of the live allocation there, or [#NO_SPACE] if none starts there
    /// @throws IllegalStateException if this arena is closed
    public long allocationAt(long address) {
        engine.checkOpen();
        long allocation = places.find(address);
        return allocation == 0 ? NO_SPACE : allocation;
    }

    /// How large the allocation is that starts at an address. O(1), creates no object.
    ///
    /// @param address an address as [#address(long)] returned it, or anything else
    /// @return bytes, as asked for, or [#NO_SPACE] if no live allocation starts there
    /// @throws IllegalStateException if this arena is closed
    public long sizeAt(long address) {
        long allocation = allocationAt(address);
        return allocation == NO_SPACE ? NO_SPACE : Math.max(NO_SPACE, places.sizeOrNothing(allocation));
    }

    /// Frees the allocation that starts at an address: for callers that keep nothing else. O(1), creates no object.
    ///
    /// @param address an address as [#address(long)] returned it
    /// @throws IllegalArgumentException if no live allocation starts there
    /// @throws IllegalStateException    if this arena is closed
    public void freeAt(long address) {
        if (places.freeAt(address, Engine.ANY_SIZE) == Engine.FREED) {
            freed();
            return;
        }
        engine.checkOpen();
        throw new IllegalArgumentException("no live allocation of this arena starts at 0x" + Long.toHexString(address));
    }

    /// How large an allocation is. O(1).
    ///
    /// @param allocation a handle
    /// @return bytes, as asked for
    /// @throws IllegalStateException if the handle is not live here
    public long size(long allocation) {
        return places.size(allocation);
    }

    /// Frees an allocation. O(1), creates no object.
    ///
    /// @param allocation a handle
    /// @throws IllegalStateException if the handle is not live here
    public void free(long allocation) {
        if (!engine.freeSlot(allocation)) {
            engine.free(allocation);
        }
        freed();
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
        freed();
    }

    /// Changes the size of an allocation where it lies, as [OffsetAllocator#resize(long, long)]. If slices are zeroed, fills
    /// what it grows by with zeros; a durable one then grows by less than 32 MiB at a time. In a shared arena a size that doesn't fit may dissolve
    /// slabs, if another thread takes a slot meanwhile.
    ///
    /// @param allocation  a handle, which stays valid
    /// @param newByteSize bytes, not negative
    /// @return whether the allocation now has the new size; if not, it has the old one
    /// @throws IllegalArgumentException if the new size is negative
    /// @throws IllegalStateException    if the handle is not live here
    public boolean resize(long allocation, long newByteSize) {
        return contents.resize(allocation, newByteSize);
    }

    /// Changes the size of an allocation, in place if that is possible, or else by moving it: then a new allocation is
    /// made, the content copied and the old one freed. O(1) in place, O(size) otherwise.
    ///
    /// @param allocation    a handle
    /// @param newByteSize   bytes, not negative
    /// @param byteAlignment a power of two
    /// @return the same handle if it stayed in place; a new one if it moved, the old one being freed; or [#NO_SPACE],
    ///         the old one being as it was
    /// @throws IllegalArgumentException if a number is bad
    /// @throws IllegalStateException    if the handle is not live here
    /// @throws UncheckedIOException     as [#allocate(long, long)]
    public long reallocate(long allocation, long newByteSize, long byteAlignment) {
        return contents.reallocate(allocation, newByteSize, byteAlignment);
    }

    /// Frees an allocation later, when a counter has reached `value`, as [OffsetAllocator#retire(long, long)]. Its slice is
    /// no longer found by segment or address either.
    ///
    /// @param allocation a handle
    /// @param value      what the counter must reach, unsigned
    /// @throws IllegalStateException if the handle is not live here
    public void retire(long allocation, long value) {
        retired.retire(allocation, value);
    }

    /// Frees all that was retired with a value up to this one, as [OffsetAllocator#reclaim(long)]. In an arena that is [Builder#checked()]
    /// it goes as far as the first allocation that can't be freed. The next call begins with that one, and throws if it still can't.
    ///
    /// @param completedValue what the counter has reached, unsigned
    /// @return how many allocations were freed
    /// @throws IllegalStateException if this arena is closed
    public int reclaim(long completedValue) {
        return retired.reclaim(completedValue);
    }

    /// How many allocations are retired and not yet reclaimed, in all queues.
    ///
    /// @return their number
    /// @throws IllegalStateException if this arena is closed
    public int retired() {
        return engine.retired();
    }

    /// As [OffsetAllocator#newRetireQueue()].
    ///
    /// @return an empty queue
    /// @throws IllegalStateException if this arena is closed
    public RetireQueue newRetireQueue() {
        return new RetireQueue(engine, this::freed);
    }

    /// As [OffsetAllocator#tag(long)].
    ///
    /// @param allocation a handle
    /// @return the tag
    /// @throws IllegalStateException if the handle is not live here
    public long tag(long allocation) {
        return engine.tag(allocation);
    }

    /// As [OffsetAllocator#setTag(long, long)].
    ///
    /// @param allocation a handle
    /// @param tag        anything
    /// @throws IllegalStateException if the handle is not live here
    public void setTag(long allocation, long tag) {
        engine.setTag(allocation, tag);
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    /// The segment that the slices are of. That of a durable arena has all [#maxByteSize()] bytes from the start.
    ///
    /// @return the backing segment
    /// @throws UnsupportedOperationException if this arena is growable: its memory is not one segment
    public MemorySegment backing() {
        return memory.segment();
    }

    /// A scope over this arena, for code that wants an [Arena]: slices that are filled with zeros and freed together by its
    /// [Arena#close()]. O(1), and O(1) for each slice that is freed.
    ///
    /// As the JDK says of its own: each slice of no bytes has an address of its own; a second `close` is refused; if there is no room,
    /// `allocate` throws an [OutOfMemoryError]; what else [#allocate(long, long)] throws, it throws too. A `close` that is refused (to the visitor
    /// of a walk, or since a native call is using what it ends) has freed nothing and may be tried again. Only if the native call is using a segment
    /// that someone has told to live as long as the scope, and the arena is [checked][Builder#checked()], the slices are freed by then.
    ///
    /// What a scope frees are the allocations that it has made. A slice may also be freed before, by this arena. Don't reallocate one by this arena:
    /// if it stays in place it is the scope's as before, but if it moves, what it moves to is this arena's, and no `close` of the scope frees it.
    /// A durable arena keeps in its file what is live when it is closed, the allocations of open scopes too: close scopes before it.
    ///
    /// **Confined.** The scope of a confined arena is for its thread, and ends at the latest when the arena does. Its slices die with it: an
    /// access after `close` throws an [IllegalStateException]. That takes a restricted call, [MemorySegment#reinterpret(Arena,
    /// java.util.function.Consumer)]. Where this module has no native access (`--enable-native-access`), or if the arena's memory is
    /// borrowed, the call is not made and slices stay accessible as those of [#allocate(long, long)] do after
    /// [#free(long)]. While one is open, a growable arena gives back no chunk.
    ///
    /// **Shared.** The scope of a shared arena is for any thread. Its slices do not die before the arena's memory: to end memory that threads
    /// share takes a handshake with all of them.
    ///
    /// @return an open scope
    /// @throws IllegalStateException if this arena is closed
    public Arena scope() {
        engine.checkOpen();
        if (engine.isForAnyThread()) {
            return new SharedScope(this, engine);
        }
        return new ConfinedScope(this, engine, memory.isOwn() && SegmentArena.class.getModule().isNativeAccessEnabled(), scopes);
    }

    /// Reads and writes allocations by handle.
    ///
    /// @return what does, one for each arena
    public BlockAccess access() {
        return access;
    }

    /// The unit in which space is counted.
    ///
    /// @return bytes, a power of two, at least 16
    public long granule() {
        return 1L << shift;
    }

    /// Bytes from the start of the backing segment to the first granule.
    long origin() {
        return origin;
    }

    /// Bytes that can be handed out: the backing segment without what lies before its first and behind its last whole
    /// granule, or the chunks that a growable arena has now.
    ///
    /// @return the capacity, in bytes
    /// @throws IllegalStateException if this arena is closed
    public long byteSize() {
        return (growth == null ? engine.capacity() : engine.openUnits()) << shift;
    }

    /// Bytes that it may come to have: [#byteSize()], unless it is growable or a durable one that was made with a larger limit.
    ///
    /// @return the limit, in bytes
    /// @throws IllegalStateException if this arena is closed
    public long maxByteSize() {
        engine.checkOpen();
        return growth == null ? byteSize : growth.limit() << shift;
    }

    /// Makes a durable arena larger, up to the limit that it was made with: see [Builder#durable(Path, long, long)]. Every allocation
    /// stays where it is, and slices stay valid. O(1), and one wait for the disk, in which other threads may have to wait too. It never
    /// becomes smaller again.
    ///
    /// It is one step: after a kill the arena has the old size or the new one.
    ///
    /// @param newByteSize bytes, [#byteSize()] to [#maxByteSize()]; rounded down to whole granules
    /// @throws IllegalArgumentException if the size is out of range
    /// @throws IllegalStateException    if this arena is closed, or not durable: what is growable grows by itself, and other memory
    ///                                  has one size
    /// @throws OutOfMemoryError         if [Builder#reserve()] was said and the disk has no room; nothing has changed then
    public void grow(long newByteSize) {
        engine.checkUsable();
        DurableFile file = memory.resizable();
        long most = maxByteSize();
        if (newByteSize < byteSize() || newByteSize > most) {
            throw new IllegalArgumentException("byteSize " + newByteSize + " is not in " + byteSize() + " to " + most
                    + ", the maxByteSize that this arena was made with");
        }
        FileGrowth.grow(engine, file, newByteSize >>> shift, shift);
    }

    /// How much native memory the metadata takes now: nodes, slabs, what finds blocks by address, tags, and queues of retired
    /// blocks. O(1). Of tables that were replaced by larger ones, the first of each kind stays until [#close()], in a shared arena all do. They are not
    /// counted: together they are no larger than those that are.
    ///
    /// @return bytes
    /// @throws IllegalStateException if this arena is closed
    public long metadataSize() {
        return engine.metadataSize();
    }

    /// How full this arena is, and what it has done so far. Any thread may call this, on a confined arena too. Takes no lock, changes nothing,
    /// creates no object but the record. O(1); in a shared arena O(slots). One that is shared counts a thousand times at once if asked to,
    /// and 250 times a second for long: a caller that asks more often gets some numbers that are up to 4 ms old.
    ///
    /// If other threads work on the arena meanwhile, each number was true during this call, and two of them may differ by what
    /// those threads did during it. An error that has struck in the middle of a call may have left `totalAllocations` without the
    /// block in hand.
    ///
    /// @return the numbers
    /// @throws IllegalStateException if this arena is closed
    public ArenaStatistics statistics() {
        return engine.count(this, SegmentArena::inBytes);
    }

    private ArenaStatistics inBytes(long capacity, long used, long peak, long largest, long live, long total, long refused, long metadata) {
        return new ArenaStatistics(capacity << shift, used << shift, peak << shift, capacity - used << shift, largest << shift,
                live, total, refused, metadata);
    }

    /// What this arena is called in events, logs and dumps: the name asked for, [Builder#name(String)], or one such as `arena-7`.
    ///
    /// @return its name
    public String name() {
        return watch.name();
    }

    /// Live allocations by the place in the program that asked for them, those with the most bytes first. Without leak detection
    /// there are none. O(allocations that are known).
    ///
    /// @return the places
    /// @throws IllegalStateException if this arena is closed
    /// @see Builder#leakDetection(LeakDetection)
    public List<Leak> leaks() {
        return watch.leaks(Leak::new);
    }

    /// Writes statistics, bins, slabs, regions, tags and, with leak detection, the places in the program that asked, as JSON.
    /// `docs/observability.md` has the schema. O(regions and slots); in a shared arena other threads wait for that, not for `out`.
    ///
    /// @param out where to
    /// @throws IOException           if `out` does
    /// @throws IllegalStateException if this arena is closed
    public void dump(Appendable out) throws IOException {
        Dump.write(watch, origin, Objects.requireNonNull(out));
    }

    /// How many allocations are live; retired ones are not. O(1); in a shared arena O(slots).
    ///
    /// @return their number
    /// @throws IllegalStateException if this arena is closed
    public int allocations() {
        return engine.blocks();
    }

    /// How much is free, and the largest free region, in bytes. O(1); in a shared arena O(slots). Changes nothing.
    ///
    /// @return a report
    /// @throws IllegalStateException if this arena is closed
    public StorageReport storageReport() {
        return new StorageReport(engine.freeUnits() << shift, engine.largestFree() << shift);
    }

    /// Number of free regions in each bin; sizes there are granules. O(free regions and slots). Changes nothing.
    ///
    /// @return a report
    /// @throws IllegalStateException if this arena is closed
    public StorageReportFull storageReportFull() {
        return new StorageReportFull(engine.freeRegions());
    }

    /// Visits all regions, allocated and free, by address. O(regions and slots), no garbage. Offsets are bytes from the start
    /// of the backing segment, sizes are bytes in whole granules. In a shared arena, other threads take and free slots
    /// meanwhile, and calls that need the lock wait for the visitor.
    ///
    /// @param visitor called for each region; it may read from this arena, write to allocations, and set tags and the root, but change
    ///                nothing else: not what is allocated, retired or planned, nor the size
    /// @throws IllegalStateException if this arena is closed, or if the visitor tries to
    public void forEachRegion(RegionVisitor visitor) {
        Objects.requireNonNull(visitor);
        engine.forEachRegion(this, visitor, (arena, v, offset, size, allocation) ->
                v.region(arena.origin + (offset << arena.shift), size << arena.shift, allocation));
    }

    /// Visits the handles of all live allocations by address, as [#forEachRegion(RegionVisitor)]. O(regions and slots), no garbage.
    ///
    /// @param visitor called for each handle; it may read from this arena, write to allocations, and set tags and the root, but change
    ///                nothing else: not what is allocated, retired or planned, nor the size
    /// @throws IllegalStateException if this arena is closed, or if the visitor tries to
    public void forEachAllocation(LongConsumer visitor) {
        Objects.requireNonNull(visitor);
        engine.forEachRegion(visitor, null, (v, _, _, _, allocation) -> {
            if (allocation > 0) {
                v.accept(allocation);
            }
        });
    }

    /// As [OffsetAllocator#verify()]. In a shared arena exact only while no other thread works on it.
    ///
    /// @throws AssertionError        naming the first fact that does not hold
    /// @throws IllegalStateException if this arena is closed
    public void verify() {
        engine.verify();
    }

    /// Frees all slices at once, retired ones too. Their handles are refused from here on; the memory stays, but of a growable arena only
    /// one chunk, and none of a request's own size. O(slots), as [OffsetAllocator#reset()].
    ///
    /// In a shared arena it waits until fills with zeros, see [Builder#zeroed()], and copies, see [#reallocate(long, long, long)], that
    /// other threads have begun are done: none of them reaches a slice from after the reset.
    ///
    /// @throws IllegalStateException if this arena is closed
    public void reset() {
        engine.reset();
        if (growth != null) {
            growth.giveBack();
        }
    }

    /// Gives back all chunks of a growable arena in which no allocation is live, also the one that is kept for the next request and
    /// those that only free slots of slabs are in. In any arena makes metadata smaller that is still as large as a peak has left it, if
    /// nothing in its upper half is in use; not that of a shared or durable arena. O(chunks, nodes and slots).
    ///
    /// @throws IllegalStateException if this arena is closed
    public void trim() {
        engine.checkUsable();
        if (growth != null) {
            growth.trim();
        }
        engine.trimTables();
    }

    /// The handle that [#setRoot(long)] was told last, or 0. It names the block from which a program finds all others again.
    ///
    /// @return the handle as it was set, even if its block was freed since; 0 if there is none
    /// @throws IllegalStateException if this arena is closed, or not durable
    public long root() {
        engine.checkOpen();
        return memory.root();
    }

    /// Says by which block a program will find all others when this arena is opened again. It is one step: after a kill the root
    /// is this one or the one before. What was written before to any block comes before it.
    ///
    /// @param allocation a handle, or 0 for none
    /// @throws IllegalStateException if the handle is not live here, or this arena is closed or not durable
    public void setRoot(long allocation) {
        if (allocation != 0) {
            engine.checkLive(allocation);
        }
        engine.checkOpen();
        memory.setRoot(allocation);
    }

    /// Writes what was changed in slices of a mapped file to the disk, as [MemorySegment#force()]. In a durable arena, also what was
    /// allocated, freed, tagged and set as root: first what slices hold, then that they are live. Without it, all this is
    /// safe when the process ends in whatever way, but not when the machine loses its power. In one that grows in files of a directory,
    /// what chunks hold, but for those that another thread gives back meanwhile.
    ///
    /// @throws IllegalStateException if this arena is closed, or maps no files of its own: what someone else has mapped is theirs to write
    /// @throws UncheckedIOException  if the disk fails
    public void force() {
        engine.checkOpen();
        memory.force();
    }

    /// Ends this arena, and the life of all slices if it owns its memory. Closing twice is allowed. In a shared arena it waits
    /// for a walk of another thread to end.
    ///
    /// If chunks of a growable arena are in use by a native call, or their files can't be deleted, all else has ended then, and another
    /// `close` tries again. The same goes for an error that strikes before a file could be closed.
    ///
    /// A `close` that is refused may have ended slices of open scopes, those that die with their scope: they live apart from the memory, and
    /// the JDK says whether one is in use by refusing to end it, and not before. A scope whose slices have ended hands out nothing more; its
    /// allocations are live until it is closed.
    ///
    /// @throws IllegalStateException if the memory is in use by a native call; nothing has changed then, but for such scopes and
    ///                               what [Builder#checked()] says of slices. Also if allocations are live and
    ///                               [Builder#closeRefusesLive()] was said; then nothing at all has changed
    /// @throws UncheckedIOException  if a file can't be closed or deleted, or is that of a durable arena and somebody has cut it; all has ended
    ///                               then, whatever is live
    @Override
    public void close() {
        List<Error> failures = new ArrayList<>(1);
        engine.close(() -> end(failures));
        watch.closed();
        if (growth != null) {
            growth.close();
        }
        memory.finish(); // again, if an earlier close could not
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    /// What comes before the end of the metadata. If it throws, nothing has changed, but for the slices of scopes. An error once the memory
    /// has ended is a failure that is thrown last: the metadata of a durable arena has ended with it.
    private void end(List<Error> failures) {
        if (whenLive != null && memory.isWhole() && engine.liveAtEnd() > 0) {
            whenLive.accept(this);
        }
        watch.closing(); // the tables of a durable arena end with its memory
        try {
            scopes.endSlices();
            memory.end(); // chunks end later
            scopes.endAll();
        } catch (IllegalStateException e) {
            throw Building.inUse(name(), e);
        } catch (Error e) {
            if (growth != null || memory.segment().scope().isAlive()) {
                throw e;
            }
            failures.add(e);
        }
    }

    private void refuseLive() {
        throw new IllegalStateException("can't close " + this + ": " + engine.blocks() + " allocations are live and " + engine.retired() + " retired");
    }

    /// Size and granule, for a log.
    @Override
    public String toString() {
        return "SegmentArena[" + name() + ", " + (growth == null ? memory.segment() : growth) + ", granule=" + granule() + (engine.isClosed() ? ", closed]" : "]");
    }

    /// Options for a [SegmentArena].
    public static final class Builder {
        enum Alignment { BY_DEFAULT, BY_ADDRESS, BY_OFFSET }

        From source = From.NONE;
        long byteSize;
        Path path;
        MemorySegment borrowed;
        boolean shared;
        boolean zeroed;
        int granuleShift = Building.SMALLEST_GRANULE_SHIFT;
        boolean isGranuleStated;
        Fit fit = Fit.GOOD;
        boolean isFitStated;
        int maxAllocations = OffsetAllocator.MAX_ALLOCATIONS;
        boolean realTime;
        boolean reserve;
        Alignment alignment = Alignment.BY_DEFAULT;
        String name;
        long chunkByteSize;
        /// Of what is growable or durable, or 0 if it was not stated.
        long maxByteSize;
        ChunkSource chunks;
        /// What was said for a close with live blocks, or null.
        Consumer<SegmentArena> report, refusal;
        LeakDetection leakDetection = LeakDetection.OFF;
        CheckedBlocks.Mode checks = CheckedBlocks.Mode.OFF;

        Builder() {}

        /// Native memory of the arena's own.
        ///
        /// @param byteSize bytes, at least one granule; rounded up to whole granules
        /// @return this builder
        public Builder nativeMemory(long byteSize) {
            source = From.NATIVE;
            this.byteSize = byteSize;
            return this;
        }

        /// A file that the arena maps, from its start, as scratch memory: what it held before is in the slices, in no order.
        /// Alignment counts offsets in the file, unless [#alignByAddress()] is said.
        /// It is made, or made longer, as needed; a hole in it takes no space on disk where the file system knows holes.
        /// While the arena is open the file is locked: a second arena over it is refused, in this process or another. So is a file of a durable
        /// arena, which would be overwritten.
        ///
        /// @param path     the file
        /// @param byteSize bytes
        /// @return this builder
        public Builder mapped(Path path, long byteSize) {
            this.path = Objects.requireNonNull(path);
            source = From.MAPPED;
            this.byteSize = byteSize;
            return this;
        }

        /// A file that holds the arena and all that says what is live in it: it is made if it is absent, or if a process was killed
        /// while it made it, and opened if it is one.
        /// Then handles, sizes, tags, contents, [SegmentArena#root()], granule and fit are as they were, whatever has ended the process
        /// that had it: every call that had returned is there, and one that had not is there as a whole or not at all. What was
        /// retired is free. A handle that was freed is refused as before.
        ///
        /// While the arena is open the file is locked. A file that is anything else, is damaged or was made for another size is
        /// refused and not written to. Where the file system knows holes it is sparse: its length is several times `byteSize`, its
        /// space on disk is what is used. Opening takes time in proportion to what is live, and so does a close, which also forces: see [SegmentArena#force()].
        /// [#realTime()] and [#alignByAddress()] don't go with it.
        ///
        /// It has one size, unless [#growable(long, long)] is said after this.
        ///
        /// @param path     the file
        /// @param byteSize bytes of the arena when it is made; the same each time, in whole granules, or what it has grown to
        /// @return this builder
        public Builder durable(Path path, long byteSize) {
            return durable(path, byteSize, 0);
        }

        /// As [#durable(Path, long)], with room to [SegmentArena#grow(long)]. The file is laid out for all of it: a large limit costs
        /// length, not space on disk, and address space, as all of it is mapped at once. A file that is there keeps its limit.
        ///
        /// @param path        the file
        /// @param byteSize    bytes of the arena when it is made; the same each time, in whole granules, or what it has grown to
        /// @param maxByteSize bytes that it may grow to, the same each time, in whole granules; or 0 for what the file says, or `byteSize` if it is new
        /// @return this builder
        public Builder durable(Path path, long byteSize, long maxByteSize) {
            this.path = Objects.requireNonNull(path);
            source = From.DURABLE;
            this.byteSize = byteSize;
            this.maxByteSize = maxByteSize;
            return this;
        }

        /// Memory that someone else owns.
        ///
        /// @param backing a segment that can be written to
        /// @return this builder
        public Builder backing(MemorySegment backing) {
            borrowed = Objects.requireNonNull(backing);
            source = From.BORROWED;
            return this;
        }

        /// Native memory in chunks, which come when they are needed and go back when nothing is live in them. None is there at
        /// first. See [SegmentArena] for the rules.
        ///
        /// Said after [#durable(Path, long)], it lets that arena grow by itself, within its file: by `chunkByteSize`, or by what a request takes
        /// if that is more, up to `maxByteSize`, which must be the same each time. It grows for no request that has no room at `maxByteSize`
        /// either. Blocks may lie anywhere in it, and it never
        /// becomes smaller: nothing in a file goes back, and [SegmentArena#trim()] does nothing.
        ///
        /// @param chunkByteSize bytes of a chunk, rounded up to an eighth of a power of two of granules; if that is more than
        ///                      `maxByteSize`, that is rounded down to such a number. After [#durable(Path, long)] rounded up to whole granules only
        /// @param maxByteSize   bytes of all chunks together, which are never more, rounded down to whole granules. At least one granule, and at least
        ///                      `chunkByteSize`. Up to 279,000 chunks are always accepted, and up to 524,000 if they are powers of two;
        ///                      within a file, any number
        /// @return this builder
        /// @throws IllegalArgumentException if another `maxByteSize` was said for a durable arena before
        public Builder growable(long chunkByteSize, long maxByteSize) {
            source = Building.growing(this, maxByteSize);
            path = source.isDurable() ? path : null;
            chunks = null;
            this.chunkByteSize = chunkByteSize;
            this.maxByteSize = maxByteSize;
            return this;
        }

        /// Chunks that are not in the file of a durable arena.
        private Builder inChunks(Object where, long chunkByteSize, long maxByteSize) {
            Objects.requireNonNull(where);
            source = From.CHUNKS;
            return growable(chunkByteSize, maxByteSize);
        }

        /// As [#growable(long, long)], each chunk in a file of its own, which is deleted when the chunk goes back. Alignment counts
        /// offsets, unless [#alignByAddress()] is said: then a file is longer than its chunk if more than a page's alignment is asked for, by that at most.
        ///
        /// A request that needs a chunk throws an [UncheckedIOException] if the directory is missing by then, or can't be written to. So do
        /// scopes. The arena is not durable, even if that was said before. A process that is killed leaves its files, `chunk….tmp`: no later arena
        /// deletes them.
        ///
        /// @param directory     where the files are made
        /// @param chunkByteSize bytes of a chunk, rounded up to an eighth of a power of two of granules; if that is more than
        ///                      `maxByteSize`, that is rounded down to such a number
        /// @param maxByteSize   bytes of all chunks together, which are never more, rounded down to whole granules. At least one granule, and at least
        ///                      `chunkByteSize`. Up to 279,000 chunks are always accepted, and up to 524,000 if they are powers of two
        /// @return this builder
        public Builder growable(Path directory, long chunkByteSize, long maxByteSize) {
            inChunks(directory, chunkByteSize, maxByteSize);
            path = directory;
            return this;
        }

        /// As [#growable(long, long)], with chunks that someone else makes. The arena is not durable, even if that was said before.
        ///
        /// @param source        where chunks come from
        /// @param chunkByteSize bytes of a chunk, rounded up to an eighth of a power of two of granules; if that is more than
        ///                      `maxByteSize`, that is rounded down to such a number
        /// @param maxByteSize   bytes of all chunks together, which are never more, rounded down to whole granules. At least one granule, and at least
        ///                      `chunkByteSize`. Up to 279,000 chunks are always accepted, and up to 524,000 if they are powers of two
        /// @return this builder
        public Builder growable(ChunkSource source, long chunkByteSize, long maxByteSize) {
            inChunks(source, chunkByteSize, maxByteSize).chunks = source;
            return this;
        }

        /// For any thread, not only the one that builds.
        ///
        /// @return this builder
        public Builder shared() {
            shared = true;
            return this;
        }

        /// Fills every slice with zeros before it is handed out. Costs time in proportion to its size.
        ///
        /// @return this builder
        public Builder zeroed() {
            zeroed = true;
            return this;
        }

        /// The unit in which space is counted, instead of the default of 16 bytes: every slice owns whole granules. For
        /// memory whose pieces must not share a cache line, a page or an atom of a device. A segment of 2^32 granules
        /// or more gets larger ones.
        ///
        /// @param byteSize a power of two, 16 to 2^24
        /// @return this builder
        /// @throws IllegalArgumentException if it is not
        public Builder granule(long byteSize) {
            if (Long.bitCount(byteSize) != 1 || byteSize < 1L << Building.SMALLEST_GRANULE_SHIFT || byteSize > Building.LARGEST_GRANULE) {
                throw new IllegalArgumentException("granule " + byteSize + " is not a power of two from 16 to 2^24");
            }
            granuleShift = Long.numberOfTrailingZeros(byteSize);
            isGranuleStated = true;
            return this;
        }

        /// As [OffsetAllocator.Builder#fit(Fit)].
        ///
        /// @param fit the rule
        /// @return this builder
        public Builder fit(Fit fit) {
            this.fit = Objects.requireNonNull(fit);
            isFitStated = true;
            return this;
        }

        /// As [OffsetAllocator.Builder#maxAllocations(int)].
        ///
        /// @param maxAllocations the limit
        /// @return this builder
        /// @throws IllegalArgumentException if the number is out of range
        public Builder maxAllocations(int maxAllocations) {
            OffsetAllocator.builder(1).maxAllocations(maxAllocations); // the same limits
            this.maxAllocations = maxAllocations;
            return this;
        }

        /// As [OffsetAllocator.Builder#realTime()], also for calls by segment and address. All metadata is taken at once: 64 bytes
        /// an allocation, and 8 bytes for each 64 granules. Without [#maxAllocations(int)] the limit is the number of granules:
        /// with granules of 16 bytes the metadata then takes four times the arena's size.
        ///
        /// @return this builder
        public Builder realTime() {
            realTime = true;
            return this;
        }

        /// Aligns the addresses of slices: the default for native and borrowed memory.
        ///
        /// @return this builder
        public Builder alignByAddress() {
            alignment = Alignment.BY_ADDRESS;
            return this;
        }

        /// Aligns the offsets of slices from the start of the backing segment: the default for a file. For borrowed memory
        /// whose offsets someone else reads, such as a mapped GPU buffer: copies and dynamic offsets count from its start.
        ///
        /// @return this builder
        public Builder alignByOffset() {
            alignment = Alignment.BY_OFFSET;
            return this;
        }

        /// What the arena is called in events, logs and dumps.
        ///
        /// @param name anything
        /// @return this builder
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name);
            return this;
        }

        /// Remembers which place in the program asked for a block, until it is freed. When the arena is closed, or collected by the
        /// garbage collector without having been closed, blocks that are live are leaks: a line in the log of
        /// `io.github.offsetallocator` ([System.Logger]) and events of JDK Flight Recorder name the worst places.
        ///
        /// @param leakDetection for which blocks
        /// @return this builder
        /// @see SegmentArena#leaks()
        public Builder leakDetection(LeakDetection leakDetection) {
            this.leakDetection = Objects.requireNonNull(leakDetection);
            return this;
        }

        /// For tests and hunts: finds what uses an allocation after its end, or writes behind it.
        ///
        /// **Freed slices are dead.** An access to a slice throws an [IllegalStateException] once its allocation was freed, by whatever
        /// call: by handle, segment or address, with others, by `reset`, a scope's or this arena's `close`, or by `reclaim` if it was
        /// retired. A slice also dies when its allocation is made smaller, moves, or is reallocated by segment. That takes a
        /// restricted call, [MemorySegment#reinterpret(Arena, java.util.function.Consumer)]: run Java with `--enable-native-access`, or the
        /// JDK warns at the first or, if it is told to, refuses. Slices of memory that someone else owns don't die.
        ///
        /// **Borders.** Behind each allocation lies a granule that belongs to no one. When the allocation ends or changes its size, and
        /// by [SegmentArena#verify()] and [SegmentArena#close()], an [AssertionError] tells if something was written there: through
        /// [SegmentArena#backing()], or by native code. The call has changed nothing then and may be tried again; unless it is
        /// `verify`, it has made that border whole, so each damage is told of once. With [LeakDetection#ALL] the error names the code that
        /// asked for the allocation. Bytes that were freed are overwritten, those that a smaller size cuts off and those of `reset` too; not by `close`.
        /// Where the bytes can't be reached, since their owner has closed them or they are another thread's, nothing is looked at.
        ///
        /// **Native calls.** A call that would end an allocation, or a slice by another size, while a native call is using it throws an
        /// [IllegalStateException]: nothing was freed or resized, and it may be tried again. Whether a slice is in use, the JDK says only by
        /// refusing to end it. `reclaim` goes as far as the first allocation that can't be freed, or throws if there is none before it. Where
        /// several allocations would end at once (`freeAll`, `reset`, `close`, that of a scope), the slices of others may be dead by then,
        /// while their allocations are live and hold what they held: [SegmentArena#segment(long)] makes new slices. The next try asks the one
        /// in use first, so new slices live on as long as only that one is.
        ///
        /// All else is as without it: sizes are those asked for, though one granule more is used for each. Every call takes a lock
        /// and makes Java objects; in a shared arena, each free of an allocation that has had a slice stops all threads for a moment.
        /// Granules are of 2^23 bytes at most. An allocation that a durable arena has from before has no
        /// border until it becomes larger.
        ///
        /// @return this builder
        public Builder checked() {
            checks = CheckedBlocks.Mode.ON;
            return this;
        }

        /// Lets [SegmentArena#close()] refuse while allocations are live or retired: it throws an [IllegalStateException] that says how many,
        /// and nothing has changed. With [#closeReportsLive(Consumer)] too, it calls that first, and then refuses. Neither is done for a durable
        /// arena whose file somebody has cut: what is live is not known then, nor can it be freed.
        ///
        /// @return this builder
        public Builder closeRefusesLive() {
            refusal = SegmentArena::refuseLive;
            return this;
        }

        /// Lets [SegmentArena#close()] call someone first if allocations are live or retired: to count or list them, by
        /// [SegmentArena#forEachAllocation(LongConsumer)] for example. If it throws, the arena stays open and nothing has changed. With [#closeRefusesLive()] too,
        /// the close is refused after that, in whatever order the two were called. A second call replaces the first one's report.
        ///
        /// @param report what is called, with the arena; it may read from it, and what would change it throws an [IllegalStateException]
        /// @return this builder
        public Builder closeReportsLive(Consumer<SegmentArena> report) {
            this.report = Objects.requireNonNull(report);
            return this;
        }

        /// Makes the disk find room for the whole file when the arena is built, by writing every block of it once; for what a durable arena
        /// grows by, when it does. Without, a disk that is full shows when a slice is written to, as an [InternalError].
        ///
        /// The disk is asked first whether it has room for what is to be added, even if holes there have their blocks already: a refusal
        /// uses none of it. Holes of a mapped file that was there are filled without asking. If the disk becomes full meanwhile, what was
        /// filled stays so: Java has no call that makes a hole.
        ///
        /// @return this builder
        public Builder reserve() {
            reserve = true;
            return this;
        }

        /// Builds the arena.
        ///
        /// @return a new arena
        /// @throws IllegalStateException    if nothing was said about the memory behind it, or options don't go together
        /// @throws IllegalArgumentException if a number is out of range, or a segment read-only or too small
        /// @throws UncheckedIOException     if the file can't be mapped, or is mapped already; it is as it was then, but for
        ///                                  holes that [#reserve()] has filled
        /// @throws OutOfMemoryError         if there is no such memory
        public SegmentArena build() {
            return Building.build(this);
        }
    }
}
