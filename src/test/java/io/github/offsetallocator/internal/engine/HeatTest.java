package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

    /// The row of a dissolved slab stays with the block that was resized. The 63 entries that nobody can use any more are as many requests.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void aSizeHasSlabsAgainAfterAResize(Threads threads) {
        for (int size : new int[] {8, 100}) {
            Engine engine = Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 20, false, true, false, 0, threads));
            for (int round = 0; round < 10; round++) {
                int requests = 0;
                long block;
                do {
                    block = engine.allocate(size, 0);
                    requests++;
                } while (!SlabTable.isSlot(block));
                if (round > 0) {
                    assertEquals(64, requests, "until there is a slab");
                }
                assertTrue(engine.resize(block, size - 1, 0));
                engine.verify();
            }
            engine.reset(); // forgets that too
            int inBins = 0;
            while (!SlabTable.isSlot(engine.allocate(size, 0))) {
                inBins++;
            }
            assertTrue(inBins <= 16, inBins + " requests until there is a slab after a reset");
            engine.close(() -> {});
        }
    }
}
