package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// The code of `docs/durable.md`.
final class DurableStart {
    private DurableStart() {}

    static long run() {
        try (SegmentArena arena = SegmentArena.builder().durable(Path.of("cache.arena"), 1L << 30).build()) {
            if (arena.root() == 0) {
                long table = arena.tryAllocate(1 << 20, 8);
                arena.segment(table).fill((byte) 0);
                arena.setRoot(table);
            }
            MemorySegment table = arena.segment(arena.root());
            arena.force();
            return table.byteSize();
        }
    }

    static long grow() {
        Path file = Path.of("growing.arena");
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1L << 20, 1L << 30).build()) {
            arena.grow(1L << 21);
        }
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1L << 20).growable(1L << 20, 1L << 30).build()) {
            arena.allocate(1L << 24, 64);
            return arena.byteSize();
        }
    }
}
