package io.github.offsetallocator.examples.vulkan;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// Bytes that this thread allocates on the Java heap between `start` and `stop`, summed up, exact to the byte. Asking
/// allocates nothing.
final class HeapMeter {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private long mark;
    private long total;

    void start() {
        mark = THREADS.getCurrentThreadAllocatedBytes();
    }

    void stop() {
        total += THREADS.getCurrentThreadAllocatedBytes() - mark;
    }

    long total() {
        return total;
    }
}
