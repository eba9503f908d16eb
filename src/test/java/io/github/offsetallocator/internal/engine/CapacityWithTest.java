package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How large an engine must become for a request, at the upper end of the largest range.
class CapacityWithTest {
    private static final long MOST = 0xFFFF_FFFFL;
    private static final long FIRST = MOST - 8192;
    private static final long END = FIRST - 100;

    private static Engine full(FitPolicy policy, Threads threads) {
        Engine engine = Engine.of(new Settings(FIRST, policy, 1 << 20, false, policy == FitPolicy.GOOD, true, 0, threads));
        engine.allocate(1, 0);
        engine.allocate(END - 1, 0);
        return engine;
    }

    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void theLastUnitIsEnough(Threads threads) {
        for (long alignment : new long[] {1, 2, 64, 4096}) {
            Engine engine = full(FitPolicy.GOOD, threads);
            long at = END + alignment - 1 & -alignment;
            assertEquals(MOST, engine.capacityWith(MOST - at, alignment));
            assertTrue(engine.capacityWith(MOST - at + 1, alignment) > MOST);
            engine.grow(MOST);
            assertEquals(at, engine.offset(engine.allocate(MOST - at, alignment, 0)));
            engine.verify();
            engine.close(() -> {});
        }
    }

    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void theCapacityIsEnoughForEachSizeAndOneLessIsNot(Threads threads) {
        for (FitPolicy policy : List.of(FitPolicy.GOOD, FitPolicy.REFERENCE)) {
            for (long size = 101; size < 4000; size += 97) {
                for (long alignment = 1; alignment <= 2048; alignment *= 8) {
                    Engine engine = full(policy, threads);
                    long needed = engine.capacityWith(size, alignment);
                    assertTrue(needed > FIRST && needed <= MOST, "" + needed);
                    if (needed > FIRST + 1) {
                        engine.grow(needed - 1);
                        assertEquals(Engine.NO_SPACE, engine.allocate(size, alignment, 0));
                    }
                    engine.grow(needed);
                    assertNotEquals(Engine.NO_SPACE, engine.allocate(size, alignment, 0));
                    engine.close(() -> {});
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void noAlignmentIsTooLargeToCount(Threads threads) {
        Engine engine = full(FitPolicy.GOOD, threads);
        assertEquals((1L << 58) + 3, engine.capacityWith(3, 1L << 58));
        assertEquals((1L << 58) + 1, engine.capacityWith(0, 1L << 58));
        engine.close(() -> {});
    }

    /// A region that has grown is found behind however many others of its bin.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void whatHasBecomeLargerIsFound(Threads threads) {
        Engine engine = Engine.of(new Settings(1_000_000, FitPolicy.GOOD, 1 << 20, false, false, true, 0, threads));
        List<Long> gaps = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            gaps.add(engine.allocate(2048, 0));
            engine.allocate(1, 0);
        }
        engine.allocate(1_000_000 - 200 * 2049 - 2048, 0);
        gaps.forEach(engine::free); // all come before the last region in its bin
        long needed = engine.capacityWith(2100, 1);
        assertEquals(1_000_052, needed);
        engine.grow(needed);
        assertNotEquals(Engine.NO_SPACE, engine.allocate(2100, 0));
        engine.close(() -> {});
    }

    /// What is free behind the last live slot belongs to the request, and what is free before it does not.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void slabsAtTheEndAreLookedInto(Threads threads) {
        Engine engine = Engine.of(new Settings(1 << 16, FitPolicy.GOOD, 1 << 20, false, true, true, 0, threads));
        List<Long> slots = new ArrayList<>();
        long slot;
        while ((slot = engine.allocate(3, 0)) != Engine.NO_SPACE) {
            slots.add(slot);
        }
        slots.sort((a, b) -> Long.compare(engine.offset(a), engine.offset(b)));
        while (slots.size() > 1000) {
            engine.free(slots.removeLast());
        }
        for (int i = 0; i < 200; i++) {
            long end = engine.offset(slots.getLast()) + 3;
            assertEquals(end + (1 << 16), engine.capacityWith(1 << 16, 1));
            engine.free(slots.removeLast());
        }
        slots.forEach(engine::free);
        assertEquals((1 << 16) + 1, engine.capacityWith(1 << 16, 1)); // it fits already, and the answer is for one that was refused
        engine.close(() -> {});
    }
}
