package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
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

    /// As [Engine#capacityWith]: the request lies behind the last block, or behind the last live slot, since what is free in the last slabs
    /// is given to it.
    long capacityWith(long size, long alignment) {
        engine.checkUsable();
        engine.recover();
        MemorySegment t = engine.regions().table();
        return Math.max(Header.word(t, Header.CAPACITY) + 1, engine.regions().policy().endOf(endOfLast(t), size, alignment, engine.phase));
    }

    /// The first unit behind all that is live.
    private long endOfLast(MemorySegment t) {
        long end = 0;
        int node = previousNeighbour(t, EDGE);
        while (end == 0 && node != EDGE) {
            long links = links(t, node);
            if (NodeState.isSlab(links)) {
                end = engine.slabs().endOfLive(low(links));
            } else if (!NodeState.isFree(t, node)) {
                return endOf(region(t, node)); // 0 too, of a block of no size
            }
            node = previousNeighbour(t, node);
        }
        return end;
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
