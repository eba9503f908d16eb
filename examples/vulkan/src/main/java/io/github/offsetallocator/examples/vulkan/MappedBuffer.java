package io.github.offsetallocator.examples.vulkan;

import static io.github.offsetallocator.examples.vulkan.VulkanDevice.check;
import static org.lwjgl.vulkan.VK12.*;

import io.github.offsetallocator.FlushRanges;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VkMappedMemoryRange;

/// One large buffer that CPU and device share, mapped for good, its slices handed out by a [SegmentArena].
///
/// Its granule is at least `nonCoherentAtomSize`, so every slice owns whole atoms, and flushing or invalidating one
/// never touches a neighbour. Where the memory is coherent, neither is needed, and neither is called.
final class MappedBuffer implements AutoCloseable {
    private static final long SMALLEST_GRANULE = 16;

    private final VulkanDevice device;
    private final VulkanBuffer buffer;
    private final Arena mapping = Arena.ofConfined();
    private final SegmentArena arena;
    private final FlushRanges ranges;
    private final boolean flushes;

    /// @param preferred   memory properties to have where they can be had, besides being visible to the CPU
    /// @param alwaysFlush whether to flush and invalidate coherent memory too, which is allowed and does nothing
    MappedBuffer(VulkanDevice device, long byteSize, int usage, int preferred, boolean alwaysFlush) {
        this.device = device;
        buffer = new VulkanBuffer(device, byteSize, usage, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, preferred);
        flushes = alwaysFlush || !buffer.isCoherent();
        MemorySegment memory = map();
        arena = SegmentArena.builder()
                .backing(memory)
                .granule(Math.max(SMALLEST_GRANULE, device.atomSize()))
                .alignByOffset()
                .build();
        ranges = FlushRanges.of(arena, device.atomSize());
    }

    /// The one restricted line: only the driver knows that this address and size are right. The segment dies with
    /// `mapping`, so that a late access is an exception and no crash.
    @SuppressWarnings("restricted")
    private MemorySegment map() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            PointerBuffer address = stack.mallocPointer(1);
            check(vkMapMemory(device.handle(), buffer.memory(), 0, VK_WHOLE_SIZE, 0, address), "vkMapMemory");
            return MemorySegment.ofAddress(address.get(0)).reinterpret(buffer.byteSize(), mapping, null);
        }
    }

    long handle() {
        return buffer.handle();
    }

    SegmentArena arena() {
        return arena;
    }

    boolean isCoherent() {
        return buffer.isCoherent();
    }

    /// Adds a slice to those that the next [#flush()] or [#invalidate()] is about.
    void add(long slice) {
        ranges.add(slice);
    }

    /// Makes what the CPU wrote to the slices added visible to batches submitted from here on.
    void flush() {
        if (flushes && ranges.count() > 0) {
            try (VkMappedMemoryRange.Buffer memory = ranges()) {
                check(vkFlushMappedMemoryRanges(device.handle(), memory), "vkFlushMappedMemoryRanges");
            }
        }
        ranges.clear();
    }

    /// Makes what batches that are done wrote to the slices added visible to the CPU.
    void invalidate() {
        if (flushes && ranges.count() > 0) {
            try (VkMappedMemoryRange.Buffer memory = ranges()) {
                check(vkInvalidateMappedMemoryRanges(device.handle(), memory), "vkInvalidateMappedMemoryRanges");
            }
        }
        ranges.clear();
    }

    private VkMappedMemoryRange.Buffer ranges() {
        VkMappedMemoryRange.Buffer memory = VkMappedMemoryRange.calloc(ranges.count());
        for (int i = 0; i < ranges.count(); i++) {
            memory.get(i).sType$Default().memory(buffer.memory()).offset(ranges.offset(i)).size(ranges.size(i));
        }
        return memory;
    }

    @Override
    public void close() {
        arena.close();
        mapping.close();
        vkUnmapMemory(device.handle(), buffer.memory());
        buffer.close();
    }
}
