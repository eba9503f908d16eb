package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The published algorithm: regions in address order, free ones in bins, a two-level bit field over the bins.
///
/// ```
///   top      4 bits: which leaves have a bit                                      field `top`
///   leaf     4 x 64 bits: which bins hold a region                                NodeTable.leaf
///   bin      doubly linked list of the free regions of one size class             NodeTable.links
///   region   [offset, offset + size), its neighbours left and right of it         NodeTable.region, .sides
/// ```
///
/// *Allocate* takes a region from a bin, gives the front of it to the request and the rest back to the bins. *Free*
/// merges a region with those neighbours that are free; so no two free regions ever touch, and n blocks make at most
/// n + 1 free regions, 2n + 1 nodes.
///
/// Two short cuts leave the result as it was. When the rest of a split belongs into the bin that its region came from,
/// the free node shrinks in place and the piece gets a fresh node. When a merged region stays in its neighbour's bin,
/// the neighbour grows in place, under [Fit#REFERENCE] only if it is the first there, since the original puts a merged
/// region first. (Bin and list are the same, so every later search returns the same.)
///
/// The original's bit field has 8 top bits over 32 leaves of 8 bits; words of 64 bits need 4. The lowest set bit at or
/// above a bin is the same.
abstract sealed class Regions permits OffsetAllocator {
    /// Regions of the request's own bin that are looked at before the search, and before a refusal.
    static final int PROBES = 4, DEEP_PROBES = 64;

    /// A plan may leave a few more regions than the 2n + 1 of n blocks.
    private static final int SPARE_NODES = 8;

    private static final long FIRST_TABLE_NODES = 1024;

    final Fit fit;
    private final TableMemory memory;

    MemorySegment table;
    /// Nodes from `fresh` on were never used since the last reset; those given back chain from `unused`.
    int fresh;
    private int unused;
    /// An allocation needs two nodes at most; from here on the table may not have them.
    private int growAt;
    private final long maxNodes;

    private int top;
    long capacity;
    /// Units in the bins. What is parked or reserved is not in them.
    long freeUnits;

    Regions(long capacity, Fit fit, int maxBlocks, boolean preallocated, TableMemory.Threads threads) {
        this.capacity = capacity;
        this.fit = fit;
        memory = new TableMemory(threads);
        maxNodes = Math.min(MAX_NODES, FIRST_REGION + 2L * maxBlocks + 1 + SPARE_NODES);
        replaceTable(preallocated ? maxNodes : Math.min(maxNodes, FIRST_TABLE_NODES));
        clear();
    }

    /// Makes one free region of everything. O(1): the old nodes are forgotten, not visited.
    final void clear() {
        MemorySegment t = table;
        t.asSlice(0, byteSize(FIRST_REGION)).fill((byte) 0);
        top = 0;
        fresh = FIRST_REGION;
        unused = NIL;
        freeUnits = 0;
        setLinks(t, EDGE, -1);
        setSides(t, EDGE, pair(EDGE, EDGE));
        appendFree(t, 0, capacity);
    }

    final TableMemory.Threads threads() {
        return memory.threads();
    }

    final void releaseTable() {
        memory.close();
    }

    // ---- the search --------------------------------------------------------------------------------------------

    /// The free region that a request for `size` units gets, or [NodeTable#NIL].
    final int find(MemorySegment t, long size) {
        int found;
        if (fit == Fit.GOOD) {
            int own = SmallFloat.roundDown(size);
            found = firstBinFrom(t, own);
            if (found == own) {
                int node = probe(t, own, size, PROBES);
                if (node != NIL) {
                    return node;
                }
                found = firstBinFrom(t, own + 1);
            }
        } else {
            found = firstBinFrom(t, SmallFloat.roundUp(size));
        }
        return found < 0 ? NIL : first(t, found);
    }

