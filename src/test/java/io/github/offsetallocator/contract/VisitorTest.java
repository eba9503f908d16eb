package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.offsetallocator.ArenaStatistics;
import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the visitor of a walk may do: read, write to allocations, set tags and the root. All else is refused, and nothing has changed.
class VisitorTest {
    @TempDir
    Path directory;

    enum Pool { CONFINED, SHARED, GROWABLE, GROWABLE_SHARED, DURABLE, DURABLE_SHARED, REAL_TIME }

    private SegmentArena.Builder builder(Pool pool, String file) {
        SegmentArena.Builder builder = SegmentArena.builder();
        builder = switch (pool) {
            case GROWABLE, GROWABLE_SHARED -> builder.growable(64 << 10, 1 << 20);
            case DURABLE, DURABLE_SHARED -> builder.durable(directory.resolve(file), 1 << 20);
            case REAL_TIME -> builder.nativeMemory(1 << 20).maxAllocations(100).realTime();
            default -> builder.nativeMemory(1 << 20);
        };
        return pool.name().endsWith("SHARED") ? builder.shared() : builder;
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void ofAnArena(Pool pool) {
        for (boolean checked : new boolean[] {false, true}) {
            SegmentArena.Builder builder = builder(pool, "" + checked);
            try (SegmentArena arena = (checked ? builder.checked() : builder).build()) {
                long[] blocks = {arena.tryAllocate(100, 1), arena.tryAllocate(5000, 1)};
                long retired = arena.tryAllocate(100, 1);
                arena.retire(retired, 1);
                Arena scope = arena.scope();
                int[] visited = {0};
                arena.forEachAllocation(block -> {
                    visited[0]++;
                    arena.setTag(block, block + 1);
                    arena.segment(block).fill((byte) 3);
                    arena.access().setLong(block, 8, 5);
                    arena.access().fill(block, 16, 16, (byte) 6);
                    if (pool.name().startsWith("DURABLE")) {
                        arena.setRoot(block);
                    }
                    for (LongConsumer change : changes(arena, scope)) {
                        assertThrows(IllegalStateException.class, () -> change.accept(block));
                    }
                });
                arena.forEachRegion((_, _, block) -> {
                    if (block > 0) {
                        assertEquals(block + 1, arena.tag(block));
                        arena.setTag(block, block + 2);
                    }
                });
                assertEquals(2, visited[0]);
                assertEquals(2, arena.allocations());
                assertEquals(1, arena.retired());
                for (long block : blocks) {
                    assertEquals(block + 2, arena.tag(block));
                    assertEquals(5, arena.access().getLong(block, 8));
                    assertEquals(6, arena.access().getByte(block, 31));
                    assertEquals(3, arena.access().getByte(block, 32));
                }
                arena.verify();
                scope.allocate(1);
                scope.close();
            }
        }
    }

    private static List<LongConsumer> changes(SegmentArena arena, Arena scope) {
        return List.of(_ -> arena.tryAllocate(10, 1), _ -> arena.tryAllocate(10_000, 64), _ -> arena.allocate(10), _ -> arena.allocateZeroed(10, 1),
                arena::free, block -> arena.free(arena.segment(block)), block -> arena.freeAt(arena.address(block)),
                block -> arena.freeAll(new long[] {block}, 0, 1), block -> arena.resize(block, 101), block -> arena.reallocate(block, 101, 1),
                block -> arena.reallocate(block, 20_000, 1), block -> arena.reallocate(arena.segment(block), 20_000, 1),
                block -> arena.retire(block, 1), _ -> arena.reclaim(1), _ -> arena.reset(), _ -> arena.trim(), _ -> arena.grow(1 << 20),
                _ -> arena.close(),
                _ -> scope.allocate(1), _ -> scope.close());
    }

    @Test
    void ofAnAllocator() {
        try (OffsetAllocator allocator = OffsetAllocator.create(10_000)) {
            allocator.free(allocator.allocate(10));
            long block = allocator.allocate(100);
            allocator.forEachAllocation(each -> {
                allocator.setTag(each, 7);
                for (LongConsumer change : changes(allocator)) {
                    assertThrows(IllegalStateException.class, () -> change.accept(each));
                }
            });
            assertEquals(7, allocator.tag(block));
            assertEquals(100, allocator.size(block));
            allocator.verify();
            try (CompactionPlan plan = allocator.planCompaction(9000)) {
                allocator.forEachAllocation(_ -> {
                    for (CompactionPlan.Move move : plan.moves()) {
                        assertThrows(IllegalStateException.class, () -> plan.commit(move));
                        assertThrows(IllegalStateException.class, () -> plan.drop(move));
                    }
                });
            }
        }
    }

    private static List<LongConsumer> changes(OffsetAllocator allocator) {
        return List.of(_ -> allocator.allocate(1), allocator::free, block -> allocator.resize(block, 90), block -> allocator.retire(block, 1),
                _ -> allocator.reclaim(1), _ -> allocator.grow(20_000), _ -> allocator.reset(), _ -> allocator.planCompaction(100),
                _ -> allocator.close());
    }

    /// What is refused takes nothing, not for a moment: the counts stay.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRefusedRequestOfADurableZeroedArenaIsNotCounted(boolean isShared, @TempDir Path directory) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(directory.resolve("a"), 1 << 18).zeroed();
        try (SegmentArena arena = (isShared ? builder.shared() : builder).build()) {
            for (int i = 0; i < 12; i++) {
                arena.tryAllocate(100, 1);
            }
            ArenaStatistics before = arena.statistics();
            arena.forEachAllocation(_ -> {
                assertThrows(IllegalStateException.class, () -> arena.tryAllocate(100, 1));
                assertThrows(IllegalStateException.class, () -> arena.tryAllocate(5000, 1));
            });
            assertEquals(before, arena.statistics());
            arena.verify();
        }
    }
}
