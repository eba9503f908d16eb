package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Bins;
import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.regions.SmallFloat;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Walks everything that the tables say twice and compares. Every loop is bounded by the number of nodes or rows, so that it
/// ends on a damaged table too.
final class Verifier {
    private final Regions regions;
    private final MemorySegment t;
    private final SlabVerifier slabs;
    private final PageMap pages;
    private final Compaction plan;
    private final int maxBlocks;
    private final int fresh;

    private long found;
    private long freeRegions;
    private long freeUnits;
    private long live;
    private long retired;
    private long walled;

    Verifier(Regions regions, Slabs slabs, PageMap pages, Compaction plan, int maxBlocks) {
        this.regions = regions;
        this.pages = pages;
        this.plan = plan;
        this.maxBlocks = maxBlocks;
        t = regions.table();
        this.slabs = slabs == null ? null : new SlabVerifier(slabs, t, pages);
        fresh = Header.half(t, Header.FRESH);
    }

    void verify() {
        check(fresh >= FIRST_REGION && fresh <= nodes(t), "fresh node: ", fresh, " of ", nodes(t));
        check(links(t, EDGE) == -1, "the edge's links are ", links(t, EDGE), ", not ", -1);
        check(Header.half(t, Header.GENERATION) >= 0, "a generation of 32 bits: ", Header.half(t, Header.GENERATION), ", above ", Header.MAX_GENERATION);
        check((Header.half(t, Header.FLOOR) & ~(Header.MAX_GENERATION - 1)) == 0, "new slots would be live or of 32 bits: ", Header.half(t, Header.FLOOR), ", above ", 0);
        verifyNeighbours();
        verifyBins();
        verifyUnused();
        long slots = 0;
        if (slabs != null) {
            slabs.verify();
            slots = slabs.slots();
            retired += slabs.retired();
        }
        check(freeUnits == Header.word(t, Header.FREE_UNITS), "free units: ", freeUnits, " in the regions, counted ", Header.word(t, Header.FREE_UNITS));
        check(live == Header.word(t, Header.LIVE), "live blocks and units: ", live, " in the regions, counted ", Header.word(t, Header.LIVE));
        long blocks = (live >>> 32) + slots;
        check(blocks == Header.half(t, Header.BLOCKS), "blocks: ", blocks, " in the regions and slabs, counted ", Header.half(t, Header.BLOCKS));
        check(blocks <= maxBlocks, "blocks: ", blocks, " of at most ", maxBlocks);
        check(walled == Header.word(t, Header.WALLED), "units behind walls: ", walled, " in the regions, counted ", Header.word(t, Header.WALLED));
        check(regions.isLargestTold(), "the largest region: ", regions.policy().largest(t), " in the bins, other threads were told of ", regions.tally().largest());
        check(retired == Header.half(t, Header.RETIRED), "retired blocks: ", retired, " in the regions and slabs, counted ", Header.half(t, Header.RETIRED));
    }

