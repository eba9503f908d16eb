package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A close that has counted no live block lets no other thread allocate one.
class LiveAtEndTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noSlotIsTakenAfterTheCount(boolean afterAnError) {
        Engine engine = Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 20, false, true, true, 0, Threads.ANY));
        long[] handles = new long[200];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = engine.allocate(4, 0);
        }
        engine.freeAll(handles, 0, handles.length);
        Slabs slabs = engine.one().slabs();
        long slot = slabs.take(4, 0);
        assertNotEquals(Slabs.NONE_FREE, slot, "no slab");
        slabs.give(slot);
        if (afterAnError) {
            Header.setHalf(engine.one().regions().table(), Header.BUSY, 1);
        }
        assertEquals(0, engine.liveAtEnd());
        assertEquals(Slabs.NONE_FREE, slabs.take(4, 0), "taken without the lock");
        engine.close(() -> {});
    }
}
