package io.github.offsetallocator.examples.vulkan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ImportTest {
    @Test
    void ourOwnSegmentIsDeviceMemory() throws Exception {
        Vulkan.run(device -> {
            Assumptions.assumeTrue(device.importsHostMemory(),
                    () -> device.name() + " does not offer VK_EXT_external_memory_host");
            assertTrue(ImportExample.roundTrip(device) > 0);
        });
    }
}
