package io.github.offsetallocator;

import java.util.Arrays;
import java.util.Objects;

/// The byte ranges to flush or invalidate for a set of allocations in memory that is not coherent between CPU and
/// device: rounded to the device's atom size, in order, merged where they touch. No garbage once it has grown.
///
/// ```java
/// FlushRanges ranges = FlushRanges.of(staging, nonCoherentAtomSize);
/// ranges.add(mesh);
/// ranges.add(texture);
/// for (int i = 0; i < ranges.count(); i++) {
///     flush(ranges.offset(i), ranges.size(i));             // vkFlushMappedMemoryRanges, for example
/// }
/// ranges.clear();
/// ```
///
/// A range never covers bytes of an allocation that was not added. For that, every allocation must own whole atoms:
/// build the arena with [SegmentArena.Builder#granule(long)] of the atom size or a multiple of it, and with
/// [SegmentArena.Builder#alignByOffset()], so that granules start where the mapping does. Then a range is a run of whole
/// granules, and rounding can't reach a neighbour.
///
/// **Threads.** One at a time.
public final class FlushRanges {
    private final SegmentArena arena;
    private final int shift;
    private final long origin;
    /// First granule and number of granules in an unsigned long each, so that sorting the longs sorts the ranges.
    private long[] ranges = new long[16];
    private int count;
    private boolean merged = true;

    private FlushRanges(SegmentArena arena) {
        this.arena = arena;
        shift = Long.numberOfTrailingZeros(arena.granule());
        origin = arena.origin();
    }

    /// Ranges in the memory of an arena.
    ///
    /// @param arena    an arena whose granule is a multiple of the atom size
    /// @param atomSize bytes, a power of two: `nonCoherentAtomSize` in Vulkan
    /// @return an empty set of ranges
    /// @throws IllegalArgumentException      if the atom size is no power of two, or allocations of this arena don't own
    ///                                       whole atoms
    /// @throws UnsupportedOperationException if the arena is in chunks: to a device, each is a separate memory object
    public static FlushRanges of(SegmentArena arena, long atomSize) {
        if (atomSize <= 0 || (atomSize & atomSize - 1) != 0) {
            throw new IllegalArgumentException("atomSize " + atomSize + " is not a power of two");
        }
        arena.backing(); // refuses an arena in chunks
        if (arena.granule() % atomSize != 0 || arena.origin() % atomSize != 0) {
            throw new IllegalArgumentException("atomSize " + atomSize + " does not divide the granule, " + arena.granule()
                    + ", and the start of the first granule, " + arena.origin() + ": neighbours would share an atom");
        }
        return new FlushRanges(arena);
    }

    /// Adds the bytes of an allocation. Amortised O(1).
    ///
    /// @param allocation a live handle of the arena
    /// @throws IllegalStateException if the handle is not live there
    public void add(long allocation) {
        long first = arena.offset(allocation) - origin >>> shift;
        long granules = Math.max(1, arena.size(allocation) + arena.granule() - 1 >>> shift);
        if (count == ranges.length) {
            ranges = Arrays.copyOf(ranges, 2 * count);
        }
        ranges[count++] = first << 32 | granules;
        merged = false;
    }

    /// Forgets all ranges.
    public void clear() {
        count = 0;
        merged = true;
    }

    /// How many ranges there are after merging. O(n log n) after an [#add(long)], otherwise O(1).
    ///
    /// @return their number
    public int count() {
        if (!merged) {
            merge();
            merged = true;
        }
        return count;
    }

    /// Where a range starts.
    ///
    /// @param index 0 to [#count()] - 1, in order of address
    /// @return bytes from the start of the arena's backing segment
    /// @throws IndexOutOfBoundsException if there is no such range
    public long offset(int index) {
        return origin + (first(ranges[Objects.checkIndex(index, count())]) << shift);
    }

    /// How long a range is.
    ///
    /// @param index 0 to [#count()] - 1
    /// @return bytes, a multiple of the arena's granule
    /// @throws IndexOutOfBoundsException if there is no such range
    public long size(int index) {
        return granules(ranges[Objects.checkIndex(index, count())]) << shift;
    }

    private void merge() {
        sort(ranges, count);
        int kept = 0;
        for (int i = 1; i < count; i++) {
            long end = first(ranges[kept]) + granules(ranges[kept]);
            if (first(ranges[i]) <= end) {
                long longest = Math.max(end, first(ranges[i]) + granules(ranges[i]));
                ranges[kept] = ranges[kept] & -1L << 32 | longest - first(ranges[kept]);
            } else {
                ranges[++kept] = ranges[i];
            }
        }
        count = kept + 1;
    }

    /// Heap sort: [Arrays#sort(long[], int, int)] makes garbage from some fifty ranges on.
    private static void sort(long[] ranges, int count) {
        for (int i = count / 2 - 1; i >= 0; i--) {
            sink(ranges, i, count);
        }
        for (int last = count - 1; last > 0; last--) {
            long largest = ranges[0];
            ranges[0] = ranges[last];
            ranges[last] = largest;
            sink(ranges, 0, last);
        }
    }

    private static void sink(long[] ranges, int at, int count) {
        long range = ranges[at];
        for (int child; (child = 2 * at + 1) < count; at = child) {
            if (child + 1 < count && Long.compareUnsigned(ranges[child], ranges[child + 1]) < 0) {
                child++;
            }
            if (Long.compareUnsigned(range, ranges[child]) >= 0) {
                break;
            }
            ranges[at] = ranges[child];
        }
        ranges[at] = range;
    }

    private static long first(long range) {
        return range >>> 32;
    }

    private static long granules(long range) {
        return range & 0xFFFF_FFFFL;
    }
}
