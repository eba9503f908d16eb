package io.github.offsetallocator.arrow;

import io.github.offsetallocator.SegmentArena;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.ReferenceManager;

/// One buffer of Apache Arrow, as an allocation of a [SegmentArena].
///
/// ```java
/// try (SegmentArena arena = SegmentArena.builder().growable(16 << 20, limit).shared().closeRefusesLive().build();
///         BufferAllocator root = new RootAllocator(RootAllocator.configBuilder()
///                 .allocationManagerFactory(ArenaAllocationManager.factory(arena)).maxAllocation(limit).build());
///         IntVector numbers = new IntVector("numbers", root)) {
///     numbers.setSafe(0, 42);
/// }
/// ```
///
/// Arrow counts what its allocators hold and refuses beyond their limits; the arena gives the memory. If that is full,
/// Arrow's [OutOfMemoryException] says so. Buffers start at multiples of 64 bytes, of offsets if the arena aligns
/// those.
///
/// Arrow doesn't start without `arrow-memory-unsafe` or `arrow-memory-netty` on the class path, which it takes for a default. No buffer of the
/// configured `RootAllocator` comes from there.
///
/// **Threads.** As the arena. Arrow releases a buffer on whatever thread lets go of it last, so the arena should be shared.
public final class ArenaAllocationManager extends AllocationManager {
    private static final long ALIGNMENT = 64;

    private final SegmentArena arena;
    private final long size;
    private final long allocation;
    private final long address;

    private ArenaAllocationManager(BufferAllocator accountingAllocator, SegmentArena arena, long size, long allocation) {
        super(accountingAllocator);
        this.arena = arena;
        this.size = size;
        this.allocation = allocation;
        address = arena.address(allocation);
    }

    /// Buffers in an arena.
    ///
    /// @param arena whose memory is native; it must outlive all buffers
    /// @return what goes into `RootAllocator.configBuilder().allocationManagerFactory`
    /// @throws IllegalArgumentException if the arena lies in an array: Arrow writes to addresses, and there are none
    public static AllocationManager.Factory factory(SegmentArena arena) {
        if (!isNative(arena)) {
            throw new IllegalArgumentException(arena + " lies in an array of the heap, and Arrow writes to addresses: take one over native memory");
        }
        return new Factory(arena);
    }

    private static boolean isNative(SegmentArena arena) {
        try {
            return arena.backing().isNative();
        } catch (UnsupportedOperationException inChunks) { // which are native
            return true;
        }
    }

    @Override
    public long getSize() {
        return size;
    }

    @Override
    protected long memoryAddress() {
        return address;
    }

    @Override
    protected void release0() {
        arena.free(allocation);
    }

    private static final class Factory implements AllocationManager.Factory {
        private final SegmentArena arena;
        private final ArrowBuf empty = new ArrowBuf(ReferenceManager.NO_OP, null, 0, 0);

        Factory(SegmentArena arena) {
            this.arena = arena;
        }

        @Override
        public AllocationManager create(BufferAllocator accountingAllocator, long size) {
            long allocation = allocate(size);
            try {
                return new ArenaAllocationManager(accountingAllocator, arena, size, allocation);
            } catch (Throwable failure) {
                arena.free(allocation);
                throw failure;
            }
        }

        private long allocate(long size) {
            long allocation;
            try {
                allocation = arena.tryAllocate(size, ALIGNMENT);
            } catch (OutOfMemoryError noChunk) {
                throw new OutOfMemoryException("no memory for a chunk of " + arena, noChunk);
            }
            if (allocation == SegmentArena.NO_SPACE) {
                throw new OutOfMemoryException("no room for a buffer of " + size + " bytes in " + arena + ": "
                        + arena.storageReport().totalFreeSpace() + " bytes are free, the largest region has "
                        + arena.storageReport().largestFreeRegion());
            }
            return allocation;
        }

        @Override
        public ArrowBuf empty() {
            return empty;
        }
    }
}
