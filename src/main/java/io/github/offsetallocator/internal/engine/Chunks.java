package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.tables.Header;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/// Opens and shuts parts of the range of an engine whose memory comes in chunks, see [Walls].
final class Chunks {
    private Chunks() {}

    static int open(OneThread engine, int after, long from, long size) {
        engine.checkUsable();
        engine.recover();
        MemorySegment t = engine.regions().ready(2);
        int around = Walls.around(t, after, from, size);
        long before = Header.open(t);
        engine.regions().beginLarge(t);
        int wall = Walls.open(t, around, from, size);
        Regions.end(t);
        engine.regions().publish();
        engine.regions().tally().happenings().grown(before, Header.open(t));
        return wall;
    }

    /// Calls someone who may look, and change nothing, as the visitor of a walk.
    static <T> T callOut(OneThread engine, Supplier<T> work) {
        boolean isOutermost = !engine.blocked;
        try {
            engine.blocked = true;
            engine.openSlabs();
            return work.get();
        } finally {
            boolean wasStruck = engine.struck;
            engine.struck = true;
            engine.blocked = !isOutermost;
            engine.reopenSlabs(wasStruck);
        }
    }

    static boolean isEmpty(OneThread engine, int wall) {
        engine.recover();
        return engine.slabs() == null ? Walls.isEmpty(engine.regions().table(), wall) : engine.slabs().isEmptyBefore(wall);
    }

    static boolean shut(OneThread engine, int wall) {
        engine.checkUsable();
        engine.recover();
        if (engine.slabs() != null && engine.slabs().isEmptyBefore(wall)) {
            engine.slabs().endAllBefore(wall);
        }
        MemorySegment t = engine.regions().table();
        if (!Walls.isEmpty(t, wall)) {
            return false;
        }
        engine.regions().beginLarge(t);
        Walls.shut(t, wall);
        Regions.end(t);
        engine.regions().publish();
        return true;
    }
}
