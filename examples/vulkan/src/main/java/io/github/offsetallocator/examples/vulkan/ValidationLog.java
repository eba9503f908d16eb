package io.github.offsetallocator.examples.vulkan;

import static org.lwjgl.vulkan.EXTDebugUtils.*;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCallbackDataEXT;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCallbackEXT;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCreateInfoEXT;

/// What the validation layer has to say: every warning and error is printed as it comes and is kept, so that a test can
/// demand that there was none. Any thread of the driver may call in.
public final class ValidationLog {
    private final List<String> messages = new ArrayList<>();
    private final VkDebugUtilsMessengerCallbackEXT callback = VkDebugUtilsMessengerCallbackEXT.create(this::report);

    private final PrintStream out;

    ValidationLog(PrintStream out) {
        this.out = out;
    }

    /// All warnings and errors so far, in order. Readable after the device was closed too, which is when the layer
    /// reports what was not destroyed.
    public synchronized List<String> messages() {
        return List.copyOf(messages);
    }

    VkDebugUtilsMessengerCreateInfoEXT createInfo(MemoryStack stack) {
        return VkDebugUtilsMessengerCreateInfoEXT.calloc(stack)
                .sType$Default()
                .messageSeverity(VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT
                        | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT)
                .messageType(VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT
                        | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT)
                .pfnUserCallback(callback);
    }

    void free() {
        callback.free();
    }

    private int report(int severity, int types, long data, long userData) {
        String message = VkDebugUtilsMessengerCallbackDataEXT.create(data).pMessageString();
        out.println(message);
        synchronized (this) {
            messages.add(message);
        }
        return VK10.VK_FALSE;
    }
}
