package io.github.offsetallocator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
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
/// **Slices** have exactly the size asked for, start at an address that is a multiple of the alignment asked for, never
/// overlap and never reach past the backing segment. They are not zeroed, unless [Builder#zeroed()] says so. A slice of
/// no bytes has an address of its own.
///
/// **Granule.** Space is counted in granules, see [#granule()]: the smallest power of two, at least 16 bytes, with which
/// the backing segment has fewer than 2^32, or the one asked for, [Builder#granule(long)]. Requests round up to it; the capacity rounds down, and starts at the first
/// address that is a multiple of it.
///
/// **Two ways.** Handles, as those of [OffsetAllocator], name one allocation for good: a freed or forged one is
/// refused. Segments are found by their address, through an index off-heap that those who use handles alone never touch:
/// a segment that is no live slice of this arena is refused, but one that was freed and whose bytes were handed out
/// again at the same size can't be told from the new one.
///
/// **Lifetime.** All slices live as long as the backing segment. If the arena owns that (native memory, a file it
/// maps), [#close()] ends it, and every access to a slice throws an [IllegalStateException] from then on. If it
/// is borrowed, `close()` ends this arena only: slices stay accessible as long as their owner lets them. Freeing a slice
/// does not make it inaccessible; the JDK has no lifetime that is shorter than that of the whole segment.
///
/// **Threads.** As the JDK says it: one from `ofConfined` belongs to the thread that made it, and others get a
/// [WrongThreadException]; one from `ofShared` may be used by any thread, platform or virtual, without more.
///
/// How it works: bytes become granules, an [OffsetAllocator] does the rest.
public final class SegmentArena implements SegmentAllocator, AutoCloseable {
    /// As [OffsetAllocator#NO_SPACE].
    public static final long NO_SPACE = OffsetAllocator.NO_SPACE;

    private static final int SMALLEST_GRANULE_SHIFT = 4;
    private static final long LARGEST_GRANULE = 1 << 24;
    private static final long NATIVE_ALIGNMENT = 64;

    private final MemorySegment backing;
    private final Arena owned;
    private final Object heapBase;
    private final long largestAlignment;
    private final int shift;
    /// Bytes from the start of the backing segment to the first granule.
    private final long origin;
    /// Address of the first granule, in granules.
    private final long phase;
    private final boolean zeroed;
    private final OffsetAllocator allocator;
    private final SegmentIndex index;

    private SegmentArena(MemorySegment backing, Arena owned, Builder builder) {
        if (backing.isReadOnly()) {
            throw new IllegalArgumentException("the backing segment is read-only: " + backing);
        }
        this.backing = backing;
        this.owned = owned;
        heapBase = backing.heapBase().orElse(null);
        largestAlignment = heapBase == null ? 1L << 62 : elementSize(heapBase);
        long byteSize = backing.byteSize();
        shift = Math.max(builder.granuleShift, Long.SIZE - 32 - Long.numberOfLeadingZeros(byteSize));
        if (granule() > LARGEST_GRANULE) {
            throw new IllegalArgumentException("the backing segment of " + byteSize + " bytes is too large: it must have less than 2^56");
        }
        origin = -backing.address() & granule() - 1;
        phase = (backing.address() + origin) >>> shift;
        zeroed = builder.zeroed;
        long units = byteSize - origin >> shift;
        if (units < 1) {
            throw new IllegalArgumentException("the backing segment of " + byteSize + " bytes at address 0x"
                    + Long.toHexString(backing.address()) + " has no whole granule of " + granule() + " bytes");
        }
        OffsetAllocator.Builder options = OffsetAllocator.builder(units)
                .fit(builder.fit)
                .quickLists(builder.quickSizes, builder.quickDepth)
                .maxAllocations(builder.maxAllocations);
        if (builder.shared) {
            options.shared();
        } else {
            options.confined();
        }
        allocator = (builder.preallocated ? options.preallocated() : options).build();
        index = SegmentIndex.of(allocator);
    }

