package io.github.offsetallocator.internal.tables;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The struct array of regions: one node for each region, free or taken.
///
/// ```
///  node      0     1      2 … 7    8 … 263     264 …
///         +-----+------+--------+-----------+---------------------------------
///         | nil | edge | header | bin heads | regions, then never used nodes
///         +-----+------+--------+-----------+---------------------------------
///
///  one node: 32 bytes, half a cache line
///
///            63                     32 31                      0
///  region    | offset                 | size                   |   in units, unsigned
///  links     | previous in its bin    | next in its bin        |   free; for all else see [NodeState]
///  sides     | previous neighbour     | next neighbour         |   in address order, a ring through the edge
///  names     | next in its page       | slot it stands for     |   see [PageMap] and [SlabTable]; 0 = none
/// ```
///
/// What makes the list code short: *nil* (0) absorbs writes to a link that leads nowhere, so that no write asks first;
/// the *edge* (1) is the neighbour of the first and the last region and never looks free; the head of a bin is a node
/// too, so the first region of a bin finds its bin in its own `previous`, and unlinking needs no size.
///
/// The code that allocates and frees says `t.get(HALF, at + NEXT)`, all other code `next(t, node)`. C2 inlines an access to
/// a segment wherever it finds one, but a method of ours around it only while the compiled method is small: from the
/// 27th such access on, each would be a call. Halves are written by themselves or with the other half, and read by
/// themselves: a load that spans an earlier, narrower store would wait until that store has left the store buffer.
public final class NodeTable {
    public static final int NIL = 0;
    public static final int EDGE = 1;
    public static final int BIN_HEADS = 8;
    public static final int FIRST_REGION = BIN_HEADS + 256;

    /// 2^31 - 1 nodes are what a 31-bit link reaches.
    public static final int MAX_NODES = Integer.MAX_VALUE;

    public static final long HIGH = 0xFFFF_FFFF_0000_0000L;
    public static final long LOW = 0xFFFF_FFFFL;

    /// Node n starts at n << SHIFT.
    public static final int SHIFT = 5;
    public static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final int REGION = 0;
    public static final int LINKS = 8;
    public static final int NEXT = 8;
    public static final int PREVIOUS = 12;
    public static final int SIDES = 16;
    public static final int NEXT_NEIGHBOUR = 16;
    public static final int PREVIOUS_NEIGHBOUR = 20;
    public static final int NAMES = 24;
    public static final int SLOT = 24;
    public static final int NEXT_IN_PAGE = 28;

    private NodeTable() {}

    public static long bytes(long nodes) {
        return nodes << SHIFT;
    }

    /// How many nodes a table has room for.
    public static long nodes(MemorySegment t) {
        return t.byteSize() >>> SHIFT;
    }

    public static long region(MemorySegment t, int node) {
        return t.get(WORD, ((long) node << SHIFT) + REGION);
    }

    public static void setRegion(MemorySegment t, int node, long region) {
        t.set(WORD, ((long) node << SHIFT) + REGION, region);
    }

    public static long links(MemorySegment t, int node) {
        return t.get(WORD, ((long) node << SHIFT) + LINKS);
    }

    public static void setLinks(MemorySegment t, int node, long links) {
        t.set(WORD, ((long) node << SHIFT) + LINKS, links);
    }

    public static void setSides(MemorySegment t, int node, long sides) {
        t.set(WORD, ((long) node << SHIFT) + SIDES, sides);
    }

    public static long pair(int high, int low) {
        return (long) high << 32 | low & LOW;
    }

    public static int high(long word) {
        return (int) (word >>> 32);
    }

    public static int low(long word) {
        return (int) word;
    }

    public static long offsetOf(long region) {
        return region >>> 32;
    }

    public static long sizeOf(long region) {
        return region & LOW;
    }

    /// First unit behind a region.
    public static long endOf(long region) {
        return offsetOf(region) + sizeOf(region);
    }

    public static int next(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + NEXT);
    }

    public static int previous(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + PREVIOUS);
    }

    public static int nextNeighbour(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + NEXT_NEIGHBOUR);
    }

    public static void setNextNeighbour(MemorySegment t, int node, int next) {
        t.set(HALF, ((long) node << SHIFT) + NEXT_NEIGHBOUR, next);
    }

    public static int previousNeighbour(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + PREVIOUS_NEIGHBOUR);
    }

    public static void setPreviousNeighbour(MemorySegment t, int node, int previous) {
        t.set(HALF, ((long) node << SHIFT) + PREVIOUS_NEIGHBOUR, previous);
    }

    /// The slot whose handles name this node's block, or 0 if the node's own number does. See [SlabTable].
    public static int slot(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + SLOT);
    }

    public static void setSlot(MemorySegment t, int node, int slot) {
        t.set(HALF, ((long) node << SHIFT) + SLOT, slot);
    }

    public static int nextInPage(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + NEXT_IN_PAGE);
    }

    public static void setNextInPage(MemorySegment t, int node, int next) {
        t.set(HALF, ((long) node << SHIFT) + NEXT_IN_PAGE, next);
    }

    /// Zeros so many bytes, and what is left of the last word. Creates no object: memory may have ended, where it must not fail.
    public static void zero(MemorySegment t, long from, long byteSize) {
        for (long at = from; at < from + byteSize; at += Long.BYTES) {
            t.set(WORD, at, 0);
        }
    }
}
