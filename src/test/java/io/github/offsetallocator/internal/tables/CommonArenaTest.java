package io.github.offsetallocator.internal.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/// To close an arena of the JDK for any thread takes a handshake with all threads. So tables have one in common.
@ResourceLock("source of table memory")
class CommonArenaTest {
    private static final int BYTES = 1 << 20;

    private final Set<Arena> arenas = new LinkedHashSet<>();
    private TableMemory.Source before;

    @BeforeEach
    void listen() {
        before = TableMemory.source;
        TableMemory.source = (arena, byteSize, byteAlignment) -> {
            arenas.add(arena);
            return before.allocate(arena, byteSize, byteAlignment);
        };
    }

    @AfterEach
    void stop() {
        TableMemory.source = before;
    }

    @Test
    void aConfinedArenaHasOne() {
        hasOne(SegmentArena.ofConfined(BYTES));
    }

    @Test
    void aSharedArenaHasOne() {
        hasOne(SegmentArena.ofShared(BYTES));
    }

    private void hasOne(SegmentArena made) {
        try (made) {
            use(made);
            assertEquals(1, arenas.size());
        }
        assertAllAreClosed();
    }

    /// A table that was replaced gives back what it had, but for the first.
    @Test
    void aLargerTableHasItsOwn() {
        try (OffsetAllocator allocator = OffsetAllocator.create(BYTES)) {
            for (int i = 0; i < BYTES / 4; i++) {
                assertTrue(allocator.allocate(4) != OffsetAllocator.NO_SPACE);
            }
            long open = arenas.stream().filter(arena -> arena.scope().isAlive()).count();
            assertTrue(arenas.size() > 5 && open <= 3, arenas.size() + " arenas, open are " + open);
        }
        assertAllAreClosed();
    }

    @Test
    void anEngineThatGetsNoMemoryHasNone() {
        TableMemory.Source listening = TableMemory.source;
        for (int failing = 1; failing < 3; failing++) {
            int[] left = {failing};
            TableMemory.source = (arena, byteSize, byteAlignment) -> {
                MemorySegment made = listening.allocate(arena, byteSize, byteAlignment);
                if (--left[0] == 0) {
                    throw new OutOfMemoryError("a test");
                }
                return made;
            };
            try (SegmentArena arena = SegmentArena.ofConfined(BYTES)) {
                throw new AssertionError("made: " + arena);
            } catch (OutOfMemoryError expected) {
                assertFalse(arenas.isEmpty());
                assertAllAreClosed();
            }
        }
    }

    private static void use(SegmentArena arena) {
        for (int i = 0; i < 100; i++) {
            long allocation = arena.tryAllocate(48, 16);
            arena.free(allocation);
        }
    }

    private void assertAllAreClosed() {
        arenas.forEach(arena -> assertFalse(arena.scope().isAlive()));
    }
}
