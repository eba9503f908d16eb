package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.StorageReportFull;
import java.util.function.LongConsumer;

/// An allocator of either kind, with the calls that both have. Sizes are what the kind counts in; offsets and capacities
/// are in units from the first one that is divided.
abstract class Face implements AutoCloseable {
    abstract long allocate(long size, long alignment);

    abstract void free(long allocation);

    abstract void freeAll(long[] allocations, int from, int to);

    abstract boolean resize(long allocation, long size);

    abstract long offset(long allocation);

    abstract long size(long allocation);

    abstract long tag(long allocation);

    abstract void setTag(long allocation, long tag);

    abstract void retire(long allocation, long value);

    abstract int reclaim(long completed);

    abstract int retired();

    abstract int allocations();

    abstract long capacity();

    abstract long totalFree();

    abstract long largestFree();

    abstract StorageReportFull report();

    abstract void forEachRegion(RegionVisitor visitor);

    abstract void forEachAllocation(LongConsumer visitor);

    abstract void verify();

    /// For those that [Can#GROW].
    abstract void grow(long units);

    abstract void reset();

    @Override
    public abstract void close();

    abstract Fit fit();

    abstract int maxAllocations();

    /// How large a unit is in what sizes are counted in.
    abstract long unit();

    /// How many units a block of this size takes.
    abstract long units(long size);

    /// The size of the largest block that takes so many units; less than 0 if none does.
    abstract long most(long units);
}