    private static long elementSize(Object array) {
        return switch (array) {
            case byte[] _ -> Byte.BYTES;
            case short[] _ -> Short.BYTES;
            case char[] _ -> Character.BYTES;
            case int[] _ -> Integer.BYTES;
            case float[] _ -> Float.BYTES;
            default -> Long.BYTES;
        };
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
    /// @return a builder; say what lies behind the arena before you build
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
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        long allocation = tryAllocate(byteSize, byteAlignment);
        if (allocation == NO_SPACE) {
            throw new OutOfSpaceException(byteSize, byteAlignment, storageReport());
        }
        return indexedSlice(allocation, byteSize);
    }

    /// Frees a slice. O(1).
    ///
    /// @param slice a slice as [#allocate(long, long)] or [#segment(long)] returned it
    /// @throws IllegalArgumentException if the segment is no live slice of this arena
    /// @throws IllegalStateException    if this arena is closed
    public void free(MemorySegment slice) {
        long allocation = allocationOf(slice);
        long unit = slice.address() - backing.address() - origin >>> shift;
        try {
            allocator.free(allocation);
        } catch (IllegalStateException refused) {
            if (allocator.isClosed() || index.find(unit) == allocation) {
                throw refused;
            }
            throw new IllegalArgumentException(slice + " is not a live slice of this arena: another thread freed it", refused);
        }
        index.freed(unit, (int) allocation);
    }

    /// The handle of a slice. O(1).
    ///
    /// @param slice a slice as [#allocate(long, long)] or [#segment(long)] returned it
    /// @return the handle of its allocation
    /// @throws IllegalArgumentException if the segment is no live slice of this arena
    /// @throws IllegalStateException    if this arena is closed
    public long allocationOf(MemorySegment slice) {
        allocator.checkOpen();
        long distance = slice.address() - backing.address() - origin;
        boolean inside = distance >= 0 && (distance & granule() - 1) == 0 && distance >>> shift < allocator.capacity()
                && (heapBase == null ? slice.isNative() : slice.heapBase().orElse(null) == heapBase);
        long allocation = inside ? index.find(distance >>> shift) : 0;
        if (allocation == 0 || allocator.size(allocation, shift) != slice.byteSize()) {
            throw new IllegalArgumentException(slice + " is not a live slice of this arena"
                    + (allocation == 0 ? "" : ": the one at this address has " + size(allocation) + " bytes"));
        }
        return allocation;
    }

