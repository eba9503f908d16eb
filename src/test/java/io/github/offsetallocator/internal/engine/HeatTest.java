package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A size that was asked for 2^31 times while there was no room for a slab gets slabs when there is.
class HeatTest {
    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE - 1, Integer.MAX_VALUE})
    void heatHasABound(int heat) {
        Engine engine = Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 20, false, true, false, 0, Threads.CONFINED));
        Slabs slabs = engine.one().slabs();
        SlabTable.setHalf(slabs.head(), SlabTable.line(8) + SlabTable.HEAT, heat);
        for (int i = 0; i < 1000; i++) {
            assertTrue(SlabTable.isSlot(engine.allocate(8, 0)), "no slot");
        }
        engine.close(() -> {});
    }
}
