package io.github.offsetallocator;

import java.util.List;

/// Live allocations that one place in the program has asked for, see [SegmentArena#leaks()].
///
/// @param count how many of them are known: all with [LeakDetection#ALL], about one in 128 with [LeakDetection#SAMPLED]
/// @param bytes what those were asked for
/// @param site  the stack of the thread that asked, the innermost frame first, without frames of the allocator; 16 frames at most
public record Leak(long count, long bytes, List<StackWalker.StackFrame> site) {
    /// Copies the list.
    public Leak {
        site = List.copyOf(site);
    }
}
