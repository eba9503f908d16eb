package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// Walks everything that the metadata says twice and compares. Every loop is bounded by the number of nodes, so that it
/// ends on a damaged table too.
final class Verifier {
    private final OffsetAllocator allocator;
    private final MemorySegment t;

    private long freeRegions;
    private long freeUnits;
    private long blocks;
    private long parked;
    private long retired;
    private long regions;

    Verifier(OffsetAllocator allocator) {
        this.allocator = allocator;
        this.t = allocator.table;
    }

    void verify() {
        verifyNeighbours();
        verifyBins();
        verifyQuickLists();
        verifyRetired();
        verifyUnused();
        check(freeUnits == allocator.freeUnits, "free units: ", freeUnits, " in the regions, counted ", allocator.freeUnits);
        check(blocks == allocator.blocks(), "blocks: ", blocks, " in the regions, counted ", allocator.blocks());
        check(blocks <= allocator.maxAllocations(), "blocks: ", blocks, " of at most ", allocator.maxAllocations());
    }

    private void verifyNeighbours() {
        long end = 0;
        int previous = EDGE;
        boolean previousFree = false;
        for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
            checkNode(node, "the neighbour behind ", previous);
            check(++regions < allocator.fresh, "the ring of neighbours does not close after ", regions, " regions at ", node);
            long region = region(t, node);
            check(previousNeighbour(t, node) == previous, "node ", node, ": its previous neighbour is not ", previous);
            check(offsetOf(region) == end, "node ", node, ": it does not start where the one before ends, ", end);
            end += sizeOf(region);
            long links = links(t, node);
            check(!(isFree(t, node) && previousFree), "two free regions touch: nodes ", previous, " and ", node);
            previousFree = isFree(t, node);
            previous = node;
            if (isFree(t, node)) {
                freeRegions++;
                freeUnits += sizeOf(region);
            } else if (isReserved(t, node)) {
                CompactionPlan plan = allocator.plan();
                check(plan != null && plan.covers(offsetOf(region)), "node ", node, ": reserved outside of a plan, at ", offsetOf(region));
            } else {
                check(isAllocated(links) || isParked(t, node) || isRetired(t, node), "node ", node, ": not in use, but it has neighbours; links ", links);
                blocks++;
                parked += isParked(t, node) ? 1 : 0;
                retired += isRetired(t, node) ? 1 : 0;
            }
        }
        check(previousNeighbour(t, EDGE) == previous, "the edge's previous neighbour is ", previousNeighbour(t, EDGE), ", the last region is node ", previous);
        check(end == allocator.capacity, "the regions end at ", end, ", the capacity is ", allocator.capacity);
    }

    private void verifyBins() {
        long found = 0;
        for (int bin = 0; bin < SmallFloat.BINS; bin++) {
            boolean bit = (leaf(t, bin >>> 6) >>> bin & 1) != 0;
            int node = Regions.first(t, bin);
            check(bit == (node != NIL), "bin ", bin, ": its bit does not tell whether it holds a region; first is node ", node);
            int previous = BIN_HEADS + bin;
            while (node != NIL) {
                checkNode(node, "the region behind ", previous);
                check(++found <= freeRegions, "bins hold more regions than are free, ", found, "; bin ", bin);
                long links = links(t, node);
                check(isFree(t, node), "node ", node, ": in a bin, but not free; bin ", bin);
                check(high(links) == previous, "node ", node, ": its previous in the bin is not ", previous);
                check(Regions.bin(sizeOf(region(t, node))) == bin, "node ", node, ": its size belongs into another bin than ", bin);
                previous = node;
                node = low(links);
            }
        }
        check(found == freeRegions, "bins hold ", found, " regions, free are ", freeRegions);
        for (int leaf = 0; leaf < SmallFloat.BINS >>> 6; leaf++) {
            check(allocator.isTopSet(leaf) == (leaf(t, leaf) != 0), "leaf ", leaf, ": its bit in the top word is wrong; bits ", leaf(t, leaf));
        }
    }

    private void verifyQuickLists() {
        long found = 0;
        long units = 0;
        for (int size = 1; size <= QUICK_SIZES; size++) {
            long list = quick(t, size);
            long count = 0;
            for (int node = low(list); node != NIL; node = next(t, node)) {
                checkNode(node, "a block in the quick list of ", size);
                check(++count <= list >>> 32, "quick list of ", size, " is longer than its count, ", list >>> 32);
                check(isParked(t, node), "node ", node, ": in a quick list, but not parked; size ", size);
                check(sizeOf(region(t, node)) == size, "node ", node, ": in the quick list of another size, ", size);
            }
            check(count == list >>> 32, "quick list of ", size, " is shorter than its count, ", list >>> 32);
            found += count;
            units += count * size;
        }
        check(units == allocator.parkedUnits(), "quick lists hold ", units, " units, counted ", allocator.parkedUnits());
        BitSet elsewhere = new BitSet();
        allocator.forEachParked((node, size) -> {
            checkNode(node, "a block in a stripe, of size ", size);
            check(isParked(t, node), "node ", node, ": in a stripe, but not parked; size ", size);
            check(sizeOf(region(t, node)) == size, "node ", node, ": in a stripe's stack of another size, ", size);
            check(!elsewhere.get(node), "node ", node, ": twice in the stripes; size ", size);
            elsewhere.set(node);
        });
        found += elsewhere.cardinality();
        check(found == parked, "quick lists and stripes hold ", found, " blocks, parked are ", parked);
    }

    private void verifyRetired() {
        long count = 0;
        long value = 0;
        for (int node = allocator.retiredList().first(); node != NIL; node = next(t, node)) {
            checkNode(node, "a retired block after ", count);
            check(++count <= retired, "more blocks are chained as retired than there are, ", retired, "; at node ", node);
            check(isRetired(t, node), "node ", node, ": chained as retired, but it is not; links ", links(t, node));
            check(Long.compareUnsigned(tag(t, node), value) >= 0, "node ", node, ": retired with a value below the one before, ", value);
            value = tag(t, node);
        }
        check(count == retired, "chained as retired are ", count, " blocks, marked are ", retired);
        check(count == allocator.retiredList().count(), "chained as retired are ", count, " blocks, counted ", allocator.retiredList().count());
    }

    private void verifyUnused() {
        long all = allocator.fresh - FIRST_REGION;
        long unused = 0;
        for (int node = allocator.firstUnused(); node != NIL; node = next(t, node)) {
            checkNode(node, "an unused node after ", unused);
            check(++unused + regions <= all, "more nodes than there are: regions ", regions, " and unused ", unused);
            check((links(t, node) & HIGH) == UNUSED, "node ", node, ": in the chain of unused nodes, but used; links ", links(t, node));
        }
        check(unused + regions == all, "nodes are lost: regions and unused are ", unused + regions, " of ", all);
    }

    private void checkNode(int node, String what, long value) {
        check(node >= FIRST_REGION && node < allocator.fresh, what, value, " is no node: ", node);
    }

    private static void check(boolean fact, String a, long x, String b, long y) {
        if (!fact) {
            throw new AssertionError(a + x + b + y);
        }
    }
}
