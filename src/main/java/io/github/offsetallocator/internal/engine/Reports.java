package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Bins;
import io.github.offsetallocator.internal.regions.SmallFloat;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Says how full an engine is, and walks over what lies in its range.
///
/// ```
///   neighbours    | block | free | slab: slot slot slot slot | free | wall       | block |
///   the visitor     block   FREE         slot      slot        FREE   no memory    block
///                           \____ with the slots that are free ___/
/// ```
///
/// Sums take O(1) and change nothing: to the sums of the bins come those of slabs, whose free slots are free units too. A walk
/// follows the neighbours from edge to edge. It keeps slabs off and blocks changes, so that its visitor sees one state.
final class Reports {
    private final OneThread engine;

    Reports(OneThread engine) {
        this.engine = engine;
    }

    private MemorySegment table() {
        return engine.regions().table();
    }

    int blocks() {
        engine.checkOpen();
        engine.recover();
        return high(live()) - Header.half(table(), Header.RETIRED);
    }

    /// Live and retired blocks above, their units below.
    private long live() {
        return Header.word(table(), Header.LIVE) + (engine.slabs() == null ? 0 : engine.slabs().used());
    }

    long freeUnits() {
        engine.checkOpen();
        engine.recover();
        Slabs slabs = engine.slabs();
        long free = Header.word(table(), Header.FREE_UNITS);
        return slabs == null ? free : free + SlabTable.word(slabs.head(), SlabTable.SLAB_UNITS) - (slabs.used() & LOW);
    }

    long largestFree() {
        engine.recover();
        Slabs slabs = engine.slabs();
        long largest = engine.regions().policy().largest(table());
        return slabs == null ? largest : Math.max(largest, slabs.largestAroundEmpty());
    }

    int[] freeRegions() {
        engine.checkOpen();
        engine.recover();
        int[] counts = new int[SmallFloat.BINS];
        Bins.count(table(), counts);
        if (engine.slabs() != null) {
            engine.slabs().count(counts);
        }
        return counts;
    }

    <A, B> void forEachRegion(A a, B b, Walk<A, B> walk) {
        engine.checkOpen();
        engine.recover();
        boolean isOutermost = !engine.blocked; // a visitor may walk too
        try {
            engine.blocked = true;
            engine.openSlabs();
            walk(a, b, walk);
        } finally {
            boolean wasStruck = engine.struck;
            engine.struck = true;
            engine.blocked = !isOutermost;
            engine.reopenSlabs(wasStruck);
        }
    }

    private <A, B> void walk(A a, B b, Walk<A, B> walk) {
        Slabs slabs = engine.slabs();
        MemorySegment t = table();
        long freeFrom = 0;
        for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
            long region = region(t, node);
            long links = links(t, node);
            if (NodeState.isSlab(links)) {
                int first = low(links) << 6;
                int slots = slabs.slots(low(links));
                for (int slot = first; slot < first + slots; slot++) {
                    long entry = slabs.entry(slot);
                    if (SlabTable.isLive(entry)) {
                        freeFrom = visit(a, b, walk, freeFrom, slabs.offset(slot), slabs.size(slot),
                                (entry & SlabTable.RETIRED) != 0 ? Walk.RETIRED : SlabTable.handle(entry, slot));
                    }
                }
            } else if (NodeState.isLive(links)) {
                freeFrom = visit(a, b, walk, freeFrom, offsetOf(region), sizeOf(region),
                        NodeState.isRetired(links) ? Walk.RETIRED : engine.handleOf(t, node));
            } else if (NodeState.isWall(links)) {
                freeBefore(a, b, walk, freeFrom, offsetOf(region));
                freeFrom = endOf(region);
            }
        }
        freeBefore(a, b, walk, freeFrom, Header.word(t, Header.CAPACITY));
    }

    private static <A, B> void freeBefore(A a, B b, Walk<A, B> walk, long freeFrom, long offset) {
        if (freeFrom < offset) {
            walk.region(a, b, freeFrom, offset - freeFrom, Walk.FREE);
        }
    }

    private static <A, B> long visit(A a, B b, Walk<A, B> walk, long freeFrom, long offset, long size, long handle) {
        freeBefore(a, b, walk, freeFrom, offset);
        walk.region(a, b, offset, size, handle);
        return offset + size;
    }

    void verify() {
        engine.checkOpen();
        engine.recover();
        new Verifier(engine.regions(), engine.slabs(), engine.pages(), engine.plan, engine.maxBlocks()).verify();
    }
}