    private void verifyNeighbours() {
        long end = 0;
        int previous = EDGE;
        boolean previousFree = false;
        for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
            checkNode(node, "the neighbour behind ", previous);
            check(++found < fresh, "the ring of neighbours does not close after ", found, " regions at ", node);
            long region = region(t, node);
            check(previousNeighbour(t, node) == previous, "node ", node, ": its previous neighbour is not ", previous);
            check(offsetOf(region) == end, "node ", node, ": it does not start where the one before ends, ", end);
            end += sizeOf(region);
            boolean isFree = NodeState.isFree(t, node);
            check(!(isFree && previousFree), "two free regions touch: nodes ", previous, " and ", node);
            previousFree = isFree;
            previous = node;
            verifyRegion(node, region, isFree);
        }
        check(previousNeighbour(t, EDGE) == previous, "the edge's previous neighbour is ", previousNeighbour(t, EDGE), ", the last region is node ", previous);
        check(end == Header.word(t, Header.CAPACITY), "the regions end at ", end, ", the capacity is ", Header.word(t, Header.CAPACITY));
    }

    private void verifyRegion(int node, long region, boolean isFree) {
        long links = links(t, node);
        if (isFree) {
            freeRegions++;
            freeUnits += sizeOf(region);
        } else if (NodeState.isReserved(links)) {
            check(plan != null && plan.covers(offsetOf(region)), "node ", node, ": reserved outside of a plan, at ", offsetOf(region));
        } else if (NodeState.isWall(links)) {
            walled += sizeOf(region);
        } else if (NodeState.isSlab(links)) {
            check(slabs != null, "node ", node, ": a slab, but there are none; row ", low(links));
            slabs.verifySlab(low(links), node);
        } else {
            check(NodeState.isLive(links), "node ", node, ": it has neighbours, but is neither free nor live nor a slab; links ", links);
            check((links & LOW) <= Header.MAX_GENERATION, "node ", node, ": a generation of 32 bits; links ", links);
            live += Header.ONE + sizeOf(region);
            retired += NodeState.isRetired(links) ? 1 : 0;
            if (slot(t, node) != 0) {
                check(slabs != null, "node ", node, ": it stands for a slot, but there are no slabs; slot ", slot(t, node));
                slabs.verifyMoved(node);
            }
            if (pages != null) {
                check(isEntered(node, region), "node ", node, ": not to be found by its offset ", offsetOf(region));
            }
        }
    }

    private boolean isEntered(int node, long region) {
        long page = PageMap.page(offsetOf(region));
        if (pages.cover(page) == node || pages.cover(page + 1) == node) {
            return true;
        }
        boolean found = false;
        int other = pages.first(t, page);
        for (int left = PageMap.PAGE_UNITS; other != NIL; left--) {
            checkNode(other, "a node in the chain of page ", page);
            check(left > 0, "the chain of page ", page, " does not end, at node ", other);
            check(NodeState.isLive(links(t, other)) && PageMap.page(offsetOf(region(t, other))) == page,
                    "node ", other, ": in the chain of a page that it does not start in, ", page);
            found |= other == node;
            other = nextInPage(t, other);
        }
        return found;
    }

    private void verifyBins() {
        long inBins = 0;
        for (int bin = 0; bin < SmallFloat.BINS; bin++) {
            boolean bit = (Header.leaf(t, bin >>> 6) >>> bin & 1) != 0;
            int node = Bins.first(t, bin);
            check(bit == (node != NIL), "bin ", bin, ": its bit does not tell whether it holds a region; first is node ", node);
            int previous = BIN_HEADS + bin;
            while (node != NIL) {
                checkNode(node, "the region behind ", previous);
                check(++inBins <= freeRegions, "bins hold more regions than are free, ", inBins, "; bin ", bin);
                check(NodeState.isFree(t, node), "node ", node, ": in a bin, but not free; bin ", bin);
                check(previous(t, node) == previous, "node ", node, ": its previous in the bin is not ", previous);
                check(Bins.bin(sizeOf(region(t, node))) == bin, "node ", node, ": its size belongs into another bin than ", bin);
                previous = node;
                node = next(t, node);
            }
        }
        check(inBins == freeRegions, "bins hold ", inBins, " regions, free are ", freeRegions);
        for (int leaf = 0; leaf < SmallFloat.BINS >>> 6; leaf++) {
            boolean bit = (Header.half(t, Header.TOP) >>> leaf & 1) != 0;
            check(bit == (Header.leaf(t, leaf) != 0), "leaf ", leaf, ": its bit in the top word is wrong; bits ", Header.leaf(t, leaf));
        }
        check(Header.half(t, Header.TOP) >>> 4 == 0, "top: bits above the fourth, ", Header.half(t, Header.TOP), "; leaves ", 4);
    }

    private void verifyUnused() {
        long all = fresh - FIRST_REGION;
        long unused = 0;
        for (int node = Header.half(t, Header.UNUSED_NODES); node != NIL; node = next(t, node)) {
            checkNode(node, "an unused node after ", unused);
            check(++unused + found <= all, "more nodes than there are: regions ", found, " and unused ", unused);
            check(NodeState.isUnused(links(t, node)), "node ", node, ": in the chain of unused nodes, but used; links ", links(t, node));
        }
        check(unused + found == all, "nodes are lost: regions and unused are ", unused + found, " of ", all);
    }

    private void checkNode(int node, String what, long value) {
        check(node >= FIRST_REGION && node < fresh, what, value, " is no node: ", node);
    }

    static void check(boolean fact, String a, long x, String b, long y) {
        if (!fact) {
            throw new AssertionError(a + x + b + y);
        }
    }
}
