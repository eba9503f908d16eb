package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.offsetallocator.SegmentArena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Slabs of a shared durable arena that were made anew for another size, after the file was opened again.
class MadeAnewFileTest {
    private static final int GRANULE = 16;

    @TempDir
    Path directory;

    private SegmentArena open(long granules) {
        return builder(granules).shared().build();
    }

    private SegmentArena.Builder builder(long granules) {
        return SegmentArena.builder().durable(directory.resolve("file"), granules * GRANULE);
    }

    private static void heat(SegmentArena arena, long granules) {
        for (int i = 0; i < 4; i++) {
            arena.free(arena.tryAllocate(granules * GRANULE, 1));
        }
    }

    /// Two threads whose numbers follow each other are of two stripes, one of them not of this thread's.
    private static void useOtherStripes(SegmentArena arena) throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            Thread.ofPlatform().start(() -> arena.free(arena.tryAllocate(GRANULE, 1))).join();
        }
    }

    /// A slab of 72 units, from one behind the start of a page on, made anew for a slot of 63, would have the start of no page without its rest.
    @Test
    void aSlotIsFoundByItsAddress() throws InterruptedException {
        long made;
        try (SegmentArena arena = open(1 << 13)) {
            heat(arena, 9);
            heat(arena, 63);
            arena.allocate(65 * GRANULE, 1);
            List<Long> first = allocate(arena, 9, 8);
            arena.allocate(9 * GRANULE, 1); // of the next slab
            useOtherStripes(arena);
            arena.allocate(7500 * GRANULE, 1);
            first.forEach(arena::free);
            made = arena.tryAllocate(63 * GRANULE, 1);
            assertEquals(65 * GRANULE, arena.offset(made));
            assertEquals(made, arena.allocationOf(arena.segment(made)));
        }
        try (SegmentArena arena = open(1 << 13)) {
            arena.verify();
            assertEquals(made, arena.allocationOf(arena.segment(made)));
        }
    }

    /// The table of nodes has one for each slab, and may have none for rests that no slot takes.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyWithARestAreNoDamage(boolean isShared) throws InterruptedException {
        List<Long> second;
        try (SegmentArena arena = open(1 << 14)) {
            heat(arena, 9);
            heat(arena, 5);
            useOtherStripes(arena);
            allocate(arena, 9, 1590).forEach(arena::free);
            second = allocate(arena, 5, 2700);
        }
        try (SegmentArena arena = isShared ? open(1 << 14) : builder(1 << 14).build()) {
            arena.verify();
            assertEquals(second.size(), arena.allocations());
            second.forEach(arena::free);
            arena.verify();
            assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate((1L << 14) * GRANULE, 1)); // rests have gone back with their slabs
            arena.verify();
        }
    }

    private static List<Long> allocate(SegmentArena arena, long granules, int count) {
        List<Long> handles = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            handles.add(arena.tryAllocate(granules * GRANULE, 1));
        }
        return handles;
    }
}
