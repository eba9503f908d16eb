package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.Fit;
import io.github.offsetallocator.MemoryDirectory;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.internal.tables.FailingSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;

/// Calls of an allocator, each of which is struck at every call that it makes. To be loaded by a [StrikeLoader].
public final class StrikeScenario implements Consumer<String> {
    private static final int NODES_AT_FIRST = 248;
    /// A reset makes many calls that are the same, one for each bin: not every one is struck.
    private static final int RESET_CALLS = 7;

    private static final int SLOT = 3;

    private OffsetAllocator allocator;
    private int beforeSlabsGrow;
    private final long[] blocks = new long[12];
    private CompactionPlan plan;
    private final List<ObjLongConsumer<SegmentArena>> checkedCalls = new ArrayList<>();
    private final Path file = MemoryDirectory.create("strike").resolve("arena");

    /// Does what one of the methods here does.
    @Override
    public void accept(String what) {
        try (FailingSource source = new FailingSource()) {
            boolean struck = true;
            for (int n = 1; struck; n++) {
                make(what.equals("walk") || what.equals("close") ? Fit.GOOD : Fit.REFERENCE); // which has no slabs, so there are fewer calls
                struck = run(what, n);
                String when = what + " was struck at call " + n;
                allocator.close();
                allocator.close();
                assertEquals(0, source.openArenas(), () -> when + ": native memory is left after close");
                assertTrue(struck || n > 10, () -> when + ": only so many calls");
            }
            file.toFile().delete();
            file.getParent().toFile().delete();
        }
    }

