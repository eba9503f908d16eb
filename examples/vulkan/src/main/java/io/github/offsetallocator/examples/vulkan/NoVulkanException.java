package io.github.offsetallocator.examples.vulkan;

/// There is no Vulkan here: no loader, no driver, or no device that is good enough. The message is one line that says
/// what to install.
public final class NoVulkanException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private static final String REMEDY =
            "install a driver, or Mesa's for the CPU: apt-get install -y mesa-vulkan-drivers libvulkan1";

    NoVulkanException(String reason) {
        super("no Vulkan device (" + reason + "); " + REMEDY);
    }
}
