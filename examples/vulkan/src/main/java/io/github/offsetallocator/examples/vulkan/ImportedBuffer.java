package io.github.offsetallocator.examples.vulkan;

import static io.github.offsetallocator.examples.vulkan.VulkanDevice.check;
import static org.lwjgl.vulkan.EXTExternalMemoryHost.*;
import static org.lwjgl.vulkan.VK12.*;

import java.lang.foreign.MemorySegment;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VkBufferCreateInfo;
import org.lwjgl.vulkan.VkExternalMemoryBufferCreateInfo;
import org.lwjgl.vulkan.VkImportMemoryHostPointerInfoEXT;
import org.lwjgl.vulkan.VkMemoryAllocateInfo;
import org.lwjgl.vulkan.VkMemoryHostPointerPropertiesEXT;
import org.lwjgl.vulkan.VkMemoryRequirements;

/// A buffer whose memory is a segment of ours, `VK_EXT_external_memory_host`: nothing is mapped and nothing staged, the
/// device reads and writes where Java does. The segment must outlive it.
final class ImportedBuffer implements AutoCloseable {
    private static final int HOST_MEMORY = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;

    private final VulkanDevice device;
    private final long buffer;
    private final long memory;

    /// @param segment native memory; its address and size are multiples of [VulkanDevice#hostImportAlignment()]
    ImportedBuffer(VulkanDevice device, MemorySegment segment) {
        this.device = device;
        long alignment = device.hostImportAlignment();
        if (segment.address() % alignment != 0 || segment.byteSize() % alignment != 0) {
            throw new IllegalArgumentException(segment + " is not aligned to " + alignment + " bytes");
        }
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long[] handle = new long[1];
            VkBufferCreateInfo info = VkBufferCreateInfo.calloc(stack)
                    .sType$Default()
                    .pNext(VkExternalMemoryBufferCreateInfo.calloc(stack).sType$Default().handleTypes(HOST_MEMORY))
                    .size(segment.byteSize())
                    .usage(VulkanBuffer.COPYABLE);
            check(vkCreateBuffer(device.handle(), info, null, handle), "vkCreateBuffer");
            buffer = handle[0];
            VkMemoryRequirements needs = VkMemoryRequirements.malloc(stack);
            vkGetBufferMemoryRequirements(device.handle(), buffer, needs);
            if (needs.size() > segment.byteSize()) {
                throw new IllegalArgumentException("a buffer of this size takes " + needs.size() + " bytes, " + segment
                        + " has less");
            }
            VkMemoryAllocateInfo allocation = VkMemoryAllocateInfo.calloc(stack)
                    .sType$Default()
                    .pNext(VkImportMemoryHostPointerInfoEXT.calloc(stack)
                            .sType$Default()
                            .handleType(HOST_MEMORY)
                            .pHostPointer(segment.address()))
                    .allocationSize(segment.byteSize())
                    .memoryTypeIndex(memoryType(segment, needs.memoryTypeBits(), stack));
            check(vkAllocateMemory(device.handle(), allocation, null, handle), "vkAllocateMemory");
            memory = handle[0];
            check(vkBindBufferMemory(device.handle(), buffer, memory, 0), "vkBindBufferMemory");
        }
    }

    /// A type that both the segment and the buffer can have, and coherent: there is no mapping that could be flushed.
    private int memoryType(MemorySegment segment, int bufferTypes, MemoryStack stack) {
        var properties = VkMemoryHostPointerPropertiesEXT.calloc(stack).sType$Default();
        check(vkGetMemoryHostPointerPropertiesEXT(device.handle(), HOST_MEMORY, segment.address(), properties),
                "vkGetMemoryHostPointerPropertiesEXT");
        return device.memoryType(bufferTypes & properties.memoryTypeBits(),
                VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    }

    long handle() {
        return buffer;
    }

    @Override
    public void close() {
        vkDestroyBuffer(device.handle(), buffer, null);
        vkFreeMemory(device.handle(), memory, null);
    }
}
