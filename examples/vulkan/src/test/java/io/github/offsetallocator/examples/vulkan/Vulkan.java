package io.github.offsetallocator.examples.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/// A device for tests, under the validation layer. Without a device the tests are skipped, with one line that says what to
/// install; without the layer they run, and a line says that nobody looked.
final class Vulkan {
    interface Body {
        void run(VulkanDevice device) throws Exception;
    }

    private static final Set<String> SAID = new HashSet<>();

    private Vulkan() {}

    /// Runs a test on a device and demands that the validation layer has nothing to say, also about closing it.
    static void run(Body body) throws Exception {
        VulkanDevice device = open(System.err);
        try (device) {
            body.run(device);
        }
        assertEquals(List.of(), messages(device));
    }

    /// @param messages where the validation layer's messages go
    static VulkanDevice open(PrintStream messages) {
        try {
            VulkanDevice device = VulkanDevice.open(messages);
            if (device.validation().isEmpty()) {
                say("not validated: apt-get install -y vulkan-validationlayers");
            }
            return device;
        } catch (NoVulkanException e) {
            say("Vulkan tests skipped: " + e.getMessage());
            return Assumptions.abort(e.getMessage());
        }
    }

    private static void say(String line) {
        if (SAID.add(line)) {
            System.out.println(line);
        }
    }

    static List<String> messages(VulkanDevice device) {
        return device.validation().map(ValidationLog::messages).orElse(List.of());
    }
}