    /// Changes the size of a slice, in place if that is possible, or else by moving it: then a new slice is allocated,
    /// the content copied and the old slice freed.
    ///
    /// @param slice         a live slice
    /// @param newByteSize   bytes, not negative
    /// @param byteAlignment a power of two
    /// @return the slice with its new size, at the same address or another one
    /// @throws OutOfSpaceException      if there is no room; the old slice is as it was
    /// @throws IllegalArgumentException if the segment is no live slice of this arena, or a number is bad
    /// @throws IllegalStateException    if this arena is closed
    public MemorySegment reallocate(MemorySegment slice, long newByteSize, long byteAlignment) {
        long allocation = reallocate(allocationOf(slice), newByteSize, byteAlignment);
        if (allocation == NO_SPACE) {
            throw new OutOfSpaceException(newByteSize, byteAlignment, storageReport());
        }
        return segment(allocation);
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
    public long tryAllocate(long byteSize, long byteAlignment) {
        if (byteSize < 0) {
            throw new IllegalArgumentException("byteSize " + byteSize + " is negative");
        }
        long units = units(byteSize);
        int slack = (int) ((units << shift) - byteSize);
        long allocation;
        if (byteAlignment > 0 && byteAlignment <= 1L << SMALLEST_GRANULE_SHIFT
                && (byteAlignment & byteAlignment - 1) == 0 && byteAlignment <= largestAlignment) {
            allocation = allocator.allocateSlack(units, slack);
        } else {
            checkAlignment(byteAlignment);
            allocation = allocator.allocateSlack(units, Math.max(1, byteAlignment >>> shift), phase, slack);
        }
        if (zeroed && allocation != NO_SPACE) {
            backing.asSlice(offset(allocation), byteSize).fill((byte) 0);
        }
        return allocation;
    }

    /// Bytes to granules. No bytes get one, so that every slice has an address of its own.
    private long units(long byteSize) {
        return (Math.max(1, byteSize) - 1 >>> shift) + 1;
    }

    private void checkAlignment(long byteAlignment) {
        if (byteAlignment <= 0 || (byteAlignment & byteAlignment - 1) != 0) {
            throw new IllegalArgumentException("byteAlignment " + byteAlignment + " is not a power of two");
        }
        if (byteAlignment > largestAlignment) {
            throw new IllegalArgumentException("byteAlignment " + byteAlignment
                    + ": the backing segment is on the heap and can't have more than " + largestAlignment);
        }
    }

    /// The slice of an allocation. Creates an object, unless the compiler can do without.
    ///
    /// @param allocation a handle
    /// @return the slice, of the size asked for
    /// @throws IllegalStateException if the handle is not live here
    public MemorySegment segment(long allocation) {
        return indexedSlice(allocation, allocator.size(allocation, shift));
    }

    private MemorySegment indexedSlice(long allocation, long byteSize) {
        long unit = allocator.offset(allocation);
        index.put(unit, (int) allocation);
        return backing.asSlice(origin + (unit << shift), byteSize);
    }

    /// Where an allocation starts. O(1).
    ///
    /// @param allocation a handle
    /// @return bytes from the start of the backing segment
    /// @throws IllegalStateException if the handle is not live here
    public long offset(long allocation) {
        return origin + (allocator.offset(allocation) << shift);
    }

    /// How large an allocation is. O(1).
    ///
    /// @param allocation a handle
    /// @return bytes, as asked for
    /// @throws IllegalStateException if the handle is not live here
    public long size(long allocation) {
        return allocator.size(allocation, shift);
    }

    /// Frees an allocation. O(1), creates no object.
    ///
    /// @param allocation a handle
    /// @throws IllegalStateException if the handle is not live here
    public void free(long allocation) {
        allocator.free(allocation);
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
        allocator.freeAll(allocations, from, to);
    }

    /// Changes the size of an allocation where it lies. O(1).
    ///
    /// @param allocation  a handle, which stays valid
    /// @param newByteSize bytes, not negative
    /// @return whether the allocation now has the new size; if not, nothing has changed
    /// @throws IllegalArgumentException if the new size is negative
    /// @throws IllegalStateException    if the handle is not live here
    public boolean resize(long allocation, long newByteSize) {
        if (newByteSize < 0) {
            throw new IllegalArgumentException("byteSize " + newByteSize + " is negative");
        }
        long units = units(newByteSize);
        return allocator.resize(allocation, units, (int) ((units << shift) - newByteSize));
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
    public long reallocate(long allocation, long newByteSize, long byteAlignment) {
        checkAlignment(byteAlignment);
        boolean aligned = (backing.address() + offset(allocation) & byteAlignment - 1) == 0;
        if (aligned && resize(allocation, newByteSize)) {
            return allocation;
        }
        long moved = tryAllocate(newByteSize, byteAlignment);
        if (moved != NO_SPACE) {
            try {
                long copied = Math.min(newByteSize, size(allocation));
                MemorySegment.copy(backing, offset(allocation), backing, offset(moved), copied);
                allocator.free(allocation);
            } catch (Throwable failure) { // another thread has freed it, or closed the arena
                if (!allocator.isClosed()) {
                    allocator.free(moved);
                }
                throw failure;
            }
        }
        return moved;
    }

    /// Frees an allocation later, when a counter has reached `value`, as [OffsetAllocator#retire(long, long)].
    ///
    /// @param allocation a handle
    /// @param value      what the counter must reach, unsigned
    /// @throws IllegalStateException if the handle is not live here
    public void retire(long allocation, long value) {
        allocator.retire(allocation, value);
    }

    /// Frees all that was retired with a value up to this one, as [OffsetAllocator#reclaim(long)].
    ///
    /// @param completedValue what the counter has reached, unsigned
    /// @return how many allocations were freed
    /// @throws IllegalStateException if this arena is closed
    public int reclaim(long completedValue) {
        return allocator.reclaim(completedValue);
    }

    /// How many allocations are retired and not yet reclaimed.
    ///
    /// @return their number
    /// @throws IllegalStateException if this arena is closed
    public int retired() {
        return allocator.retired();
    }

    /// As [OffsetAllocator#tag(long)].
    ///
    /// @param allocation a handle
    /// @return the tag
    /// @throws IllegalStateException if the handle is not live here
    public long tag(long allocation) {
        return allocator.tag(allocation);
    }

    /// As [OffsetAllocator#setTag(long, long)].
    ///
    /// @param allocation a handle
    /// @param tag        anything
    /// @throws IllegalStateException if the handle is not live here
    public void setTag(long allocation, long tag) {
        allocator.setTag(allocation, tag);
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    /// The segment that the slices are of.
    ///
    /// @return the backing segment
    public MemorySegment backing() {
        return backing;
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
    /// granule.
    ///
    /// @return the capacity, in bytes
    /// @throws IllegalStateException if this arena is closed
    public long byteSize() {
        return allocator.capacity() << shift;
    }

    /// How many allocations are live. O(1).
    ///
    /// @return their number
    /// @throws IllegalStateException if this arena is closed
    public int allocations() {
        return allocator.allocations();
    }

    /// How much is free, and the largest free region, in bytes. O(1).
    ///
    /// @return a report
    /// @throws IllegalStateException if this arena is closed
    public StorageReport storageReport() {
        StorageReport report = allocator.storageReport();
        return new StorageReport(report.totalFreeSpace() << shift, report.largestFreeRegion() << shift);
    }

    /// Number of free regions in each bin; sizes there are granules. O(free regions).
    ///
    /// @return a report
    /// @throws IllegalStateException if this arena is closed
    public StorageReportFull storageReportFull() {
        return allocator.storageReportFull();
    }

    /// Visits all regions, allocated and free, by address. O(regions), no garbage but one small object a walk. Offsets
    /// are bytes from the start of the backing segment, sizes are bytes in whole granules.
    ///
    /// @param visitor called for each region; it may read from this arena but not change it
    /// @throws IllegalStateException if this arena is closed, or changed by the visitor
    public void forEachRegion(RegionVisitor visitor) {
        Objects.requireNonNull(visitor);
        allocator.forEachRegion((offset, size, allocation) ->
                visitor.region(origin + (offset << shift), size << shift, allocation));
    }

    /// Visits the handles of all live allocations by address. O(regions), no garbage.
    ///
    /// @param visitor called for each handle; it may read from this arena but not change it
    /// @throws IllegalStateException if this arena is closed, or changed by the visitor
    public void forEachAllocation(LongConsumer visitor) {
        allocator.forEachAllocation(visitor);
    }

    /// As [OffsetAllocator#verify()]. O(allocations).
    ///
    /// @throws AssertionError        naming the first fact that does not hold
    /// @throws IllegalStateException if this arena is closed
    public void verify() {
        allocator.verify();
    }

    /// Frees all slices at once. Their handles are refused from here on; the memory stays. O(1).
    ///
    /// @throws IllegalStateException if this arena is closed
    public void reset() {
        allocator.reset();
    }

    /// Ends this arena, and the life of all slices if it owns its memory. Closing twice is allowed.
    ///
    /// @throws IllegalStateException if the memory is in use by a native call; nothing has changed then
    @Override
    public void close() {
        allocator.close(owned);
        index.close();
    }

    /// Size and granule, for a log.
    @Override
    public String toString() {
        return "SegmentArena[" + backing + ", granule=" + granule() + (allocator.isClosed() ? ", closed]" : "]");
    }

    /// Options for a [SegmentArena].
    public static final class Builder {
        private enum Source { NONE, NATIVE, MAPPED, BORROWED }

        private Source source = Source.NONE;
        private long byteSize;
        private Path path;
        private MemorySegment borrowed;
        private boolean shared;
        private boolean zeroed;
        private int granuleShift = SMALLEST_GRANULE_SHIFT;
        private Fit fit = Fit.GOOD;
        private int maxAllocations = OffsetAllocator.MAX_ALLOCATIONS;
        private int quickSizes = NodeTable.QUICK_SIZES;
        private int quickDepth = OffsetAllocator.DEFAULT_QUICK_DEPTH;
        private boolean preallocated;

        private Builder() {}

        /// Native memory of the arena's own.
        ///
        /// @param byteSize bytes
        /// @return this builder
        public Builder nativeMemory(long byteSize) {
            source = Source.NATIVE;
            this.byteSize = byteSize;
            return this;
        }

        /// A file that the arena maps, from its start. It is made, or made longer, as needed; a hole in it takes no
        /// space on disk where the file system knows holes.
        ///
        /// @param path     the file
        /// @param byteSize bytes
        /// @return this builder
        public Builder mapped(Path path, long byteSize) {
            source = Source.MAPPED;
            this.path = Objects.requireNonNull(path);
            this.byteSize = byteSize;
            return this;
        }

        /// Memory that someone else owns.
        ///
        /// @param backing a segment that can be written to
        /// @return this builder
        public Builder backing(MemorySegment backing) {
            source = Source.BORROWED;
            borrowed = Objects.requireNonNull(backing);
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
            if (Long.bitCount(byteSize) != 1 || byteSize < 1L << SMALLEST_GRANULE_SHIFT || byteSize > LARGEST_GRANULE) {
                throw new IllegalArgumentException("granule " + byteSize + " is not a power of two from 16 to 2^24");
            }
            granuleShift = Long.numberOfTrailingZeros(byteSize);
            return this;
        }

        /// As [OffsetAllocator.Builder#fit(Fit)].
        ///
        /// @param fit the rule
        /// @return this builder
        public Builder fit(Fit fit) {
            this.fit = Objects.requireNonNull(fit);
            return this;
        }

        /// As [OffsetAllocator.Builder#maxAllocations(int)].
        ///
        /// @param maxAllocations the limit
        /// @return this builder
        public Builder maxAllocations(int maxAllocations) {
            this.maxAllocations = maxAllocations;
            return this;
        }

        /// As [OffsetAllocator.Builder#quickLists(int, int)]; the sizes are granules.
        ///
        /// @param largestSize granules
        /// @param depth       blocks
        /// @return this builder
        public Builder quickLists(int largestSize, int depth) {
            quickSizes = largestSize;
            quickDepth = depth;
            return this;
        }

        /// As [OffsetAllocator.Builder#realTime()].
        ///
        /// @return this builder
        public Builder realTime() {
            preallocated = true;
            return quickLists(0, 0);
        }

        /// Builds the arena.
        ///
        /// @return a new arena
        /// @throws IllegalStateException    if nothing was said about the memory behind it
        /// @throws IllegalArgumentException if a number is out of range, or a segment read-only or too small
        /// @throws UncheckedIOException     if the file can't be mapped
        /// @throws OutOfMemoryError         if there is no such memory
        public SegmentArena build() {
            if (source == Source.NONE) {
                throw new IllegalStateException("say nativeMemory, mapped or backing first");
            }
            if (source == Source.BORROWED) {
                return over(borrowed, null);
            }
            if (byteSize <= 0) {
                throw new IllegalArgumentException("byteSize " + byteSize + " is not positive");
            }
            Arena arena = shared ? Arena.ofShared() : Arena.ofConfined();
            try {
                return over(source == Source.NATIVE ? arena.allocate(byteSize, Math.max(NATIVE_ALIGNMENT, 1L << granuleShift)) : map(arena), arena);
            } catch (Throwable failure) {
                arena.close();
                throw failure;
            }
        }

        private MemorySegment map(Arena arena) {
            try (FileChannel file = FileChannel.open(path,
                    StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
                return file.map(FileChannel.MapMode.READ_WRITE, 0, byteSize, arena);
            } catch (IOException e) {
                throw new UncheckedIOException("can't map " + byteSize + " bytes of " + path, e);
            }
        }

        private SegmentArena over(MemorySegment backing, Arena owned) {
            return new SegmentArena(backing, owned, this);
        }
    }
}
