package io.github.offsetallocator.examples.vulkan;

import static org.lwjgl.vulkan.VK10.vkFlushMappedMemoryRanges;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.FlushRanges;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.lwjgl.vulkan.VkDevice;
import org.lwjgl.vulkan.VkMappedMemoryRange;

/// The code of `docs/vulkan.md` in one place, for the compiler. The examples have it spread over classes that also check results.
final class VulkanGuide {
    private VulkanGuide() {}

    @SuppressWarnings("restricted")
    static void arena(long address, long byteSize, Arena mapping, long nonCoherentAtomSize) {
        MemorySegment memory = MemorySegment.ofAddress(address)
                .reinterpret(byteSize, mapping, null);
        SegmentArena arena = SegmentArena.builder().backing(memory).alignByOffset()
                .granule(Math.max(16, nonCoherentAtomSize)).build();
        FlushRanges ranges = FlushRanges.of(arena, nonCoherentAtomSize);
        ranges.clear();
    }

    static long range(long deviceBytes, long byteSize, long alignment, CommandQueue queue) {
        OffsetAllocator device = OffsetAllocator.create(deviceBytes / 16);
        long range = device.allocate((byteSize + 15) / 16, Math.max(1, alignment / 16));
        long targetOffset = device.offset(range) * 16;
        device.retire(range, queue.latest());
        return targetOffset;
    }

    static void stage(SegmentArena arena, long byteSize, long optimalBufferCopyOffsetAlignment, MemorySegment data, CommandQueue queue,
            long staging, long target, long targetOffset, FlushRanges ranges) {
        long slice = arena.tryAllocate(byteSize, optimalBufferCopyOffsetAlignment);
        MemorySegment.copy(data, 0, arena.backing(), arena.offset(slice), byteSize);
        queue.copy(staging, arena.offset(slice), target, targetOffset, byteSize);
        ranges.add(slice);
        arena.retire(slice, queue.recording());
    }

    static void flush(FlushRanges ranges, VkMappedMemoryRange.Buffer memory, long deviceMemory, VkDevice vkDevice, SegmentArena arena,
            CommandQueue queue) {
        for (int i = 0; i < ranges.count(); i++) {
            memory.get(i).sType$Default().memory(deviceMemory)
                    .offset(ranges.offset(i)).size(ranges.size(i));
        }
        vkFlushMappedMemoryRanges(vkDevice, memory);
        ranges.clear();
        arena.reclaim(queue.completed());
    }

    static void compact(OffsetAllocator ranges, BlockMover mover, long buffer, int elementSize, CommandQueue queue) {
        try (CompactionPlan plan = ranges.planCompaction()) {
            mover.record(buffer, plan.moves(), elementSize);
            queue.await(queue.submit());
            plan.moves().forEach(plan::commit);
        }
    }
}
