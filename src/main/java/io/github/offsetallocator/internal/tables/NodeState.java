package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import java.lang.foreign.MemorySegment;

/// What the links word of a node says. It alone decides whether a block is live: everything else in the tables can be
/// rebuilt from the words of live blocks and slabs.
///
/// ```
///          63 62 61   58 57      56         32 31           0
///  free    | 0 | previous in its bin          | next        |
///  live    | 1  0 | 0    | retired | unused   | generation  |   unused: part of the last unit that nobody asked for
///  slab    | 1  1 | kind 0                    | row         |   the region of a slab, see [SlabTable]
///  reserved| 1  1 | kind 1                    | 0           |   free space that a compaction plan keeps
///  unused  | 1  1 | kind 2                    | next        |   a node without a region
///  wall    | 1  1 | kind 3                    | 0           |   a part of the range that has no memory
///  pending | 1  1 | as the live one had it    | generation  |   named by a freeAll that is checking its handles
/// ```
public final class NodeState {
    public static final long LIVE = 0x8000_0000_0000_0000L;
    public static final long SLAB = 0xC000_0000_0000_0000L;
    public static final long RESERVED = 0xC000_0001_0000_0000L;
    public static final long UNUSED = 0xC000_0002_0000_0000L;
    public static final long WALL = 0xC000_0003_0000_0000L;
    public static final long RETIRED = 0x0200_0000_0000_0000L;
    /// Turns a live node's links into something that no handle matches, and back.
    public static final long PENDING = 0x6000_0000_0000_0000L;

    /// The part of a live node's links that a handle must match. No handle matches a retired block.
    public static final long IDENTITY = 0xC200_0000_FFFF_FFFFL;

    /// Largest unused part of a block's last unit: a unit has 2^24 parts at most, and all of it is unused in a block of none.
    public static final int MAX_SLACK = (1 << 25) - 1;

    /// In a block's slack: it is born retired, in a node or a slot.
    public static final int HIDDEN = MAX_SLACK + 1;

    private static final long KIND = 0xC000_0000_0000_0000L;

    private NodeState() {}

    public static long live(int slack, int generation) {
        return LIVE | (long) slack << 32 | generation & LOW;
    }

    public static boolean isLive(long links) {
        return (links & KIND) == LIVE;
    }

    public static boolean isRetired(long links) {
        return (links & (KIND | RETIRED)) == (LIVE | RETIRED);
    }

    public static boolean isSlab(long links) {
        return (links & HIGH) == SLAB;
    }

    public static boolean isReserved(long links) {
        return links == RESERVED;
    }

    public static boolean isUnused(long links) {
        return (links & HIGH) == UNUSED;
    }

    public static boolean isWall(long links) {
        return links == WALL;
    }

    /// Whether a region is taken by what can't be moved: a retired block, or a wall.
    public static boolean isFixed(long links) {
        return isRetired(links) || isWall(links);
    }

    public static int slack(long links) {
        return high(links) & MAX_SLACK;
    }

    /// Whether a node's region is free and in a bin.
    public static boolean isFree(MemorySegment t, int node) {
        return previous(t, node) >= 0;
    }

    public static boolean isReserved(MemorySegment t, int node) {
        return links(t, node) == RESERVED;
    }

    /// Whether there is such a node, and it is that of a live block which a slot names.
    public static boolean standsFor(MemorySegment t, int node, int slot) {
        return node >= FIRST_REGION && node < Header.half(t, Header.FRESH) && isLive(links(t, node)) && slot(t, node) == slot;
    }

    /// Whether what a handle's high half says is what a live node's links say.
    public static boolean matches(long links, long handle) {
        return (links & IDENTITY) == (LIVE | handle >>> 32);
    }

    /// As [#matches], for a retired block.
    public static boolean matchesRetired(long links, long handle) {
        return (links & IDENTITY) == (LIVE | RETIRED | handle >>> 32);
    }
}
