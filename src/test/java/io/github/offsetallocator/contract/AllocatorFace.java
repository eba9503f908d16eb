package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.StorageReportFull;
import java.util.function.LongConsumer;

/// An [OffsetAllocator] as a [Face].
final class AllocatorFace extends Face {
    final OffsetAllocator allocator;

    AllocatorFace(OffsetAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    long allocate(long size, long alignment) {
        return alignment == 1 ? allocator.allocate(size) : allocator.allocate(size, alignment);
    }

    @Override
    void free(long allocation) {
        allocator.free(allocation);
    }

    @Override
    void freeAll(long[] allocations, int from, int to) {
        if (from == 0 && to == allocations.length) {
            allocator.freeAll(allocations);
        } else {
            allocator.freeAll(allocations, from, to);
        }
    }

    @Override
    boolean resize(long allocation, long size) {
        return allocator.resize(allocation, size);
    }

    @Override
    long offset(long allocation) {
        return allocator.offset(allocation);
    }

    @Override
    long size(long allocation) {
        return allocator.size(allocation);
    }

    @Override
    long tag(long allocation) {
        return allocator.tag(allocation);
    }

    @Override
    void setTag(long allocation, long tag) {
        allocator.setTag(allocation, tag);
    }

    @Override
    void retire(long allocation, long value) {
        allocator.retire(allocation, value);
    }

    @Override
    int reclaim(long completed) {
        return allocator.reclaim(completed);
    }

    @Override
    int retired() {
        return allocator.retired();
    }

    @Override
    int allocations() {
        return allocator.allocations();
    }

    @Override
    long capacity() {
        return allocator.capacity();
    }

    @Override
    long totalFree() {
        return allocator.storageReport().totalFreeSpace();
    }

    @Override
    long largestFree() {
        return allocator.storageReport().largestFreeRegion();
    }

    @Override
    StorageReportFull report() {
        return allocator.storageReportFull();
    }

    @Override
    void forEachRegion(RegionVisitor visitor) {
        allocator.forEachRegion(visitor);
    }

    @Override
    void forEachAllocation(LongConsumer visitor) {
        allocator.forEachAllocation(visitor);
    }

    @Override
    void verify() {
        allocator.verify();
    }

    @Override
    void grow(long units) {
        allocator.grow(units);
    }

    @Override
    void reset() {
        allocator.reset();
    }

    @Override
    public void close() {
        allocator.close();
    }

    @Override
    Fit fit() {
        return allocator.fit();
    }

    @Override
    int maxAllocations() {
        return allocator.maxAllocations();
    }

    @Override
    long unit() {
        return 1;
    }

    @Override
    long units(long size) {
        return size;
    }

    @Override
    long most(long units) {
        return units;
    }

    @Override
    public String toString() {
        return allocator.toString();
    }
}
