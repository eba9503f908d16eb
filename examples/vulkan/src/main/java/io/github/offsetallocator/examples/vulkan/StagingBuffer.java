package io.github.offsetallocator.examples.vulkan;

import static org.lwjgl.vulkan.VK12.*;

import io.github.offsetallocator.SegmentArena;

/// The CPU's way into device memory: a slice of mapped memory is filled, a copy from it recorded, and the slice retired
/// with the number of the batch that reads it. When the device is done with that batch, the slice is free again.
///
/// ```
///   stage        tryAllocate ---- no room? submit, wait for the oldest batch, reclaim, try again
///   fill         the caller writes to the slice
///   copy         offset, vkCmdCopyBuffer, retire(slice, batch)
///   submit       flush, vkQueueSubmit, timeline semaphore = batch
///                                          |
///   reclaim(vkGetSemaphoreCounterValue) <--+
/// ```
///
/// There is no ring and no fence per slice: slices are freed in the order in which they were retired, wherever they lie.
final class StagingBuffer implements AutoCloseable {
    private final CommandQueue queue;
    private final MappedBuffer buffer;
    private final SegmentArena arena;
    private final HeapMeter meter = new HeapMeter();
    private final long batchBytes;
    private long batchFill;
    private long peak;
    private int waits;

    /// @param batchBytes how much is copied before a batch is submitted by itself
    StagingBuffer(VulkanDevice device, CommandQueue queue, long byteSize, long batchBytes, boolean alwaysFlush) {
        this.queue = queue;
        this.batchBytes = batchBytes;
        buffer = new MappedBuffer(device, byteSize, VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, alwaysFlush);
        arena = buffer.arena();
        queue.beforeSubmit(this::beforeSubmit);
    }

    SegmentArena arena() {
        return arena;
    }

    boolean isCoherent() {
        return buffer.isCoherent();
    }

    /// Counts what the staging path allocates on the heap: `tryAllocate`, filling, `offset`, `size`, `add`, `retire` and
    /// `reclaim`. Recording, flushing and submitting are LWJGL's, whose structs are objects.
    HeapMeter meter() {
        return meter;
    }

    /// The most bytes that were in use at once.
    long peak() {
        return Math.max(peak, used());
    }

    /// How often there was no room and the device had to be waited for.
    int waits() {
        return waits;
    }

    /// Allocates a slice, waiting for the device if need be.
    long stage(long byteSize, long alignment) {
        while (true) {
            meter.start();
            long slice = arena.tryAllocate(byteSize, alignment);
            meter.stop();
            if (slice != SegmentArena.NO_SPACE) {
                return slice;
            }
            queue.submit();
            if (arena.retired() == 0) {
                throw new IllegalStateException(byteSize + " bytes don't fit into " + arena.byteSize()
                        + " bytes of staging memory, of which the device uses none");
            }
            waits++;
            queue.await(Math.min(queue.completed() + 1, queue.submitted()));
            reclaim();
        }
    }

    /// Records the copy of a slice to the device and gives the slice up.
    void copy(long slice, long target, long targetOffset) {
        meter.start();
        long offset = arena.offset(slice);
        long byteSize = arena.size(slice);
        meter.stop();
        queue.copy(buffer.handle(), offset, target, targetOffset, byteSize);
        meter.start();
        buffer.add(slice);
        arena.retire(slice, queue.recording());
        meter.stop();
        batchFill += byteSize;
        if (batchFill >= batchBytes) {
            queue.submit();
            reclaim();
        }
    }

    private void beforeSubmit() {
        buffer.flush();
        batchFill = 0;
    }

    private void reclaim() {
        peak = Math.max(peak, used());
        long completed = queue.completed();
        meter.start();
        arena.reclaim(completed);
        meter.stop();
    }

    private long used() {
        return arena.byteSize() - arena.storageReport().totalFreeSpace();
    }

    @Override
    public void close() {
        buffer.close();
    }
}