    private void make(Fit fit) {
        allocator = OffsetAllocator.builder(1 << 14).fit(fit).build();
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = allocator.allocate(3);
        }
        for (int i = 0; i < blocks.length; i += 2) {
            allocator.free(blocks[i]);
        }
        plan = null;
    }

    private boolean run(String what, int n) {
        return switch (what) {
            case "plan" -> isStruckAndPlansGoOn(n, () -> plan = allocator.planCompaction());
            case "drop" -> {
                eachButTheLast(CompactionPlan::drop);
                yield isStruckAndPlansGoOn(n, () -> plan.drop(plan.moves().getLast()));
            }
            case "commit" -> {
                eachButTheLast(CompactionPlan::commit);
                yield isStruckAndPlansGoOn(n, () -> plan.commit(plan.moves().getLast()));
            }
            case "walk" -> isStruckAndFreesGoOn(n, () -> allocator.forEachAllocation(_ -> {}));
            case "grow" -> isStruckAndGrowsLater(n);
            case "growSlabs" -> isStruckWhereSlabsGrow(n);
            case "close" -> Strike.strikes(n, allocator::close);
            case "closeGrowable" -> isStruckAndClosesLater(n);
            case "resetGrowable" -> isStruckInReset(n);
            case "checked" -> isStruckAndCheckedGoesOn(n);
            case "closeNative" -> isStruckTwiceAndClosesLater(n, 3, () -> SegmentArena.builder().nativeMemory(1 << 12).fit(Fit.REFERENCE).build());
            case "closeDurable" -> isStruckTwiceAndClosesLater(n, 1, this::durable);
            default -> throw new IllegalArgumentException(what);
        };
    }

    private void eachButTheLast(BiConsumer<CompactionPlan, CompactionPlan.Move> done) {
        plan = allocator.planCompaction();
        plan.moves().subList(0, plan.moves().size() - 1).forEach(move -> done.accept(plan, move));
    }

    private boolean isStruckAndPlansGoOn(int n, Runnable call) {
        boolean struck = Strike.strikes(n, call);
        if (plan != null) {
            plan.close();
        }
        allocator.planCompaction().close(); // refused if the plan is open still
        allocator.verify();
        return struck;
    }

    private boolean isStruckAndFreesGoOn(int n, Runnable call) {
        boolean struck = Strike.strikes(n, call);
        allocator.free(blocks[blocks.length - 1]); // a slot
        allocator.verify();
        return struck;
    }

    /// The table of nodes becomes larger, and larger again.
    private boolean isStruckAndGrowsLater(int n) {
        long before = allocator.metadataSize();
        while (allocator.allocations() < NODES_AT_FIRST - 2 - blocks.length / 2) {
            allocator.allocate(1);
        }
        boolean struck = Strike.strikes(n, () -> {
            while (allocator.metadataSize() == before) {
                allocator.allocate(1);
            }
        });
        for (int i = 0; i < 2 * NODES_AT_FIRST; i++) {
            allocator.allocate(1);
        }
        assertTrue(allocator.metadataSize() >= 2 * before, () -> before + " bytes became " + allocator.metadataSize());
        allocator.verify();
        return struck;
    }

    /// The table of slabs becomes larger. What comes first then are calls that need no look at the bins.
    private boolean isStruckWhereSlabsGrow(int n) {
        if (beforeSlabsGrow == 0) {
            makeForSlabs();
            long before = allocator.metadataSize();
            while (allocator.metadataSize() == before) {
                allocator.allocate(SLOT);
                beforeSlabsGrow++;
            }
            beforeSlabsGrow--;
        }
        makeForSlabs();
        long before = allocator.metadataSize();
        List<Long> live = new ArrayList<>();
        for (int i = 0; i < beforeSlabsGrow; i++) {
            live.add(allocator.allocate(SLOT));
        }
        assertEquals(before, allocator.metadataSize());
        boolean struck = Strike.strikes(n, () -> allocator.allocate(SLOT));
        allocator.free(live.removeLast());
        allocator.free(live.remove(live.size() / 2));
        for (int i = 0; i < 3; i++) {
            live.add(allocator.allocate(SLOT));
        }
        allocator.verify();
        Set<Long> offsets = new HashSet<>();
        live.forEach(block -> assertTrue(offsets.add(allocator.offset(block)), "two blocks at one offset"));
        int inHand = allocator.allocations() - live.size();
        assertTrue(inHand == 0 || inHand == 1, () -> inHand + " blocks in hand");
        return struck;
    }

    /// A new one whose first table to grow is that of slabs.
    private void makeForSlabs() {
        allocator.close();
        allocator = OffsetAllocator.create(1 << 16);
    }

    private boolean isStruckAndClosesLater(int n) {
        SegmentArena arena = SegmentArena.builder().growable(1 << 12, 1 << 16).build();
        arena.allocate(100);
        boolean struck = Strike.strikes(n, arena::close);
        arena.close();
        return struck;
    }

    private boolean isStruckInReset(int n) {
        SegmentArena.Builder builder = SegmentArena.builder().fit(Fit.REFERENCE).growable(1 << 16, 1 << 20);
        try (SegmentArena arena = (n % 2 == 0 ? builder.shared() : builder).build()) {
            for (int i = 0; i < 3; i++) {
                arena.allocate(40_000 + 100 * i).fill((byte) 1);
                arena.allocate(24);
            }
            boolean struck = Strike.strikes(n, arena::reset);
            switch (n % 3) { // what comes first
                case 0 -> arena.verify();
                case 1 -> arena.trim();
                default -> {} // an allocation
            }
            for (int i = 0; i < 6; i++) {
                long block = arena.tryAllocate(i % 2 == 0 ? 50_000 : 24, 8);
                arena.segment(block).fill((byte) i);
                assertTrue(arena.owns(arena.segment(block)));
            }
            arena.verify();
            arena.reset();
            arena.trim();
            assertEquals(0, arena.byteSize());
            arena.verify();
            return struck;
        }
    }

    private boolean isStruckAndCheckedGoesOn(int n) {
        if (n == 1) {
            checkedCalls.addAll(List.of((arena, _) -> arena.tryAllocate(100, 1), (arena, _) -> arena.allocate(24, 1), StrikeScenario::allocateInScope,
                    (arena, block) -> arena.resize(block, 300), (arena, block) -> arena.resize(block, 20), (arena, block) -> arena.reallocate(block, 5000, 1),
                    SegmentArena::free, (arena, block) -> arena.freeAll(new long[] {block}, 0, 1)));
            checkedCalls.forEach(call -> isStruckChecked(0, call)); // classes are initialized before
            checkedCalls.forEach(call -> isStruckChecked(-1, call));
        }
        checkedCalls.removeIf(call -> !isStruckChecked(n, call));
        boolean isResetStruck = isStruckChecked(RESET_CALLS * n, (arena, _) -> arena.reset());
        return isResetStruck || !checkedCalls.isEmpty();
    }

    private static void allocateInScope(SegmentArena arena, long block) {
        try (Arena scope = arena.scope()) {
            scope.allocate(40, 1);
        }
    }

    private boolean isStruckChecked(int n, ObjLongConsumer<SegmentArena> call) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(1 << 14).fit(Fit.REFERENCE).checked();
        try (SegmentArena arena = (n % 2 == 0 ? builder.shared() : builder).build()) {
            long block = arena.tryAllocate(200, 1);
            long other = arena.tryAllocate(200, 1);
            arena.free(arena.tryAllocate(300, 1));
            arena.segment(block).fill((byte) 1);
            MemorySegment slice = arena.segment(other);
            boolean struck = Strike.strikes(n, () -> call.accept(arena, block));
            if (n % 2 == 0) {
                arena.verify();
            }
            List<Long> live = new ArrayList<>();
            arena.forEachAllocation(live::add); // with the one in hand, if that is live
            for (long handle : live) {
                MemorySegment bytes = arena.segment(handle);
                assertEquals(arena.size(handle), bytes.byteSize());
                bytes.fill((byte) 2);
            }
            arena.verify();
            if (n % 3 != 0) {
                live.forEach(handle -> arena.resize(handle, 10));
                arena.verify();
                live.forEach(arena::free);
                assertThrows(IllegalStateException.class, () -> slice.fill((byte) 3));
            }
            arena.reset();
            arena.free(arena.allocate(400, 1));
            arena.verify();
            return struck;
        }
    }

    /// What an error does first that strikes after the memory has ended is struck too.
    private boolean isStruckTwiceAndClosesLater(int n, int most, Supplier<SegmentArena> made) {
        boolean struck = false;
        for (int later = 1; later <= most; later++) {
            SegmentArena arena = made.get();
            struck = Strike.strikes(n, later, () -> closeStruck(arena));
            arena.close();
            assertEquals(0, Strike.openArenas(), () -> "struck at call " + n + ": memory is left after close");
        }
        return struck;
    }

    /// A file may end with the tables that lie in it: what is struck twice says so.
    private static void closeStruck(SegmentArena arena) {
        try {
            arena.close();
        } catch (IllegalStateException ended) {
            assertEquals("Already closed", ended.getMessage());
        }
    }

    private SegmentArena durable() {
        try {
            Files.deleteIfExists(file);
            return SegmentArena.builder().durable(file, 1 << 12).fit(Fit.REFERENCE).build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
