package io.github.offsetallocator.examples.vulkan;

import static io.github.offsetallocator.examples.vulkan.VulkanDevice.check;
import static org.lwjgl.vulkan.VK12.*;

import java.util.ArrayList;
import java.util.List;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VkBufferCopy;
import org.lwjgl.vulkan.VkCommandBuffer;
import org.lwjgl.vulkan.VkCommandBufferAllocateInfo;
import org.lwjgl.vulkan.VkCommandBufferBeginInfo;
import org.lwjgl.vulkan.VkCommandPoolCreateInfo;
import org.lwjgl.vulkan.VkMemoryBarrier;
import org.lwjgl.vulkan.VkSemaphoreCreateInfo;
import org.lwjgl.vulkan.VkSemaphoreTypeCreateInfo;
import org.lwjgl.vulkan.VkSemaphoreWaitInfo;
import org.lwjgl.vulkan.VkSubmitInfo;
import org.lwjgl.vulkan.VkTimelineSemaphoreSubmitInfo;

/// Batches of copies, submitted in order, with one timeline semaphore that counts those that are done.
///
/// ```
///   batch       1         2         3         4          5
///           [done]    [done]    [running] [submitted] [recording]
///                         |                                |
///              completed() = 2                  recording() = 5: what is retired now waits for 5
/// ```
///
/// Each batch starts with a barrier behind all copies before it, so that batches need no more order than their numbers.
/// Within a batch, copies may run at once, unless [#barrier()] is called between them.
final class CommandQueue implements AutoCloseable {
    private static final long TIMEOUT_NANOS = 60_000_000_000L;

    private final VulkanDevice device;
    private final long pool;
    private final VkCommandBuffer[] buffers;
    private final long timeline;
    private final long[] counter = new long[1];
    private final List<Runnable> beforeSubmit = new ArrayList<>();
    private long submitted;
    private boolean open;

    CommandQueue(VulkanDevice device, int batchesInFlight) {
        this.device = device;
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long[] handle = new long[1];
            VkCommandPoolCreateInfo poolInfo = VkCommandPoolCreateInfo.calloc(stack)
                    .sType$Default()
                    .flags(VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT)
                    .queueFamilyIndex(device.queueFamily());
            check(vkCreateCommandPool(device.handle(), poolInfo, null, handle), "vkCreateCommandPool");
            pool = handle[0];

            VkCommandBufferAllocateInfo buffersInfo = VkCommandBufferAllocateInfo.calloc(stack)
                    .sType$Default()
                    .commandPool(pool)
                    .level(VK_COMMAND_BUFFER_LEVEL_PRIMARY)
                    .commandBufferCount(batchesInFlight);
            PointerBuffer handles = stack.mallocPointer(batchesInFlight);
            check(vkAllocateCommandBuffers(device.handle(), buffersInfo, handles), "vkAllocateCommandBuffers");
            buffers = new VkCommandBuffer[batchesInFlight];
            for (int i = 0; i < batchesInFlight; i++) {
                buffers[i] = new VkCommandBuffer(handles.get(i), device.handle());
            }

            VkSemaphoreCreateInfo semaphoreInfo = VkSemaphoreCreateInfo.calloc(stack)
                    .sType$Default()
                    .pNext(VkSemaphoreTypeCreateInfo.calloc(stack)
                            .sType$Default()
                            .semaphoreType(VK_SEMAPHORE_TYPE_TIMELINE)
                            .initialValue(0));
            check(vkCreateSemaphore(device.handle(), semaphoreInfo, null, handle), "vkCreateSemaphore");
            timeline = handle[0];
        }
    }

    // ---- time --------------------------------------------------------------------------------------------------

    /// The number of the batch that is being recorded or will be next.
    long recording() {
        return submitted + 1;
    }

    /// The number of the last batch submitted, 0 before the first.
    long submitted() {
        return submitted;
    }

    /// The number of the last batch that may use what has been recorded so far: what nothing uses from here on can be
    /// retired with it.
    long latest() {
        return open ? recording() : submitted;
    }

    /// The number of the last batch that the device is done with.
    long completed() {
        check(vkGetSemaphoreCounterValue(device.handle(), timeline, counter), "vkGetSemaphoreCounterValue");
        return counter[0];
    }

    /// Waits until the device is done with a batch that was submitted.
    void await(long batch) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkSemaphoreWaitInfo info = VkSemaphoreWaitInfo.calloc(stack)
                    .sType$Default()
                    .semaphoreCount(1)
                    .pSemaphores(stack.longs(timeline))
                    .pValues(stack.longs(batch));
            check(vkWaitSemaphores(device.handle(), info, TIMEOUT_NANOS), "vkWaitSemaphores for batch " + batch);
        }
    }

    /// Has something done before every submission: flushing what the CPU wrote, for example.
    void beforeSubmit(Runnable action) {
        beforeSubmit.add(action);
    }

    // ---- recording ---------------------------------------------------------------------------------------------

    void copy(long source, long sourceOffset, long target, long targetOffset, long byteSize) {
        VkCommandBuffer commands = commands();
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkBufferCopy.Buffer region = VkBufferCopy.malloc(1, stack)
                    .srcOffset(sourceOffset)
                    .dstOffset(targetOffset)
                    .size(byteSize);
            vkCmdCopyBuffer(commands, source, target, region);
        }
    }

    /// Copies recorded from here on see what those before have written, and write only when those have read.
    void barrier() {
        barrier(commands(), VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
    }

    /// Ends the batch and hands it to the device, or does nothing if nothing was recorded.
    ///
    /// @return the number of the last batch submitted
    long submit() {
        if (!open) {
            return submitted;
        }
        beforeSubmit.forEach(Runnable::run);
        VkCommandBuffer commands = buffer(recording());
        barrier(commands, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
        check(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkSubmitInfo info = VkSubmitInfo.calloc(stack)
                    .sType$Default()
                    .pCommandBuffers(stack.pointers(commands))
                    .pSignalSemaphores(stack.longs(timeline))
                    .pNext(VkTimelineSemaphoreSubmitInfo.calloc(stack)
                            .sType$Default()
                            .signalSemaphoreValueCount(1)
                            .pSignalSemaphoreValues(stack.longs(recording())));
            check(vkQueueSubmit(device.queue(), info, VK_NULL_HANDLE), "vkQueueSubmit");
        }
        open = false;
        return ++submitted;
    }

    private VkCommandBuffer commands() {
        VkCommandBuffer commands = buffer(recording());
        if (!open) {
            await(Math.max(0, recording() - buffers.length));
            try (MemoryStack stack = MemoryStack.stackPush()) {
                VkCommandBufferBeginInfo info = VkCommandBufferBeginInfo.calloc(stack)
                        .sType$Default()
                        .flags(VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
                check(vkBeginCommandBuffer(commands, info), "vkBeginCommandBuffer");
            }
            open = true;
            barrier();
        }
        return commands;
    }

    private VkCommandBuffer buffer(long batch) {
        return buffers[(int) (batch % buffers.length)];
    }

    private static void barrier(VkCommandBuffer commands, int stage, int access) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkMemoryBarrier.Buffer barrier = VkMemoryBarrier.calloc(1, stack)
                    .sType$Default()
                    .srcAccessMask(VK_ACCESS_TRANSFER_WRITE_BIT)
                    .dstAccessMask(access);
            vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, stage, 0, barrier, null, null);
        }
    }

    @Override
    public void close() {
        vkDeviceWaitIdle(device.handle());
        vkDestroySemaphore(device.handle(), timeline, null);
        vkDestroyCommandPool(device.handle(), pool, null);
    }
}
