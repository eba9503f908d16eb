package io.github.offsetallocator.examples.vulkan;

import static org.lwjgl.vulkan.EXTExternalMemoryHost.VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
import static org.lwjgl.vulkan.EXTExternalMemoryHost.VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
import static org.lwjgl.vulkan.VK12.*;

import java.io.PrintStream;
import java.nio.IntBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VkDevice;
import org.lwjgl.vulkan.VkDeviceCreateInfo;
import org.lwjgl.vulkan.VkDeviceQueueCreateInfo;
import org.lwjgl.vulkan.VkExtensionProperties;
import org.lwjgl.vulkan.VkExternalBufferProperties;
import org.lwjgl.vulkan.VkPhysicalDevice;
import org.lwjgl.vulkan.VkPhysicalDeviceExternalBufferInfo;
import org.lwjgl.vulkan.VkPhysicalDeviceExternalMemoryHostPropertiesEXT;
import org.lwjgl.vulkan.VkPhysicalDeviceFeatures2;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryProperties;
import org.lwjgl.vulkan.VkPhysicalDeviceProperties;
import org.lwjgl.vulkan.VkPhysicalDeviceProperties2;
import org.lwjgl.vulkan.VkPhysicalDeviceTimelineSemaphoreFeatures;
import org.lwjgl.vulkan.VkQueue;
import org.lwjgl.vulkan.VkQueueFamilyProperties;

/// A Vulkan 1.2 device without a display, with one queue that can copy, and the limits that a staging path must honour.
/// A real GPU is preferred to a driver that runs on the CPU (Mesa's lavapipe); both need timeline semaphores.
public final class VulkanDevice implements AutoCloseable {
    private final VulkanInstance instance;
    private final VkPhysicalDevice physical;
    private final VkDevice device;
    private final VkQueue queue;
    private final int queueFamily;
    private final String name;
    private final long copyAlignment;
    private final long atomSize;
    private final boolean hostImport;
    private final long hostImportAlignment;
    private final int[] memoryTypes;

    private VulkanDevice(VulkanInstance instance) {
        this.instance = instance;
        physical = choose(instance.physicalDevices());
        hostImport = offers(physical, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME) && importsHostBuffers(physical);
        queueFamily = copyingFamily(physical).orElseThrow();
        try (MemoryStack stack = MemoryStack.stackPush()) {
            var imports = VkPhysicalDeviceExternalMemoryHostPropertiesEXT.calloc(stack).sType$Default();
            VkPhysicalDeviceProperties2 properties = VkPhysicalDeviceProperties2.calloc(stack).sType$Default();
            if (hostImport) {
                properties.pNext(imports);
            }
            vkGetPhysicalDeviceProperties2(physical, properties);
            name = properties.properties().deviceNameString();
            copyAlignment = properties.properties().limits().optimalBufferCopyOffsetAlignment();
            atomSize = properties.properties().limits().nonCoherentAtomSize();
            hostImportAlignment = imports.minImportedHostPointerAlignment();

            var memory = VkPhysicalDeviceMemoryProperties.malloc(stack);
            vkGetPhysicalDeviceMemoryProperties(physical, memory);
            memoryTypes = memory.memoryTypes().stream()
                    .limit(memory.memoryTypeCount())
                    .mapToInt(type -> type.propertyFlags())
                    .toArray();

            device = create(stack);
            PointerBuffer handle = stack.mallocPointer(1);
            vkGetDeviceQueue(device, queueFamily, 0, handle);
            queue = new VkQueue(handle.get(0), device);
        }
    }

    /// Opens the best device there is.
    ///
    /// @param validate whether to run under the Khronos validation layer, if it is installed
    /// @return a device, to be closed
    /// @throws NoVulkanException if there is none
    public static VulkanDevice open(boolean validate) {
        return open(validate ? System.err : null);
    }

    /// As [#open(boolean)], with the layer's messages printed to a stream, or without the layer if that is null.
    static VulkanDevice open(PrintStream messages) {
        VulkanInstance instance = new VulkanInstance(messages);
        try {
            return new VulkanDevice(instance);
        } catch (Throwable failure) {
            instance.close();
            throw failure;
        }
    }

    private VkDevice create(MemoryStack stack) {
        VkDeviceCreateInfo info = VkDeviceCreateInfo.calloc(stack)
                .sType$Default()
                .pNext(VkPhysicalDeviceTimelineSemaphoreFeatures.calloc(stack).sType$Default().timelineSemaphore(true))
                .pQueueCreateInfos(VkDeviceQueueCreateInfo.calloc(1, stack)
                        .sType$Default()
                        .queueFamilyIndex(queueFamily)
                        .pQueuePriorities(stack.floats(1)));
        if (hostImport) {
            info.ppEnabledExtensionNames(stack.pointers(stack.ASCII(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)));
        }
        PointerBuffer handle = stack.mallocPointer(1);
        check(vkCreateDevice(physical, info, null, handle), "vkCreateDevice");
        return new VkDevice(handle.get(0), physical, info);
    }

    // ---- choosing ----------------------------------------------------------------------------------------------

