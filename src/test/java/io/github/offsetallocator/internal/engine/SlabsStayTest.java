package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A call that changes nothing dissolves no slab.
class SlabsStayTest {
    private static final long ALL = Long.MAX_VALUE;

    private Engine engine;

    /// All that dissolving a slab would change.
    private record State(List<String> slabs, List<String> freeRegions, long largestFree, long freeUnits, long metadata) {}

    private void make(Threads threads) {
        engine = Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 20, false, true, false, 0, threads));
    }

    private State state() {
        List<String> slabs = new ArrayList<>();
        engine.forEachSlab((offset, slotSize, slots, live) -> slabs.add(offset + ": " + live + " of " + slots + " times " + slotSize));
        int[] counts = engine.freeRegions();
        List<String> free = IntStream.range(0, counts.length).filter(bin -> counts[bin] != 0).mapToObj(bin -> counts[bin] + " in bin " + bin).toList();
        return new State(slabs, free, engine.largestFree(), engine.freeUnits(), engine.metadataSize());
    }

    @AfterEach
    void close() {
        engine.verify();
        engine.close(() -> {});
    }

    /// The first `blocks` are live or, where it says so, every second of them; then all free space is one region, or it is large enough.
    @ParameterizedTest
    @CsvSource({"0, 1, " + ALL, "5, 1, " + ALL, "7, 1, " + ALL, "500, 1, " + ALL, "500, 1, 1", "500, 1, 1000", "500, 2, 1", "500, 2, 1000"})
    void aPlanThatHasNothingToMoveLeavesThem(int blocks, int step, long target) {
        make(Threads.CONFINED);
        long[] all = new long[Math.max(10, blocks)];
        for (int i = 0; i < all.length; i++) {
            all[i] = engine.allocate(8, 0);
        }
        for (int i = all.length - 1; i >= 0; i--) {
            if (i >= blocks || i % step != 0) {
                engine.free(all[i]);
            }
        }
        State before = state();
        assertNotEquals(List.of(), before.slabs);
        int moves = engine.plan(target, 1, compaction -> compaction.count());
        assertEquals(0, moves);
        assertEquals(before, state());
        assertTrue(SlabTable.isSlot(engine.allocate(8, 0)), "slabs are off");
    }

    /// Behind the block lies one without units, live or freed, and then a slab with no live slot.
    @ParameterizedTest
    @CsvSource({"false, CONFINED", "true, CONFINED", "false, ANY", "true, ANY"})
    void aFreeRegionWithoutUnitsIsNoEnd(boolean isLive, Threads threads) {
        make(threads);
        long[] left = new long[1];
        do { // then the next request for the size makes a slab
            engine.allocate(8, 0);
            left[0] = 0;
            engine.forEachSlab((offset, slotSize, slots, live) -> left[0] += slots - live);
        } while (left[0] != 0 || state().slabs.isEmpty());
        long block = engine.allocate(104, 0);
        long end = engine.offset(block) + 104;
        long nothing = engine.allocate(0, 0);
        long slot = engine.allocate(8, 0);
        assertTrue(SlabTable.isSlot(slot));
        assertEquals(end, engine.offset(nothing));
        assertEquals(end, engine.offset(slot));
        engine.free(slot);
        if (!isLive) {
            engine.free(nothing);
        }
        assertEquals(!isLive, engine.resize(block, 105, 0));
        assertEquals(isLive ? 104 : 105, engine.size(block, 0));
    }

    /// A plan that has something to move ends all slabs, since their slots can't move.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = "CONFINED")
    void aPlanWithMovesEndsThem(Threads threads) {
        make(threads);
        long[] all = new long[500];
        for (int i = 0; i < all.length; i++) {
            all[i] = engine.allocate(8, 0);
        }
        engine.free(all[250]);
        assertTrue(engine.plan(ALL, 1, compaction -> compaction.count()) > 0);
        assertEquals(List.of(), state().slabs);
    }

    /// Larger than the range, than what is free, than what is free behind the block and in the slabs there.
    @ParameterizedTest
    @CsvSource({"CONFINED, 9223372036854775807", "CONFINED, 1048577", "CONFINED, 1048576", "CONFINED, 500", "CONFINED, 33",
            "ANY, 9223372036854775807", "ANY, 1048577", "ANY, 1048576", "ANY, 500", "ANY, 33"})
    void aResizeThatDoesNotFitLeavesThem(Threads threads, long size) {
        make(threads);
        long[] all = new long[500];
        for (int i = 0; i < all.length; i++) {
            all[i] = engine.allocate(8, 0);
        }
        for (int i = 101; i < all.length - 100; i++) {
            if (i % 4 != 0) {
                engine.free(all[i]);
            }
        }
        State before = state();
        for (int i = 0; i < all.length; i++) {
            if (i < 101 || i >= all.length - 100 || i % 4 == 0) {
                boolean isLastOfAll = size < 1 << 20 && i > all.length - 100; // may have the rest of the range behind it
                assertFalse(!isLastOfAll && engine.resize(all[i], size, 0), "resized");
            }
        }
        assertEquals(before, state());
    }

    /// Free slots of the own slab, of all slabs behind it, and the free region there.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void aResizeTakesAllThatIsFreeBehind(Threads threads) {
        make(threads);
        long[] all = new long[500];
        for (int i = 0; i < all.length; i++) {
            all[i] = engine.allocate(8, 0);
        }
        for (int i = 101; i < all.length; i++) {
            engine.free(all[i]);
        }
        long most = (1 << 20) - engine.offset(all[100]);
        assertFalse(engine.resize(all[100], most + 1, 0));
        assertTrue(SlabTable.isSlot(all[100]));
        assertTrue(engine.resize(all[100], most, 0));
        engine.verify();
        assertEquals(0, engine.freeUnits());
    }
}
