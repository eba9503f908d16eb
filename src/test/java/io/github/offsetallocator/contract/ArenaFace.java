package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.StorageReportFull;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/// A [SegmentArena] as a [Face]. Its units are granules.
final class ArenaFace extends Face {
    final SegmentArena arena;
    private final Fit fit;
    private final int maxAllocations;
    /// What a block takes beyond its own, in units.
    private final int border;
    private final Runnable afterwards;
    private final long granule;
    /// Bytes from the start of the backing segment to the first granule.
    private final long origin;
    /// Where blocks lie in memory that is not one piece: the last slice at a unit.
    private final Map<Long, MemorySegment> slices = new HashMap<>();
    private final boolean isOnePiece;

    ArenaFace(SegmentArena arena, Fit fit, int maxAllocations, int border, Runnable afterwards) {
        this.arena = arena;
        this.fit = fit;
        this.maxAllocations = maxAllocations;
        this.border = border;
        this.afterwards = afterwards;
        granule = arena.granule();
        long[] first = {-1};
        arena.forEachRegion((offset, _, _) -> first[0] = first[0] < 0 ? offset : first[0]);
        isOnePiece = arena.byteSize() > 0;
        origin = isOnePiece ? first[0] : 0;
        Check.that(origin >= 0 && origin < granule, () -> "the first granule starts at " + origin);
        if (isOnePiece) {
            Check.that(origin + arena.byteSize() <= arena.backing().byteSize(), "more is handed out than there is");
        }
    }

    boolean isOnePiece() {
        return isOnePiece;
    }

    /// The bytes of a block, live or retired, read through the backing segment if there is one.
    MemorySegment bytes(long unit, long byteSize) {
        if (isOnePiece) {
            return arena.backing().asSlice(origin + unit * granule, byteSize);
        }
        long live = arena.allocationAt(slices.get(unit).address());
        if (live != SegmentArena.NO_SPACE) {
            slices.put(unit, arena.segment(live));
        }
        return slices.get(unit).asSlice(0, byteSize);
    }

    /// The address of a block, live or retired.
    long address(long unit) {
        return isOnePiece ? arena.backing().address() + origin + unit * granule : slices.get(unit).address();
    }

    /// The parts of the range that have memory: the first unit of each, and the one behind it.
    NavigableMap<Long, Long> pieces() {
        NavigableMap<Long, Long> pieces = new TreeMap<>();
        arena.forEachRegion((offset, size, _) -> {
            Map.Entry<Long, Long> last = pieces.lastEntry();
            boolean goesOn = last != null && last.getValue() == toUnits(offset);
            pieces.put(goesOn ? last.getKey() : (Long) toUnits(offset), toUnits(offset + size));
        });
        return pieces;
    }

    @Override
    long allocate(long size, long alignment) {
        return arena.tryAllocate(size, alignment);
    }

    @Override
    void free(long allocation) {
        arena.free(allocation);
    }

    @Override
    void freeAll(long[] allocations, int from, int to) {
        arena.freeAll(allocations, from, to);
    }

    @Override
    boolean resize(long allocation, long size) {
        return arena.resize(allocation, size);
    }

    @Override
    long offset(long allocation) {
        long unit = toUnits(arena.offset(allocation) - origin);
        if (!isOnePiece) {
            slices.put(unit, arena.segment(allocation));
        }
        return unit;
    }

    private long toUnits(long bytes) {
        Check.equal(0, bytes % granule, "bytes that are no whole granules");
        return bytes / granule;
    }

    @Override
    long size(long allocation) {
        return arena.size(allocation);
    }

    @Override
    long tag(long allocation) {
        return arena.tag(allocation);
    }

    @Override
    void setTag(long allocation, long tag) {
        arena.setTag(allocation, tag);
    }

    @Override
    void retire(long allocation, long value) {
        arena.retire(allocation, value);
    }

    @Override
    int reclaim(long completed) {
        return arena.reclaim(completed);
    }

    @Override
    int retired() {
        return arena.retired();
    }

    @Override
    int allocations() {
        return arena.allocations();
    }

    @Override
    long capacity() {
        return toUnits(arena.byteSize());
    }

    @Override
    long totalFree() {
        return toUnits(arena.storageReport().totalFreeSpace());
    }

    @Override
    long largestFree() {
        return toUnits(arena.storageReport().largestFreeRegion());
    }

    @Override
    StorageReportFull report() {
        return arena.storageReportFull();
    }

    @Override
    void forEachRegion(RegionVisitor visitor) {
        arena.forEachRegion((offset, size, allocation) -> visitor.region(toUnits(offset - origin), toUnits(size), allocation));
    }

    @Override
    void forEachAllocation(LongConsumer visitor) {
        arena.forEachAllocation(visitor);
    }

    @Override
    void verify() {
        arena.verify();
    }

    @Override
    void grow(long units) {
        arena.grow(units * granule);
    }

    @Override
    void reset() {
        arena.reset();
    }

    @Override
    public void close() {
        arena.close();
        afterwards.run();
    }

    @Override
    Fit fit() {
        return fit;
    }

    @Override
    int maxAllocations() {
        return maxAllocations;
    }

    @Override
    long unit() {
        return granule;
    }

    @Override
    long units(long size) {
        return Math.max(1, (size - 1) / granule + 1) + border;
    }

    @Override
    long most(long units) {
        return (units - border) * granule;
    }

    @Override
    public String toString() {
        return arena.toString();
    }
}
