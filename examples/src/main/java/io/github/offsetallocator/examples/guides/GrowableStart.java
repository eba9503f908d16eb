package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;

/// The code of `docs/growth.md`.
final class GrowableStart {
    private GrowableStart() {}

    static long run() {
        try (SegmentArena arena = SegmentArena.builder().growable(64 << 20, 2L << 30).shared().build()) {
            MemorySegment a = arena.allocate(1000);
            MemorySegment b = arena.allocate(100 << 20);
            arena.free(b);
            return a.byteSize();
        }
    }
}
