package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is refused is refused too where a free slot is at hand, and the block that is named is a live one in a slab.
class ShortWayTest {
    private static final long SIZE = 64;

    enum Pool { CONFINED, SHARED, GROWABLE, GROWABLE_SHARED, DURABLE, DURABLE_SHARED, ARRAY, ARRAY_SHARED }

    @TempDir
    Path directory;

    private SegmentArena arena;
    private long block;
    private MemorySegment slice;

    /// Opens an arena in which half of a few slabs is live.
    private void open(Pool pool) {
        SegmentArena.Builder builder = SegmentArena.builder();
        builder = switch (pool) {
            case GROWABLE, GROWABLE_SHARED -> builder.growable(1 << 20, 4 << 20);
            case DURABLE, DURABLE_SHARED -> builder.durable(directory.resolve("blocks"), 1 << 20);
            case ARRAY, ARRAY_SHARED -> builder.backing(MemorySegment.ofArray(new int[1 << 18]));
            default -> builder.nativeMemory(1 << 20);
        };
        arena = (pool.name().endsWith("SHARED") ? builder.shared() : builder).build();
        long[] blocks = new long[300];
        Arrays.setAll(blocks, _ -> arena.tryAllocate(SIZE, 1));
        for (int i = 0; i < blocks.length; i += 2) {
            arena.free(blocks[i]);
        }
        block = blocks[201];
        slice = arena.segment(block);
    }

    private void nothingHasChanged() {
        assertEquals(150, arena.allocations());
        assertEquals(SIZE, arena.size(block));
        arena.verify();
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void badNumbers(Pool pool) {
        open(pool);
        try (SegmentArena arena = this.arena) {
            for (long alignment : new long[] {0, -1, 3, 5, 7, 12, 15, 17, -16, Long.MIN_VALUE, Long.MIN_VALUE + 1, Long.MAX_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(SIZE, alignment), () -> "alignment " + alignment);
            }
            for (long size : new long[] {-1, -16, -SIZE, Long.MIN_VALUE, Long.MIN_VALUE + SIZE}) {
                assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(size, 1), () -> "size " + size);
            }
            if (pool.name().startsWith("ARRAY")) {
                assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(SIZE, 8), "more than an array of ints can have");
            }
            nothingHasChanged();
            assertTrue(arena.address(arena.tryAllocate(0, 1)) != arena.address(arena.tryAllocate(0, 1)));
            assertEquals(0, arena.allocate(SIZE, 4).address() % 4);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Pool.class, names = {"CONFINED", "GROWABLE", "DURABLE", "ARRAY"})
    void anotherThread(Pool pool) {
        open(pool);
        try (SegmentArena arena = this.arena) {
            refused(() -> arena.tryAllocate(SIZE, 1));
            refused(() -> arena.allocate(SIZE, 1));
            refused(() -> arena.free(block));
            refused(() -> arena.free(slice));
            refused(() -> arena.freeAt(slice.address()));
            nothingHasChanged();
        }
    }

    private static void refused(Runnable call) {
        ExecutionException failed = assertThrows(ExecutionException.class, () -> CompletableFuture.runAsync(call).get());
        assertEquals(WrongThreadException.class, failed.getCause().getClass());
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void aVisitor(Pool pool) {
        open(pool);
        try (SegmentArena arena = this.arena) {
            int[] visited = {0};
            arena.forEachAllocation(_ -> {
                visited[0]++;
                assertThrows(IllegalStateException.class, () -> arena.tryAllocate(SIZE, 1));
                assertThrows(IllegalStateException.class, () -> arena.allocate(SIZE, 1));
                assertThrows(IllegalStateException.class, () -> arena.free(block));
                assertThrows(IllegalStateException.class, () -> arena.free(slice));
                assertThrows(IllegalStateException.class, () -> arena.freeAt(slice.address()));
            });
            assertEquals(150, visited[0]);
            nothingHasChanged();
            arena.free(slice);
            assertEquals(149, arena.allocations());
        }
    }

    /// A refusal may tell threads that don't take the lock what they need not ask for. It ends with the next free.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void aFreeMakesRoomForAnotherSize(Pool pool) {
        open(pool);
        try (SegmentArena arena = this.arena) {
            for (long next = block; next != SegmentArena.NO_SPACE; next = arena.tryAllocate(SIZE, 1)) {
                assertTrue(arena.allocations() <= 4 << 20 >> 6);
            }
            List<Long> blocks = new ArrayList<>();
            arena.forEachAllocation(blocks::add);
            blocks.removeIf(next -> (int) (long) next >= 0); // which lie in no slab
            assertTrue(blocks.size() >= 300, () -> "only " + blocks.size());
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(2 * SIZE, 1));
            blocks.forEach(arena::free);
            assertTrue(arena.tryAllocate(2 * SIZE, 1) != SegmentArena.NO_SPACE, "what is free is refused");
            arena.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void afterClose(Pool pool) {
        open(pool);
        long address = slice.address();
        arena.close();
        assertThrows(IllegalStateException.class, () -> arena.tryAllocate(SIZE, 1));
        assertThrows(IllegalStateException.class, () -> arena.free(block));
        assertThrows(IllegalStateException.class, () -> arena.freeAt(address));
    }
}
