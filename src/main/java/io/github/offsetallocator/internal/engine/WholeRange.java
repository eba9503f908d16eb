package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// What happens to the range of an engine as a whole: it becomes larger, or all blocks in it end at once.
///
/// ```
///   reset     resetting = 1  ->  slabs begin, bins are cleared, slabs are cleared  ->  resets + 1  ->  resetting = 0
/// ```
///
/// A reset ends blocks in another order than a free: slots and the nodes that stand for them don't fit together meanwhile. The
/// mark `resetting` tells the [Survey] of a file that this is no damage.
final class WholeRange {
    private final OneThread engine;

    WholeRange(OneThread engine) {
        this.engine = engine;
    }

    void grow(long newCapacity) {
        engine.checkUsable();
        engine.recover();
        if (engine.pages() != null) {
            engine.pages().grow(newCapacity);
        }
        Regions regions = engine.regions();
        MemorySegment t = regions.ready(1);
        long capacity = Header.word(t, Header.CAPACITY);
        if (newCapacity > capacity) {
            regions.beginLarge(t);
            Header.setWord(t, Header.CAPACITY, newCapacity);
            regions.append(t, capacity, newCapacity - capacity);
            Regions.end(t);
            regions.publish();
            regions.tally().happenings().grown(capacity, newCapacity);
        }
    }

    void reset() {
        engine.checkUsable();
        engine.recover();
        Regions regions = engine.regions();
        Slabs slabs = engine.slabs();
        MemorySegment t = regions.table();
        regions.beginLarge(t);
        Header.setHalf(t, Header.RESETTING, 1);
        VarHandle.releaseFence();
        if (slabs != null) {
            slabs.beginClear();
        }
        regions.clear();
        engine.plan = null;
        if (slabs != null) {
            slabs.clear();
        }
        engine.openSlabs();
        Header.add(t, Header.RESETS, 1);
        VarHandle.releaseFence();
        Header.setHalf(t, Header.RESETTING, 0);
        Regions.end(t);
        engine.trim();
        regions.publish();
    }
}
