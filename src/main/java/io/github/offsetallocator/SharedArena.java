package io.github.offsetallocator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/// A [SegmentArena] for any thread: each call holds one lock for the few operations that it takes.
final class SharedArena extends SegmentArena {
    private final ReentrantLock lock = new ReentrantLock();

    SharedArena(MemorySegment backing, Arena owned, Builder builder) {
        super(backing, owned, builder, false);
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        lock.lock();
        try {
            return super.allocate(byteSize, byteAlignment);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void free(MemorySegment slice) {
        lock.lock();
        try {
            super.free(slice);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long allocationOf(MemorySegment slice) {
        lock.lock();
        try {
            return super.allocationOf(slice);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public MemorySegment reallocate(MemorySegment slice, long newByteSize, long byteAlignment) {
        lock.lock();
        try {
            return super.reallocate(slice, newByteSize, byteAlignment);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long tryAllocate(long byteSize, long byteAlignment) {
        lock.lock();
        try {
            return super.tryAllocate(byteSize, byteAlignment);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public MemorySegment segment(long allocation) {
        lock.lock();
        try {
            return super.segment(allocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long offset(long allocation) {
        lock.lock();
        try {
            return super.offset(allocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long size(long allocation) {
        lock.lock();
        try {
            return super.size(allocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void free(long allocation) {
        lock.lock();
        try {
            super.free(allocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void freeAll(long[] allocations, int from, int to) {
        lock.lock();
        try {
            super.freeAll(allocations, from, to);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean resize(long allocation, long newByteSize) {
        lock.lock();
        try {
            return super.resize(allocation, newByteSize);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long reallocate(long allocation, long newByteSize, long byteAlignment) {
        lock.lock();
        try {
            return super.reallocate(allocation, newByteSize, byteAlignment);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void retire(long allocation, long value) {
        lock.lock();
        try {
            super.retire(allocation, value);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int reclaim(long completedValue) {
        lock.lock();
        try {
            return super.reclaim(completedValue);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int retired() {
        lock.lock();
        try {
            return super.retired();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long tag(long allocation) {
        lock.lock();
        try {
            return super.tag(allocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void setTag(long allocation, long tag) {
        lock.lock();
        try {
            super.setTag(allocation, tag);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long byteSize() {
        lock.lock();
        try {
            return super.byteSize();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int allocations() {
        lock.lock();
        try {
            return super.allocations();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StorageReport storageReport() {
        lock.lock();
        try {
            return super.storageReport();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StorageReportFull storageReportFull() {
        lock.lock();
        try {
            return super.storageReportFull();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void forEachRegion(RegionVisitor visitor) {
        lock.lock();
        try {
            super.forEachRegion(visitor);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void forEachAllocation(LongConsumer visitor) {
        lock.lock();
        try {
            super.forEachAllocation(visitor);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void verify() {
        lock.lock();
        try {
            super.verify();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void reset() {
        lock.lock();
        try {
            super.reset();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            super.close();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return super.toString();
        } finally {
            lock.unlock();
        }
    }
}
