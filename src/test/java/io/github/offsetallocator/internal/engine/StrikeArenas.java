package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.MemoryDirectory;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;

/// Calls of arenas, each of which is struck at every call that it makes. To be loaded by a [StrikeLoader].
public final class StrikeArenas implements Consumer<String> {
    private static final long BYTES = 1 << 14;
    /// Calls at the start each of which is struck. Many of those that come later fill tables.
    private static final int ALL_OF = 60;
    private static final int SOME_OF = 11;

    private final Path file = MemoryDirectory.create("strike").resolve("arena");
    private final List<ObjLongConsumer<SegmentArena>> durableCalls = new ArrayList<>(List.of((arena, _) -> arena.tryAllocate(300, 8),
            SegmentArena::free, (arena, block) -> arena.freeAll(new long[] {block}, 0, 1), (arena, block) -> arena.setTag(block, 7),
            SegmentArena::setRoot, (arena, _) -> arena.force(), (arena, block) -> arena.resize(block, 20),
            (arena, block) -> arena.reallocate(block, 2000, 8), (arena, block) -> arena.retire(block, 3)));
    private Arena scope;
    /// What a durable arena had when it was closed last.
    private Map<Long, List<Long>> left = Map.of();
    private long root;

    /// Does what one of the methods here does.
    @Override
    public void accept(String what) {
        boolean struck = true;
        for (int n = -1; n < 1 || struck; n += n < ALL_OF || what.equals("reset") || what.equals("growable") ? 1 : SOME_OF) { // classes are initialized before
            String when = what + " was struck at call " + n;
            struck = switch (what) {
                case "scope" -> isStruckInScope(n);
                case "reset" -> isStruckInReset(n);
                case "growable" -> isStruckAsItGrows(n);
                case "retire" -> isStruckWhileRetired(n);
                case "durableCalls" -> isAnyDurableCallStruck(n);
                default -> throw new IllegalArgumentException(what);
            };
            assertEquals(0, Strike.openArenas(), () -> when + ": memory is left");
            assertTrue(n < 1 || struck || n > 10, when + ": only so many calls");
        }
        file.toFile().delete();
        file.getParent().toFile().delete();
    }

