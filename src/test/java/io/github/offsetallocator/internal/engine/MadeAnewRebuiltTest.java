package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What a rebuild makes of slabs of a shared arena that were made anew for another size: a rest that no slot takes stays theirs.
class MadeAnewRebuiltTest {
    /// Granules of a slab of the first size in so small a range: eight slots.
    private static final int SLAB = 72;
    private static final int SIZE = 9;

    private Settings settings;
    private Engine engine;

    /// An engine that two stripes take slots from, after so many requests for each size that the next one gets a slab.
    private void make(int capacity, int... sizes) throws InterruptedException {
        settings = new Settings(capacity, FitPolicy.GOOD, 1 << 20, false, true, true, 0, Threads.ANY);
        engine = Engine.of(settings);
        for (int size : sizes) {
            for (int i = 0; i < 4; i++) {
                engine.free(engine.allocate(size, 0));
            }
        }
        for (int i = 0; i < 2; i++) {
            Thread.ofPlatform().start(() -> engine.free(engine.allocate(1, 0))).join();
        }
    }

    private List<Long> allocate(int size, int count) {
        List<Long> handles = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            handles.add(engine.allocate(size, 0));
        }
        return handles;
    }

    /// The table of nodes has one for each slab, and may have none for rests.
    @Test
    void manyRestsFindNodes() throws InterruptedException {
        make(1 << 14, SIZE, 5);
        allocate(SIZE, 1590).forEach(engine::free);
        allocate(5, 2700);
        Set<String> live = Reopened.live(engine);
        assertEquals(2700, live.size());
        assertEquals(live, Reopened.live(engine, settings, 0));
        engine.one().struck = true;
        engine.verify();
        assertEquals(live, Reopened.live(engine));
        engine.close(() -> {});
    }

    /// A slab of one slot of 63 would lie within a page, whose first unit it has not, once its rest is cut off. So none is made.
    @Test
    void aSlabHasTheStartOfAPage() throws InterruptedException {
        int size = 63;
        int inFront = 65;
        make(1 << 13, SIZE, size);
        engine.allocate(inFront, 0);
        List<Long> first = allocate(SIZE, SLAB / SIZE);
        assertEquals(inFront, engine.offset(first.getFirst()));
        engine.allocate(SIZE, 0); // of the next slab
        engine.allocate((1 << 13) - 700, 0);
        first.forEach(engine::free);
        long made = engine.allocate(size, 0);
        long at = engine.offset(made);
        assertEquals(made, engine.find(at));
        engine.forEachSlab((offset, slotSize, slots, _) -> assertTrue(slots * slotSize >= 64, slots + " slots of " + slotSize + " at " + offset));
        engine.one().struck = true;
        engine.verify();
        assertEquals(made, engine.find(at));
        allocate(5, 300); // more than fit, so also where the rest was
        assertEquals(made, engine.find(at));
        engine.verify();
        engine.close(() -> {});
    }
}
