package io.github.offsetallocator.examples.vulkan;

import static io.github.offsetallocator.examples.vulkan.VulkanDevice.check;
import static org.lwjgl.vulkan.VK12.*;

import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VkBufferCreateInfo;
import org.lwjgl.vulkan.VkMemoryAllocateInfo;
import org.lwjgl.vulkan.VkMemoryRequirements;

/// A buffer with memory of its own, bound from its start.
final class VulkanBuffer implements AutoCloseable {
    static final int COPYABLE = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

    private final VulkanDevice device;
    private final long byteSize;
    private final long buffer;
    private final int memoryType;
    private final long memory;

    VulkanBuffer(VulkanDevice device, long byteSize, int usage, int required, int preferred) {
        this.device = device;
        this.byteSize = byteSize;
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long[] handle = new long[1];
            VkBufferCreateInfo info = VkBufferCreateInfo.calloc(stack).sType$Default().size(byteSize).usage(usage);
            check(vkCreateBuffer(device.handle(), info, null, handle), "vkCreateBuffer");
            buffer = handle[0];
            VkMemoryRequirements needs = VkMemoryRequirements.malloc(stack);
            vkGetBufferMemoryRequirements(device.handle(), buffer, needs);
            memoryType = device.memoryType(needs.memoryTypeBits(), required, preferred);
            VkMemoryAllocateInfo allocation = VkMemoryAllocateInfo.calloc(stack)
                    .sType$Default()
                    .allocationSize(needs.size())
                    .memoryTypeIndex(memoryType);
            check(vkAllocateMemory(device.handle(), allocation, null, handle), "vkAllocateMemory");
            memory = handle[0];
            check(vkBindBufferMemory(device.handle(), buffer, memory, 0), "vkBindBufferMemory");
        }
    }

    /// A buffer for the device alone.
    static VulkanBuffer deviceLocal(VulkanDevice device, long byteSize, int usage) {
        return new VulkanBuffer(device, byteSize, usage, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0);
    }

    long handle() {
        return buffer;
    }

    long memory() {
        return memory;
    }

    long byteSize() {
        return byteSize;
    }

    boolean isCoherent() {
        return device.hasFlags(memoryType, VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    }

    @Override
    public void close() {
        vkDestroyBuffer(device.handle(), buffer, null);
        vkFreeMemory(device.handle(), memory, null);
    }
}