    private static SegmentArena arena(int n) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(BYTES).fit(Fit.REFERENCE);
        return (n % 2 == 0 ? builder.shared() : builder).build();
    }

    private boolean isStruckInScope(int n) {
        try (SegmentArena arena = arena(n)) {
            scope = null;
            boolean struck = Strike.strikes(n, () -> {
                scope = arena.scope();
                for (int i = 0; i < 20; i++) {
                    scope.allocate(40, 8).fill((byte) 1);
                }
                scope.allocate(0, 1);
                scope.close();
            });
            closeStruck(scope);
            arena.verify();
            assertTrue(arena.allocations() <= 1, () -> arena.allocations() + " blocks are left of a scope that was struck at call " + n);
            try (Arena other = arena.scope()) {
                assertEquals(-1, other.allocate(1000, 8).mismatch(MemorySegment.ofArray(new byte[1000])));
            }
            arena.reset();
            arena.verify();
            return struck;
        }
    }

    private static void closeStruck(Arena scope) {
        if (scope == null) {
            return;
        }
        try {
            scope.close();
        } catch (IllegalStateException ended) {
            assertEquals("Already closed", ended.getMessage());
        }
    }

    private boolean isStruckInReset(int n) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(4 * BYTES).fit(n % 3 == 0 ? Fit.GOOD : Fit.REFERENCE);
        try (SegmentArena arena = (n % 2 == 0 ? builder.shared() : builder).build()) {
            for (int i = 0; i < 100; i++) {
                arena.allocate(16, 8);
            }
            boolean struck = Strike.strikes(n, arena::reset);
            if (n % 4 < 2) {
                arena.reset();
            }
            arena.allocate(100, 8);
            arena.verify();
            long[] seen = new long[2];
            arena.forEachAllocation(block -> {
                seen[0]++;
                seen[1] += arena.size(block) + 15 & -16;
            });
            assertEquals(seen[0], arena.statistics().liveAllocations(), () -> "after a strike at call " + n);
            assertEquals(seen[1], arena.statistics().usedBytes(), () -> "after a strike at call " + n);
            return struck;
        }
    }

    /// A chunk comes, one of its own size comes and goes, and the first may go too.
    private boolean isStruckAsItGrows(int n) {
        SegmentArena.Builder builder = SegmentArena.builder().growable(BYTES, 1 << 20).fit(Fit.REFERENCE);
        try (SegmentArena arena = (n % 2 == 0 ? builder.shared() : builder).build()) {
            boolean struck = Strike.strikes(n, () -> {
                arena.allocate(100, 8);
                arena.free(arena.tryAllocate(2 * BYTES, 8));
            });
            if (n % 4 < 2) {
                arena.verify();
            }
            for (int i = 0; i < 3; i++) {
                arena.allocate(10_000, 8).fill((byte) 1);
            }
            arena.verify();
            arena.reset();
            arena.trim();
            assertEquals(0, arena.byteSize(), () -> "after a strike at call " + n);
            return struck;
        }
    }

    private boolean isStruckWhileRetired(int n) {
        try (SegmentArena arena = arena(n)) {
            long[] blocks = new long[6];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = arena.tryAllocate(100, 8);
            }
            boolean struck = Strike.strikes(n, () -> {
                for (int i = 0; i < 4; i++) {
                    arena.retire(blocks[i], i);
                }
                arena.reclaim(1);
                arena.retire(blocks[4], 4);
            });
            arena.verify();
            arena.retire(arena.tryAllocate(8, 8), 5);
            String when = "after a strike at call " + n;
            int retired = arena.retired();
            int freed = arena.reclaim(5);
            assertEquals(retired - arena.retired(), freed, when);
            arena.verify();
            assertTrue(arena.retired() <= 1, () -> arena.retired() + " blocks stay retired " + when);
            long[] live = new long[1];
            arena.forEachAllocation(_ -> live[0]++);
            assertEquals(live[0], arena.allocations(), when);
            arena.free(blocks[5]);
            arena.verify();
            arena.reset();
            arena.verify();
            return struck;
        }
    }

    private boolean isAnyDurableCallStruck(int n) {
        if (n < 1) {
            durableCalls.forEach(call -> isDurableCallStruck(n, call));
        } else {
            durableCalls.removeIf(call -> !isDurableCallStruck(n, call));
        }
        return !durableCalls.isEmpty();
    }

    /// What is live, and its tags, root and contents, is the same when the file is opened again.
    private boolean isDurableCallStruck(int n, ObjLongConsumer<SegmentArena> call) {
        try (SegmentArena arena = durable()) {
            arena.verify();
            assertEquals(left, contents(arena), () -> "opened again before a strike at call " + n);
            assertEquals(root, arena.root());
            arena.reset();
            long block = arena.tryAllocate(200, 8);
            long other = arena.tryAllocate(200, 8);
            arena.setRoot(other);
            arena.setTag(other, 5);
            fill(arena, block, 1);
            fill(arena, other, 2);
            boolean struck = Strike.strikes(n, () -> call.accept(arena, block));
            if (n % 2 == 0) {
                arena.verify();
            }
            long later = arena.tryAllocate(50, 8);
            fill(arena, later, 3);
            arena.setTag(later, 9);
            arena.verify();
            left = contents(arena);
            assertEquals(List.of(200L, 5L, 2L), left.get(other), () -> "struck at call " + n);
            root = arena.root();
            assertTrue(root == other || root == block, () -> "the root is " + root + " after a strike at call " + n);
            return struck;
        }
    }

    private static void fill(SegmentArena arena, long block, int value) {
        arena.segment(block).fill((byte) value);
    }

    /// Of each live block its size, its tag and its first byte.
    private static Map<Long, List<Long>> contents(SegmentArena arena) {
        List<Long> live = new ArrayList<>();
        arena.forEachAllocation(live::add);
        Map<Long, List<Long>> contents = new HashMap<>();
        live.forEach(block -> contents.put(block,
                List.of(arena.size(block), arena.tag(block), (long) arena.segment(block).get(ValueLayout.JAVA_BYTE, 0))));
        return contents;
    }

    private SegmentArena durable() {
        return SegmentArena.builder().durable(file, BYTES).fit(Fit.REFERENCE).build();
    }
}
