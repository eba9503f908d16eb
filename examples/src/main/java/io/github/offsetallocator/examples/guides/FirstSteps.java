package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;

/// The code of the README.
public final class FirstSteps {
    private FirstSteps() {}

    /// Prints what is left in use: nothing.
    public static void main(String[] args) {
        System.out.println(slices() + ranges());
    }

    static int slices() {
        // @start region="slices"
        try (SegmentArena arena = SegmentArena.ofConfined(64 << 20)) {
            MemorySegment a = arena.allocate(100, 64);   // a SegmentAllocator, for any binding
            arena.free(a);

            long b = arena.tryAllocate(4096, 64);        // a handle, or NO_SPACE; no object
            arena.segment(b).fill((byte) 1);
            arena.free(b);
            return arena.allocations(); // @replace regex="return.*" replacement=""
        }
        // @end
    }

    static int ranges() {
        try (OffsetAllocator vertices = OffsetAllocator.create(1_000_000)) {
            long mesh = vertices.allocate(3_201);        // a handle, or NO_SPACE
            long first = vertices.offset(mesh);          // where it lies
            vertices.resize(mesh, 3_500);                // in place, if there is room
            vertices.free(mesh);                         // a second free is refused
            return vertices.allocations() + (first < vertices.capacity() ? 0 : 1);
        }
    }
}
