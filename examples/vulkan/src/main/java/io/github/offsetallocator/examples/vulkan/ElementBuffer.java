package io.github.offsetallocator.examples.vulkan;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.StorageReport;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Ranges of elements of one size, vertices or indices, in one device buffer that grows and can be compacted. An
/// [OffsetAllocator] counts them in elements, as draw calls do. A range's handle stays the same for its whole life.
final class ElementBuffer implements AutoCloseable {
    private static final long SCRATCH = 1 << 20;

    private final VulkanDevice device;
    private final CommandQueue queue;
    private final StagingBuffer staging;
    private final int elementSize;
    private final int usage;
    private final OffsetAllocator ranges;
    private VulkanBuffer buffer;
    private int growths;

    ElementBuffer(VulkanDevice device, CommandQueue queue, StagingBuffer staging, int elementSize, long capacity,
            int usage) {
        this.device = device;
        this.queue = queue;
        this.staging = staging;
        this.elementSize = elementSize;
        this.usage = usage | VulkanBuffer.COPYABLE;
        ranges = OffsetAllocator.create(capacity);
        buffer = VulkanBuffer.deviceLocal(device, capacity * elementSize, this.usage);
    }

    /// Uploads elements to a range of their own, in a buffer of twice the size if there is no room in this one.
    long add(MemorySegment elements) {
        long range = allocate(elements.byteSize() / elementSize);
        long slice = staging.stage(elements.byteSize(), 1);
        MemorySegment.copy(elements, 0, staging.arena().backing(), staging.arena().offset(slice), elements.byteSize());
        staging.copy(slice, buffer.handle(), byteOffset(range));
        return range;
    }

    private long allocate(long count) {
        ranges.reclaim(queue.completed());
        long range = ranges.allocate(count);
        if (range == OffsetAllocator.NO_SPACE) {
            long capacity = ranges.capacity();
            grow(Math.clamp(2 * capacity, capacity + count, OffsetAllocator.MAX_CAPACITY));
            range = ranges.allocate(count);
        }
        return range;
    }

    /// Gives a range back when the device is done with the batch that is being recorded, which may still draw it.
    void remove(long range) {
        ranges.retire(range, queue.latest());
    }

    private void grow(long capacity) {
        VulkanBuffer larger = VulkanBuffer.deviceLocal(device, capacity * elementSize, usage);
        queue.barrier();
        queue.copy(buffer.handle(), 0, larger.handle(), 0, buffer.byteSize());
        queue.await(queue.submit());
        buffer.close();
        buffer = larger;
        ranges.grow(capacity);
        growths++;
    }

    /// Makes all free space one region.
    ///
    /// @return the moves that were carried out
    List<CompactionPlan.Move> compact() {
        queue.await(queue.submit());
        ranges.reclaim(queue.completed());
        try (CompactionPlan plan = ranges.planCompaction();
                BlockMover mover = new BlockMover(device, queue, SCRATCH)) {
            mover.record(buffer.handle(), plan.moves(), elementSize);
            queue.await(queue.submit());
            plan.moves().forEach(plan::commit);
            return plan.moves();
        }
    }

    /// The buffer to bind. It is another one after growing.
    long handle() {
        return buffer.handle();
    }

    /// The index of a range's first element. It is another one after compaction.
    long first(long range) {
        return ranges.offset(range);
    }

    long count(long range) {
        return ranges.size(range);
    }

    long byteOffset(long range) {
        return first(range) * elementSize;
    }

    long byteSize(long range) {
        return count(range) * elementSize;
    }

    long capacity() {
        return ranges.capacity();
    }

    StorageReport storageReport() {
        return ranges.storageReport();
    }

    /// How often a larger buffer took its place.
    int growths() {
        return growths;
    }

    void verify() {
        ranges.verify();
    }

    @Override
    public void close() {
        ranges.close();
        buffer.close();
    }
}
