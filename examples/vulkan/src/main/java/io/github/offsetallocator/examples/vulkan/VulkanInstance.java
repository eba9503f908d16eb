package io.github.offsetallocator.examples.vulkan;

import static io.github.offsetallocator.examples.vulkan.VulkanDevice.check;
import static org.lwjgl.vulkan.EXTDebugUtils.*;
import static org.lwjgl.vulkan.EXTValidationFeatures.*;
import static org.lwjgl.vulkan.VK12.*;

import java.io.PrintStream;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.Library;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK;
import org.lwjgl.vulkan.VkApplicationInfo;
import org.lwjgl.vulkan.VkExtensionProperties;
import org.lwjgl.vulkan.VkInstance;
import org.lwjgl.vulkan.VkInstanceCreateInfo;
import org.lwjgl.vulkan.VkPhysicalDevice;
import org.lwjgl.vulkan.VkValidationFeaturesEXT;

/// The system's Vulkan loader, opened, with the validation layer if it was asked for and is installed. The layer is asked
/// for missing barriers too: on a driver that runs copies one after the other, nothing else would show them.
final class VulkanInstance implements AutoCloseable {
    private static final String VALIDATION_LAYER = "VK_LAYER_KHRONOS_validation";

    /// On Linux, Windows and macOS.
    private static final String[] LOADERS = {"libvulkan.so.1", "vulkan-1", "libvulkan.1.dylib"};

    private static boolean loaded;

    private final VkInstance instance;
    private final ValidationLog validation;
    private final long messenger;

    /// @param messages where the validation layer's messages go, or null to run without it
    VulkanInstance(PrintStream messages) {
        load();
        validation = messages != null && hasValidationLayer() ? new ValidationLog(messages) : null;
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkInstanceCreateInfo info = VkInstanceCreateInfo.calloc(stack)
                    .sType$Default()
                    .pApplicationInfo(VkApplicationInfo.calloc(stack).sType$Default().apiVersion(VK_API_VERSION_1_2));
            if (validation != null) {
                info.ppEnabledLayerNames(stack.pointers(stack.ASCII(VALIDATION_LAYER)))
                        .ppEnabledExtensionNames(stack.pointers(
                                stack.ASCII(VK_EXT_DEBUG_UTILS_EXTENSION_NAME),
                                stack.ASCII(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME)))
                        .pNext(validation.createInfo(stack))
                        .pNext(VkValidationFeaturesEXT.calloc(stack)
                                .sType$Default()
                                .pEnabledValidationFeatures(
                                        stack.ints(VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT)));
            }
            PointerBuffer handle = stack.mallocPointer(1);
            int result = vkCreateInstance(info, null, handle);
            if (result != VK_SUCCESS) {
                throw new NoVulkanException(result == VK_ERROR_INCOMPATIBLE_DRIVER
                        ? "the loader finds no driver" : "vkCreateInstance: VkResult " + result);
            }
            instance = new VkInstance(handle.get(0), info);
            messenger = validation == null ? VK_NULL_HANDLE : createMessenger(stack);
        }
    }

    private static synchronized void load() {
        if (loaded) {
            return;
        }
        Configuration.VULKAN_EXPLICIT_INIT.set(true);
        VK.create(Library.loadNative(VK.class, "org.lwjgl.vulkan", Configuration.VULKAN_LIBRARY_NAME, () -> {
            throw new NoVulkanException("no Vulkan loader on this machine");
        }, LOADERS));
        loaded = true;
    }

    /// Whether the layer is installed and can be asked for more than it does by itself.
    private static boolean hasValidationLayer() {
        int[] count = new int[1];
        if (vkEnumerateInstanceExtensionProperties(VALIDATION_LAYER, count, null) == VK_ERROR_LAYER_NOT_PRESENT) {
            return false;
        }
        try (VkExtensionProperties.Buffer extensions = VkExtensionProperties.malloc(count[0])) {
            check(vkEnumerateInstanceExtensionProperties(VALIDATION_LAYER, count, extensions),
                    "vkEnumerateInstanceExtensionProperties");
            return extensions.stream().anyMatch(offered ->
                    offered.extensionNameString().equals(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME));
        }
    }

    private long createMessenger(MemoryStack stack) {
        long[] handle = new long[1];
        check(vkCreateDebugUtilsMessengerEXT(instance, validation.createInfo(stack), null, handle),
                "vkCreateDebugUtilsMessengerEXT");
        return handle[0];
    }

    /// The log of the validation layer, or null where there is none.
    ValidationLog validation() {
        return validation;
    }

    List<VkPhysicalDevice> physicalDevices() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            IntBuffer count = stack.mallocInt(1);
            check(vkEnumeratePhysicalDevices(instance, count, null), "vkEnumeratePhysicalDevices");
            PointerBuffer handles = stack.mallocPointer(count.get(0));
            check(vkEnumeratePhysicalDevices(instance, count, handles), "vkEnumeratePhysicalDevices");
            List<VkPhysicalDevice> devices = new ArrayList<>();
            for (int i = 0; i < count.get(0); i++) {
                devices.add(new VkPhysicalDevice(handles.get(i), instance));
            }
            return devices;
        }
    }

    @Override
    public void close() {
        if (validation != null) {
            vkDestroyDebugUtilsMessengerEXT(instance, messenger, null);
        }
        vkDestroyInstance(instance, null);
        if (validation != null) {
            validation.free();
        }
    }
}