    /// The smallest that fits of the first `probes` regions of `bin`.
    final int probe(MemorySegment t, int bin, long size, int probes) {
        int best = NIL;
        long bestSize = Long.MAX_VALUE;
        int node = t.get(HALF, ((long) (BIN_HEADS + bin) << SHIFT) + NEXT);
        for (int left = probes; node != NIL && left > 0; left--) {
            long at = (long) node << SHIFT;
            long nodeSize = t.get(WORD, at + REGION) & LOW;
            if (nodeSize >= size && nodeSize < bestSize) {
                best = node;
                bestSize = nodeSize;
                if (nodeSize == size) {
                    break;
                }
            }
            node = t.get(HALF, at + NEXT);
        }
        return best;
    }

    /// The smallest that fits of the first `probes` regions of each bin that could hold `size` units at a multiple of
    /// `alignment`, or any region that is large enough wherever it lies. `phase` is added to offsets before they are
    /// compared with the alignment.
    final int findAligned(MemorySegment t, long size, long alignment, long phase, int probes) {
        int sure = SmallFloat.roundUp(Math.min(size + alignment - 1, LOW + 1));
        for (int bin = firstBinFrom(t, SmallFloat.roundDown(size)); bin >= 0 && bin < sure; bin = firstBinFrom(t, bin + 1)) {
            int best = NIL;
            long bestSize = Long.MAX_VALUE;
            int node = first(t, bin);
            for (int left = probes; node != NIL && left > 0; left--) {
                long region = region(t, node);
                long nodeSize = sizeOf(region);
                if (nodeSize < bestSize && nodeSize >= size + padding(region, alignment, phase)) {
                    best = node;
                    bestSize = nodeSize;
                }
                node = next(t, node);
            }
            if (best != NIL) {
                return best;
            }
        }
        int found = firstBinFrom(t, sure);
        return found < 0 ? NIL : first(t, found);
    }

    static long padding(long region, long alignment, long phase) {
        return -(offsetOf(region) + phase) & (alignment - 1);
    }

    /// The first bin at or above `bin` (up to 256) that holds a region, or -1.
    final int firstBinFrom(MemorySegment t, int bin) {
        int leaf = bin >>> 6;
        if (leaf > 3) {
            return -1;
        }
        long bits = t.get(WORD, LEAVES + ((long) leaf << 3)) & -1L << bin;
        if (bits == 0) {
            int leaves = top & -2 << leaf;
            if (leaves == 0) {
                return -1;
            }
            leaf = Integer.numberOfTrailingZeros(leaves);
            bits = t.get(WORD, LEAVES + ((long) leaf << 3));
        }
        return (leaf << 6) + Long.numberOfTrailingZeros(bits);
    }

    /// The highest bin that holds a region, or -1.
    final int lastBin(MemorySegment t) {
        if (top == 0) {
            return -1;
        }
        int leaf = 31 - Integer.numberOfLeadingZeros(top);
        return (leaf << 6) + 63 - Long.numberOfLeadingZeros(leaf(t, leaf));
    }

    static int first(MemorySegment t, int bin) {
        return next(t, BIN_HEADS + bin);
    }

    static int bin(long size) {
        return SmallFloat.roundDown(size);
    }

    final boolean isTopSet(int leaf) {
        return (top >>> leaf & 1) != 0;
    }

    // ---- the bins ----------------------------------------------------------------------------------------------

    /// Puts a node first into a bin.
    private void link(MemorySegment t, int bin, int node) {
        int head = BIN_HEADS + bin;
        long headAt = (long) head << SHIFT;
        int next = t.get(HALF, headAt + NEXT);
        t.set(HALF, headAt + NEXT, node);
        t.set(WORD, ((long) node << SHIFT) + LINKS, (long) head << 32 | next);
        t.set(HALF, ((long) next << SHIFT) + PREVIOUS, node);
        if (next == NIL) {
            long leafAt = LEAVES + ((long) (bin >>> 6) << 3);
            t.set(WORD, leafAt, t.get(WORD, leafAt) | 1L << bin);
            top |= 1 << (bin >>> 6);
        }
    }

