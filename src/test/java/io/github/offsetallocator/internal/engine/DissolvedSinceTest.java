package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import org.junit.jupiter.api.Test;

/// A slab is dissolved by another thread between the moment when a block is allocated and the moment when its caller asks where it lies.
class DissolvedSinceTest {
    @Test
    void aNewBlockLiesWhereItLay() {
        Engine engine = Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 20, false, true, true, 0, Threads.ANY));
        long[] handles = new long[300];
        long[] hidden = new long[300];
        long[] offsets = new long[600];
        for (int i = 0; i < 300; i++) {
            handles[i] = engine.allocate(3, 0);
            hidden[i] = engine.allocateHidden(3, 1, 0);
            offsets[2 * i] = engine.offset(handles[i]);
            offsets[2 * i + 1] = engine.offsetOfHidden(hidden[i]);
        }
        engine.endPlan(engine.plan(1 << 20, 1, made -> made)); // dissolves all slabs
        for (int i = 0; i < 300; i++) {
            assertEquals(offsets[2 * i], engine.offsetOfNew(handles[i]), "block " + i);
            assertEquals(offsets[2 * i + 1], engine.offsetOfHidden(hidden[i]), "hidden block " + i);
        }
        engine.verify();
        engine.close(() -> {});
    }
}
