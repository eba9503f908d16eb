package io.github.offsetallocator.examples.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StagingTest {
    private static final int UPLOADS = 1500;
    private static final long STAGING = 8 << 20;
    private static final long DEVICE = 32 << 20;

    private static final PrintStream UNPRINTED = new PrintStream(OutputStream.nullOutputStream());

    /// Coherent memory is flushed and invalidated too in one of the runs: the layer then checks the ranges.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyByteOfEveryUploadComesBack(boolean alwaysFlush) throws Exception {
        Vulkan.run(device -> {
            Workload workload = new Workload(UPLOADS, device.copyAlignment(), 5);
            try (UploadStream stream = new UploadStream(device, STAGING, DEVICE, alwaysFlush)) {
                UploadStream.Result result = stream.run(workload, true);

                assertEquals(UPLOADS, result.compared());
                assertEquals(workload.byteSize(), result.comparedBytes());
                assertTrue(result.evicted() > UPLOADS / 2, result::toString);
                assertTrue(result.stagingPeak() >= STAGING / UploadStream.BATCHES_STAGED, result::toString);
                assertTrue(stream.staging().arena().retired() < UPLOADS, result::toString);
            }
        });
    }

    @Test
    void evictedRangesAreReusedWithoutReadingThemBack() throws Exception {
        Vulkan.run(device -> {
            try (UploadStream stream = new UploadStream(device, STAGING, DEVICE, false)) {
                UploadStream.Result result = stream.run(new Workload(UPLOADS, device.copyAlignment(), 6), false);

                assertEquals(UPLOADS, result.compared() + result.evicted());
            }
        });
    }

    /// The compiler's own objects, a few hundred bytes when it replaces a method, may fall into any run but not into all. In a
    /// stream's first run the allocator's tables grow, which makes a few objects each time.
    @Test
    void theStagingPathMakesNoGarbage() throws Exception {
        Vulkan.run(device -> {
            Workload workload = new Workload(2 * UPLOADS, device.copyAlignment(), 7);
            long least = Long.MAX_VALUE;
            for (int run = 0; least > 0 && run < 20; run++) {
                try (UploadStream stream = new UploadStream(device, STAGING, DEVICE, false)) {
                    stream.run(workload, false);
                    least = Math.min(least, stream.run(workload, false).heapBytes());
                }
            }
            assertEquals(0, least);
        });
    }

    @Test
    void aFullStagingBufferWaitsForTheDevice() throws Exception {
        Vulkan.run(device -> {
            try (CommandQueue queue = new CommandQueue(device, 2);
                    VulkanBuffer target = VulkanBuffer.deviceLocal(device, 1 << 20, VulkanBuffer.COPYABLE);
                    StagingBuffer staging = new StagingBuffer(device, queue, 1 << 20, Long.MAX_VALUE, false)) {
                for (int i = 0; i < 50; i++) {
                    staging.copy(staging.stage(300_000, 1), target.handle(), 0);
                    queue.barrier();
                }
                assertTrue(staging.waits() > 10, () -> "waits " + staging.waits());
            }
        });
    }

    @Test
    void theValidationLayerMissesABarrier() {
        VulkanDevice device = Vulkan.open(UNPRINTED);
        try (device;
                CommandQueue queue = new CommandQueue(device, 1);
                VulkanBuffer a = VulkanBuffer.deviceLocal(device, 64, VulkanBuffer.COPYABLE);
                VulkanBuffer b = VulkanBuffer.deviceLocal(device, 64, VulkanBuffer.COPYABLE)) {
            queue.copy(a.handle(), 0, b.handle(), 0, 32);
            queue.copy(b.handle(), 0, a.handle(), 32, 32);
            queue.await(queue.submit());
        }
        if (device.validation().isPresent()) {
            assertTrue(Vulkan.messages(device).stream().anyMatch(message -> message.contains("READ_AFTER_WRITE")),
                    () -> "said of a copy that reads what another may not have written yet: " + Vulkan.messages(device));
        }
    }

    @Test
    void theValidationLayerIsHeard() {
        VulkanDevice device = Vulkan.open(UNPRINTED);
        VulkanBuffer.deviceLocal(device, 64, VulkanBuffer.COPYABLE);
        device.close();
        if (device.validation().isPresent()) {
            assertTrue(Vulkan.messages(device).stream().anyMatch(message -> message.contains("vkDestroyDevice")),
                    () -> "said of what was not destroyed: " + Vulkan.messages(device));
        }
    }
}
