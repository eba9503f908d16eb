package io.github.offsetallocator.examples.vulkan;

import static io.github.offsetallocator.examples.vulkan.VulkanDevice.check;
import static org.lwjgl.vulkan.EXTDebugUtils.*;
import static org.lwjgl.vulkan.VK12.*;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK;
import org.lwjgl.vulkan.VkApplicationInfo;
import org.lwjgl.vulkan.VkInstance;
import org.lwjgl.vulkan.VkInstanceCreateInfo;
import org.lwjgl.vulkan.VkLayerProperties;
import org.lwjgl.vulkan.VkPhysicalDevice;

/// The system's Vulkan loader, opened, with the validation layer if it was asked for and is installed.
final class VulkanInstance implements AutoCloseable {
    private static final String VALIDATION_LAYER = "VK_LAYER_KHRONOS_validation";

    private static boolean loaded;

    private final VkInstance instance;
    private final ValidationLog validation;
    private final long messenger;

    VulkanInstance(boolean validate) {
        load();
        validation = validate && hasValidationLayer() ? new ValidationLog() : null;
        try (MemoryStack stack = MemoryStack.stackPush()) {
            VkInstanceCreateInfo info = VkInstanceCreateInfo.calloc(stack)
                    .sType$Default()
                    .pApplicationInfo(VkApplicationInfo.calloc(stack).sType$Default().apiVersion(VK_API_VERSION_1_2));
            if (validation != null) {
                info.ppEnabledLayerNames(stack.pointers(stack.ASCII(VALIDATION_LAYER)))
                        .ppEnabledExtensionNames(stack.pointers(stack.ASCII(VK_EXT_DEBUG_UTILS_EXTENSION_NAME)))
                        .pNext(validation.createInfo(stack));
            }
            PointerBuffer handle = stack.mallocPointer(1);
            int result = vkCreateInstance(info, null, handle);
            if (result != VK_SUCCESS) {
                throw new NoVulkanException("vkCreateInstance: VkResult " + result);
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
        try {
            VK.create();
        } catch (UnsatisfiedLinkError e) {
            throw new NoVulkanException("no Vulkan loader on this machine");
        }
        loaded = true;
    }

    private static boolean hasValidationLayer() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            IntBuffer count = stack.mallocInt(1);
            check(vkEnumerateInstanceLayerProperties(count, null), "vkEnumerateInstanceLayerProperties");
            VkLayerProperties.Buffer layers = VkLayerProperties.malloc(count.get(0), stack);
            check(vkEnumerateInstanceLayerProperties(count, layers), "vkEnumerateInstanceLayerProperties");
            return layers.stream().anyMatch(layer -> layer.layerNameString().equals(VALIDATION_LAYER));
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
