package io.github.offsetallocator.examples.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// A device for tests, under the validation layer. Without a device the test is skipped, with a line that says what to
/// install; without the layer it runs, and a line says that nobody looked.
final class Vulkan {
    interface Body {
        void run(VulkanDevice device) throws Exception;
    }

    private Vulkan() {}

    /// Runs a test on a device and demands that the validation layer has nothing to say, also about closing it.
    static void run(Body body) throws Exception {
        VulkanDevice device = open();
        try (device) {
            body.run(device);
        }
        assertEquals(List.of(), messages(device));
    }

    static VulkanDevice open() {
        try {
            VulkanDevice device = VulkanDevice.open(true);
            if (device.validation().isEmpty()) {
                System.out.println("not validated: apt-get install -y vulkan-validationlayers");
            }
            return device;
        } catch (NoVulkanException e) {
            System.out.println("skipped: " + e.getMessage());
            return Assumptions.abort(e.getMessage());
        }
    }

    static List<String> messages(VulkanDevice device) {
        return device.validation().map(ValidationLog::messages).orElse(List.of());
    }
}