    /// Takes a node out of its bin.
    private void unlink(MemorySegment t, int node) {
        long at = (long) node << SHIFT;
        int previous = t.get(HALF, at + PREVIOUS);
        int next = t.get(HALF, at + NEXT);
        t.set(HALF, ((long) previous << SHIFT) + NEXT, next);
        t.set(HALF, ((long) next << SHIFT) + PREVIOUS, previous);
        if (next == NIL && previous < FIRST_REGION) {
            int bin = previous - BIN_HEADS;
            long leafAt = LEAVES + ((long) (bin >>> 6) << 3);
            long bits = t.get(WORD, leafAt) & ~(1L << bin);
            t.set(WORD, leafAt, bits);
            if (bits == 0) {
                top &= ~(1 << (bin >>> 6));
            }
        }
    }

    // ---- split -------------------------------------------------------------------------------------------------

    /// Cuts the first `size` units off a free region and returns their node, whose links the caller sets.
    final int carve(MemorySegment t, int node, long size) {
        long at = (long) node << SHIFT;
        long region = t.get(WORD, at + REGION);
        long whole = region & LOW;
        long rest = whole - size;
        freeUnits -= size;
        if (rest == 0) {
            unlink(t, node);
            return node;
        }
        int bin = bin(rest);
        boolean moves = bin != bin(whole);
        int piece = newNode(t);
        long pieceAt = (long) piece << SHIFT;
        int previous = t.get(HALF, at + PREVIOUS_NEIGHBOUR);
        t.set(WORD, pieceAt + REGION, region & HIGH | size);
        t.set(WORD, pieceAt + SIDES, (long) previous << 32 | node);
        t.set(HALF, at + PREVIOUS_NEIGHBOUR, piece);
        t.set(HALF, ((long) previous << SHIFT) + NEXT_NEIGHBOUR, piece);
        t.set(WORD, at + REGION, region + (size << 32) - size);
        if (moves) {
            unlink(t, node);
            link(t, bin, node);
        }
        return piece;
    }

    /// Cuts `size` units off a free region at the first place that is aligned; what lies before it stays free.
    final int carveAligned(MemorySegment t, int node, long size, long alignment, long phase) {
        long padding = padding(region(t, node), alignment, phase);
        if (padding == 0) {
            return carve(t, node, size);
        }
        int front = carve(t, node, padding);
        int piece = carve(t, node, size);
        freeUnits += padding;
        link(t, bin(padding), front);
        return piece;
    }

    /// Splits `tail` units off the end of an allocated region and returns their node.
    final int cutTail(MemorySegment t, int node, long tail) {
        long region = region(t, node);
        long rest = sizeOf(region) - tail;
        int cut = newNode(t);
        int next = nextNeighbour(t, node);
        setRegion(t, node, region - tail);
        setRegion(t, cut, (offsetOf(region) + rest) << 32 | tail);
        setSides(t, cut, pair(node, next));
        setNextNeighbour(t, node, cut);
        setPreviousNeighbour(t, next, cut);
        setLinks(t, cut, RESERVED);
        return cut;
    }

    /// Takes `more` units from the front of the free region behind a node.
    final void takeFromNext(MemorySegment t, int node, long more) {
        int next = nextNeighbour(t, node);
        int piece = carve(t, next, more);
        int behind = nextNeighbour(t, piece);
        setRegion(t, node, region(t, node) + more);
        setNextNeighbour(t, node, behind);
        setPreviousNeighbour(t, behind, node);
        discard(t, piece);
    }

    // ---- merge -------------------------------------------------------------------------------------------------

