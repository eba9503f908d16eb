package io.github.offsetallocator;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The metadata: a struct array of nodes in one segment, and the only code that knows where a field lives.
///
/// ```
///  node      0     1      2        4 … 19       20 … 275    276 …
///         +-----+------+--------+-------------+-----------+---------------------------------
///         | nil | edge | leaves | quick lists | bin heads | regions, then never used nodes
///         +-----+------+--------+-------------+-----------+---------------------------------
///
///  one node: 32 bytes, half a cache line, four words of 64 bits
///
///            63                     32 31                      0
///  region    | offset                 | size                   |   in units, unsigned
///  links     | previous in its bin    | next in its bin        |   free: bit 63 is clear
///            | 10, owner, unused part | generation             |   allocated; owner: [SharedAllocator]
///            | 11, kind               | next of its kind       |   parked, retired, reserved (no next) or unused;
///            |                        | or the generation      |   claimed
///  sides     | previous neighbour     | next neighbour         |   in address order, a ring through the edge
///  tag       | the user's own                                  |   retired: the value it waits for
/// ```
///
/// What makes the list code short: *nil* (0) absorbs writes to a link that leads nowhere, so that no write asks first;
/// the *edge* (1) is the neighbour of the first and the last region and never looks free; the head of a bin is a node
/// too, so the first region of a bin finds its bin in its own `previous`, and unlinking needs no size.
///
/// Each half of links and sides is read by itself, and written by itself or with the other: a load that spans an earlier,
/// narrower store would stall until that store has left the processor's store buffer, and writing a half by way of a
/// read of the whole would wait for a node that may not be in the cache. Only an allocated node's links are read whole;
/// they were written whole.
final class NodeTable {
    static final int NIL = 0;
    static final int EDGE = 1;
    private static final int LEAVES_NODE = 2;
    private static final int QUICK_NODE = 4;
    static final int BIN_HEADS = 20;
    static final int FIRST_REGION = BIN_HEADS + SmallFloat.BINS;

    /// Largest size that has a quick list.
    static final int QUICK_SIZES = 64;

    /// 2^31 - 1 nodes are what a 31-bit link reaches.
    static final int MAX_NODES = Integer.MAX_VALUE;

    static final long HIGH = 0xFFFF_FFFF_0000_0000L;
    static final long LOW = 0xFFFF_FFFFL;

    static final long ALLOCATED = 0x8000_0000_0000_0000L;
    static final long PARKED = 0xC000_0000_0000_0000L;
    static final long RESERVED = 0xC000_0001_0000_0000L;
    static final long UNUSED = 0xC000_0002_0000_0000L;
    static final long RETIRED = 0xC000_0003_0000_0000L;
    /// Held by a call that changes the block, in an allocator for any thread.
    static final long CLAIMED = 0xC000_0004_0000_0000L;
    /// Turns an allocated node's links into something no handle matches, and back.
    static final long PENDING = 0x4000_0000_0000_0000L;
    /// The part of an allocated node's links that a handle must match.
    static final long IDENTITY = 0xC000_0000_FFFF_FFFFL;
    /// Largest unused part of an allocated block's last unit. Its owner takes the 6 bits above.
    static final int MAX_SLACK = (1 << 24) - 1;

    // Node n starts at n << SHIFT. The code that allocates and frees says `t.get(HALF, at + NEXT)`, all other code
    // `next(t, node)`: C2 inlines an access to a segment wherever it finds one, but a method of ours around it only while the
    // compiled method is small. From the 27th such access on, each would be a call.
    static final int SHIFT = 5;
    static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final int REGION = 0;
    static final int LINKS = 8;
    static final int NEXT = 8;
    static final int PREVIOUS = 12;
    static final int SIDES = 16;
    static final int NEXT_NEIGHBOUR = 16;
    static final int PREVIOUS_NEIGHBOUR = 20;
    static final int TAG = 24;
    /// Bit field of the bins, 8 bytes for each 64.
    static final int LEAVES = LEAVES_NODE << SHIFT;
    /// Quick list of size n at QUICK + 8n: count in the high half, first block in the low half. The sizes start at 1.
    static final int QUICK = (QUICK_NODE << SHIFT) - 8;

