package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.StorageReportFull;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/// A [SegmentArena] as a [Face]. Its units are granules.
final class ArenaFace extends Face {
    final SegmentArena arena;
    private final Fit fit;
    private final int maxAllocations;
    private final Runnable afterwards;
    private final long granule;
    /// Bytes from the start of the backing segment to the first granule.
    private final long origin;

    ArenaFace(SegmentArena arena, Fit fit, int maxAllocations, Runnable afterwards) {
        this.arena = arena;
        this.fit = fit;
        this.maxAllocations = maxAllocations;
        this.afterwards = afterwards;
        granule = arena.granule();
        long[] first = {-1};
        arena.forEachRegion((offset, _, _) -> first[0] = first[0] < 0 ? offset : first[0]);
        origin = first[0];
        Check.that(origin >= 0 && origin < granule, () -> "the first granule starts at " + origin);
        Check.that(origin + arena.byteSize() <= arena.backing().byteSize(), "more is handed out than there is");
    }

    /// The bytes of a block, read through the backing segment.
    MemorySegment bytes(long unit, long byteSize) {
        return arena.backing().asSlice(origin + unit * granule, byteSize);
    }

    long address(long unit) {
        return arena.backing().address() + origin + unit * granule;
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
        return toUnits(arena.offset(allocation) - origin);
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
        return Math.max(1, (size - 1) / granule + 1);
    }

    @Override
    public String toString() {
        return arena.toString();
    }
}