    /// Makes a region free and one with its free neighbours. It must be in no bin.
    final void merge(MemorySegment t, int node) {
        long at = (long) node << SHIFT;
        int previous = t.get(HALF, at + PREVIOUS_NEIGHBOUR);
        int next = t.get(HALF, at + NEXT_NEIGHBOUR);
        long region = t.get(WORD, at + REGION);
        freeUnits += region & LOW;
        boolean left = t.get(HALF, ((long) previous << SHIFT) + PREVIOUS) >= 0;
        boolean right = t.get(HALF, ((long) next << SHIFT) + PREVIOUS) >= 0;
        if (left && right) {
            region += t.get(WORD, ((long) next << SHIFT) + REGION) & LOW;
            unlink(t, next);
            discard(t, next);
            next = t.get(HALF, ((long) next << SHIFT) + NEXT_NEIGHBOUR);
            right = false;
        }
        if (left || right) {
            t.set(HALF, ((long) previous << SHIFT) + NEXT_NEIGHBOUR, next);
            t.set(HALF, ((long) next << SHIFT) + PREVIOUS_NEIGHBOUR, previous);
            discard(t, node);
            int neighbour = left ? previous : next;
            long old = t.get(WORD, ((long) neighbour << SHIFT) + REGION);
            resizeFree(t, neighbour, old, left ? old + (region & LOW) : region + (old & LOW));
        } else {
            link(t, bin(region & LOW), node);
        }
    }

    /// Writes a free node's new region and moves it to the bin that it belongs into.
    private void resizeFree(MemorySegment t, int node, long region, long merged) {
        int bin = bin(merged & LOW);
        boolean moves = bin != bin(region & LOW);
        t.set(WORD, ((long) node << SHIFT) + REGION, merged);
        if (moves || fit == Fit.REFERENCE && t.get(HALF, ((long) node << SHIFT) + PREVIOUS) >= FIRST_REGION) {
            unlink(t, node);
            link(t, bin, node);
        }
    }

    /// Adds a free region behind the last one.
    final void appendFree(MemorySegment t, long offset, long size) {
        int last = previousNeighbour(t, EDGE);
        if (isFree(t, last) && last != EDGE) {
            long region = region(t, last);
            resizeFree(t, last, region, region + size);
        } else {
            int node = newNode(t);
            setRegion(t, node, offset << 32 | size);
            setSides(t, node, pair(last, EDGE));
            setNextNeighbour(t, last, node);
            setPreviousNeighbour(t, EDGE, node);
            link(t, bin(size), node);
        }
        freeUnits += size;
    }

    /// Takes a free region out of the bins without giving it to anyone.
    final void reserve(MemorySegment t, int node) {
        unlink(t, node);
        setLinks(t, node, RESERVED);
        freeUnits -= sizeOf(region(t, node));
    }

    // ---- the nodes ---------------------------------------------------------------------------------------------

    final int newNode(MemorySegment t) {
        int node = unused;
        if (node != NIL) {
            unused = t.get(HALF, ((long) node << SHIFT) + NEXT);
        } else {
            node = fresh++;
        }
        return node;
    }

    final void discard(MemorySegment t, int node) {
        t.set(WORD, ((long) node << SHIFT) + LINKS, UNUSED | unused);
        unused = node;
    }

    final int firstUnused() {
        return unused;
    }

    /// Whether the next operation may need more nodes than the table has.
    final boolean isTableShort() {
        return fresh >= growAt;
    }

    /// Doubles the table, up to the nodes that the stated limit of allocations can ever need.
    final void growTable() {
        nextNeighbour(table, EDGE); // the wrong thread gets its exception here, before anything is made
        long nodes = table.byteSize() / byteSize(1);
        replaceTable(Math.min(maxNodes, 2 * nodes));
    }

    private void replaceTable(long nodes) {
        MemorySegment t = memory.allocate(byteSize(nodes));
        if (table != null) {
            MemorySegment.copy(table, 0, t, 0, byteSize(fresh));
            memory.dropOld();
        }
        VarHandle.releaseFence(); // for those who read it without a lock
        table = t;
        growAt = nodes == maxNodes ? Integer.MAX_VALUE : (int) nodes - 2;
    }
}
