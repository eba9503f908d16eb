package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that are opened with room for fewer allocations than they were made with: for as many as are live, or a few more.
class FewerAllocationsTest {
    private static final long SIZE = 64 << 20;
    private static final long LARGE = 17 << 10;

    /// What was live before the file was opened again, and is to be live then.
    interface Work {
        Set<Long> in(SegmentArena arena);
    }

    enum Left implements Work {
        /// Blocks with free regions between: more nodes than twice the blocks that may be live.
        MANY_NODES {
            @Override
            public Set<Long> in(SegmentArena arena) {
                return nodes(arena, 757);
            }
        },
        /// The same, and slabs that are to be dissolved at once.
        NODES_AND_SLABS {
            @Override
            public Set<Long> in(SegmentArena arena) {
                Set<Long> live = nodes(arena, 740);
                List<Long> small = new ArrayList<>();
                for (int i = 0; i < 300; i++) {
                    small.add(arena.tryAllocate(1024, 16));
                }
                for (int i = 0; i < 300; i++) {
                    keepOrFree(arena, live, small.get(i), i % 25 == 24);
                }
                return live;
            }
        },
        /// Each with one live slot and free regions around it.
        SLABS_APART {
            @Override
            public Set<Long> in(SegmentArena arena) {
                List<Long> between = new ArrayList<>();
                Set<Long> live = new HashSet<>();
                List<Long> small = new ArrayList<>();
                for (int i = 0; i < 350; i++) {
                    for (int slot = 0; slot < 64; slot++) {
                        small.add(arena.tryAllocate(16, 16));
                    }
                    between.add(arena.tryAllocate(LARGE, 16));
                }
                Set<Integer> rows = new HashSet<>();
                for (long handle : small) {
                    keepOrFree(arena, live, handle, rows.add((int) handle >>> 6));
                }
                between.forEach(arena::free);
                return live;
            }
        };

        static Set<Long> nodes(SegmentArena arena, int count) {
            List<Long> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(arena.tryAllocate(LARGE, 16));
            }
            Set<Long> live = new HashSet<>();
            for (int i = 0; i < count; i++) {
                keepOrFree(arena, live, all.get(i), i < 660 ? i % 2 == 1 : i == count - 1);
            }
            return live;
        }

        static void keepOrFree(SegmentArena arena, Set<Long> live, long handle, boolean isKept) {
            if (isKept) {
                live.add(handle);
            } else {
                arena.free(handle);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"MANY_NODES, false, 0", "MANY_NODES, true, 19", "NODES_AND_SLABS, false, 0", "NODES_AND_SLABS, true, 7", "SLABS_APART, false, 0", "SLABS_APART, true, 1"})
    void aFileIsOpenedWithRoomForAsManyAsAreLive(Left left, boolean isShared, int more, @TempDir Path directory) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(directory.resolve("arena"), SIZE);
        Set<Long> live;
        try (SegmentArena arena = builder.build()) {
            live = left.in(arena);
            arena.verify();
        }
        try (SegmentArena arena = (isShared ? builder.shared() : builder).maxAllocations(live.size() + more).build()) {
            arena.verify();
            assertEquals(live.size(), arena.allocations());
            for (int i = 0; i < more + 1; i++) {
                long handle = arena.tryAllocate(1024, 16);
                assertEquals(i < more, handle != SegmentArena.NO_SPACE, "block " + i + " of " + more);
                if (i < more) {
                    assertTrue(arena.resize(handle, 512));
                }
            }
            for (long handle : live) {
                arena.resize(handle, 8);
            }
            arena.verify();
            live.forEach(arena::free);
            arena.verify();
            assertEquals(more, arena.allocations());
        }
    }
}
