package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A `resize` that is refused changes nothing, not even how many chunks there are.
class RefusedResizeTest {
    private static final long CHUNK = 64 << 10;
    private static final int SMALL = 48;
    /// Sizes of which each is asked for too seldom to get slabs, and times that it is.
    private static final int SIZES = 64, TIMES = 4;

    /// In a shared arena, the empty slabs of one size stay until requests of another size sweep them. So it is an allocation that makes
    /// chunks due to go back. They go with the next call that frees something, and with no other.
    @Test
    void givesNoChunkBack() {
        try (SegmentArena arena = SegmentArena.builder().growable(CHUNK, 64 * CHUNK).shared().build()) {
            long first = arena.tryAllocate(CHUNK / 2, 16);
            long second = arena.tryAllocate(CHUNK / 4, 16);
            assertEquals(arena.offset(first) + CHUNK / 2, arena.offset(second));
            List<Long> small = new ArrayList<>();
            while (arena.byteSize() < 20 * CHUNK) {
                small.add(arena.tryAllocate(SMALL, 16));
            }
            small.forEach(arena::free);
            for (int i = 0; i < SIZES * TIMES; i++) {
                arena.tryAllocate(16 * (1 + i % SIZES), 16);
                long before = arena.byteSize();
                assertFalse(arena.resize(first, CHUNK));
                assertEquals(before, arena.byteSize(), "a refused resize has given chunks back");
                assertFalse(arena.resize(first, Long.MAX_VALUE));
                assertEquals(before, arena.byteSize(), "a refused resize has given chunks back");
            }
            long before = arena.byteSize();
            assertTrue(arena.resize(first, CHUNK / 4));
            assertTrue(arena.byteSize() < before, () -> "no allocation has made a chunk due to go back; there are " + before);
            arena.verify();
        }
    }
}