    /// Only for [#replaceLinks]; a node's links are aligned in a table that is.
    private static final VarHandle ATOMIC_LINKS =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private NodeTable() {}

    static long byteSize(long nodes) {
        return nodes << SHIFT;
    }

    static long region(MemorySegment t, int node) {
        return t.get(WORD, ((long) node << SHIFT) + REGION);
    }

    static void setRegion(MemorySegment t, int node, long region) {
        t.set(WORD, ((long) node << SHIFT) + REGION, region);
    }

    static long links(MemorySegment t, int node) {
        return t.get(WORD, ((long) node << SHIFT) + LINKS);
    }

    /// The links after everything that this thread has written before, and all that others have.
    static long linksNow(MemorySegment t, int node) {
        return (long) ATOMIC_LINKS.getVolatile(t, ((long) node << SHIFT) + LINKS);
    }

    static void setLinks(MemorySegment t, int node, long links) {
        t.set(WORD, ((long) node << SHIFT) + LINKS, links);
    }

    /// Writes a node's links if they still are what is expected, atomically.
    static boolean replaceLinks(MemorySegment t, int node, long expected, long links) {
        return ATOMIC_LINKS.compareAndSet(t, ((long) node << SHIFT) + LINKS, expected, links);
    }

    static void setSides(MemorySegment t, int node, long sides) {
        t.set(WORD, ((long) node << SHIFT) + SIDES, sides);
    }

    static long tag(MemorySegment t, int node) {
        return t.get(WORD, ((long) node << SHIFT) + TAG);
    }

    static void setTag(MemorySegment t, int node, long tag) {
        t.set(WORD, ((long) node << SHIFT) + TAG, tag);
    }

    /// Bit field of the bins 64 * `leaf` to 64 * `leaf` + 63 that hold a region.
    static long leaf(MemorySegment t, int leaf) {
        return t.get(WORD, LEAVES + ((long) leaf << 3));
    }

    /// Quick list of a size from 1 to [#QUICK_SIZES]: count in the high half, first block in the low half.
    static long quick(MemorySegment t, long size) {
        return t.get(WORD, QUICK + (size << 3));
    }

    static void setQuick(MemorySegment t, long size, long list) {
        t.set(WORD, QUICK + (size << 3), list);
    }

    static long pair(int high, int low) {
        return (long) high << 32 | low;
    }

    static int high(long word) {
        return (int) (word >>> 32);
    }

    static int low(long word) {
        return (int) word;
    }

    static long offsetOf(long region) {
        return region >>> 32;
    }

    static long sizeOf(long region) {
        return region & LOW;
    }

    static int next(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + NEXT);
    }

    static int previous(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + PREVIOUS);
    }

    static int nextNeighbour(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + NEXT_NEIGHBOUR);
    }

    static void setNextNeighbour(MemorySegment t, int node, int next) {
        t.set(HALF, ((long) node << SHIFT) + NEXT_NEIGHBOUR, next);
    }

    static int previousNeighbour(MemorySegment t, int node) {
        return t.get(HALF, ((long) node << SHIFT) + PREVIOUS_NEIGHBOUR);
    }

    static void setPreviousNeighbour(MemorySegment t, int node, int previous) {
        t.set(HALF, ((long) node << SHIFT) + PREVIOUS_NEIGHBOUR, previous);
    }

    static boolean isFree(MemorySegment t, int node) {
        return previous(t, node) >= 0;
    }

    static boolean isParked(MemorySegment t, int node) {
        return previous(t, node) == high(PARKED);
    }

    static boolean isReserved(MemorySegment t, int node) {
        return previous(t, node) == high(RESERVED);
    }

    static boolean isClaimed(long links) {
        return (links & HIGH) == CLAIMED;
    }

    static boolean isRetired(MemorySegment t, int node) {
        return previous(t, node) == high(RETIRED);
    }

    static boolean isAllocated(long links) {
        return (links & PARKED) == ALLOCATED;
    }
}