    private static VkPhysicalDevice choose(List<VkPhysicalDevice> all) {
        return all.stream()
                .filter(device -> copyingFamily(device).isPresent() && hasTimelineSemaphores(device))
                .min(Comparator.comparingInt(VulkanDevice::rank))
                .orElseThrow(() -> new NoVulkanException(all.isEmpty() ? "the loader lists none"
                        : "none of " + all.size() + " has Vulkan 1.2 with timeline semaphores"));
    }

    private static int rank(VkPhysicalDevice device) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkPhysicalDeviceProperties properties = VkPhysicalDeviceProperties.malloc(stack);
            vkGetPhysicalDeviceProperties(device, properties);
            return switch (properties.deviceType()) {
                case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU -> 0;
                case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU -> 1;
                case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU -> 2;
                default -> 3;
            };
        }
    }

    private static boolean hasTimelineSemaphores(VkPhysicalDevice device) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkPhysicalDeviceProperties properties = VkPhysicalDeviceProperties.malloc(stack);
            vkGetPhysicalDeviceProperties(device, properties);
            if (properties.apiVersion() < VK_API_VERSION_1_2) {
                return false;
            }
            var timeline = VkPhysicalDeviceTimelineSemaphoreFeatures.calloc(stack).sType$Default();
            vkGetPhysicalDeviceFeatures2(device, VkPhysicalDeviceFeatures2.calloc(stack).sType$Default().pNext(timeline));
            return timeline.timelineSemaphore();
        }
    }

    /// The first family that draws, or else computes, or else only copies: the first two imply that it copies too.
    private static Optional<Integer> copyingFamily(VkPhysicalDevice device) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            IntBuffer count = stack.mallocInt(1);
            vkGetPhysicalDeviceQueueFamilyProperties(device, count, null);
            VkQueueFamilyProperties.Buffer families = VkQueueFamilyProperties.malloc(count.get(0), stack);
            vkGetPhysicalDeviceQueueFamilyProperties(device, count, families);
            for (int wanted : new int[] {VK_QUEUE_GRAPHICS_BIT, VK_QUEUE_COMPUTE_BIT, VK_QUEUE_TRANSFER_BIT}) {
                for (int i = 0; i < count.get(0); i++) {
                    if ((families.get(i).queueFlags() & wanted) != 0) {
                        return Optional.of(i);
                    }
                }
            }
            return Optional.empty();
        }
    }

    private static boolean offers(VkPhysicalDevice device, String extension) {
        int[] count = new int[1];
        check(vkEnumerateDeviceExtensionProperties(device, (String) null, count, null),
                "vkEnumerateDeviceExtensionProperties");
        try (VkExtensionProperties.Buffer extensions = VkExtensionProperties.malloc(count[0])) {
            check(vkEnumerateDeviceExtensionProperties(device, (String) null, count, extensions),
                    "vkEnumerateDeviceExtensionProperties");
            return extensions.stream().anyMatch(offered -> offered.extensionNameString().equals(extension));
        }
    }

    private static boolean importsHostBuffers(VkPhysicalDevice device) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            var info = VkPhysicalDeviceExternalBufferInfo.calloc(stack)
                    .sType$Default()
                    .usage(VulkanBuffer.COPYABLE)
                    .handleType(VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT);
            var properties = VkExternalBufferProperties.calloc(stack).sType$Default();
            vkGetPhysicalDeviceExternalBufferProperties(device, info, properties);
            int features = properties.externalMemoryProperties().externalMemoryFeatures();
            return (features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) != 0
                    && (features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT) == 0;
        }
    }

    // ---- what it offers ----------------------------------------------------------------------------------------

    /// The device's own name.
    public String name() {
        return name;
    }

    /// What the offset in a buffer that is copied to an image should be a multiple of, in bytes.
    public long copyAlignment() {
        return copyAlignment;
    }

    /// What flushed and invalidated ranges are counted in where memory is not coherent, in bytes.
    public long atomSize() {
        return atomSize;
    }

    /// Whether host memory can be imported as a buffer's memory, `VK_EXT_external_memory_host`.
    public boolean importsHostMemory() {
        return hostImport;
    }

    /// What address and size of imported host memory must be a multiple of, in bytes.
    public long hostImportAlignment() {
        return hostImportAlignment;
    }

    /// The log of the validation layer; empty where it was not asked for or is not installed.
    public Optional<ValidationLog> validation() {
        return Optional.ofNullable(instance.validation());
    }

    VkDevice handle() {
        return device;
    }

    VkQueue queue() {
        return queue;
    }

    int queueFamily() {
        return queueFamily;
    }

    boolean hasFlags(int memoryType, int flags) {
        return (memoryTypes[memoryType] & flags) == flags;
    }

    /// The first memory type of those allowed that has all flags required, and those preferred too if there is one.
    int memoryType(int allowed, int required, int preferred) {
        for (int flags : new int[] {required | preferred, required}) {
            for (int type = 0; type < memoryTypes.length; type++) {
                if ((allowed & 1 << type) != 0 && hasFlags(type, flags)) {
                    return type;
                }
            }
        }
        throw new IllegalStateException("no memory type of " + Integer.toBinaryString(allowed)
                + " has the properties 0x" + Integer.toHexString(required));
    }

    static void check(int result, String call) {
        if (result != VK_SUCCESS) {
            throw new IllegalStateException(call + ": VkResult " + result);
        }
    }

    @Override
    public void close() {
        vkDestroyDevice(device, null);
        instance.close();
    }
}
