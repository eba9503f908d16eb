package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.HALF;
import static io.github.offsetallocator.internal.tables.NodeTable.WORD;

import java.lang.foreign.MemorySegment;

/// The words about the whole, at the start of the node table. What every allocation from the bins touches lies in one cache
/// line.
///
/// ```
///   64   leaves      4 x 64 bits     bit b of leaf l is set iff bin 64 l + b holds a region
///   96   top         4 bits          bit l is set iff leaf l is not 0
///  100   busy        0 or 1          1 while the bins are being changed: a call that finds it set rebuilds first
///  104   free units  64 bits         sum of the sizes of the regions in bins
///  112   fresh       node            nodes from here on were never used since the last reset
///  116   unused      node            first of those given back, chained by `next`; 0 = none
///  120   blocks      32 bits         live and retired blocks with a node, and all slots of slabs, free ones too
///  124   generation  31 bits         of the last handle that named a node
///
///  128   capacity    64 bits         units
///  136   live        32 | 32         live and retired blocks with a node | their units
///  144   not used    32 bits
///  148   retired     32 bits         blocks that are retired
///  152   resets      32 bits         how often everything was freed at once
///  156   floor       31 bits         generations of new slots start here
///
///  160   resized     node            the block that is being resized, or 0
///  164   its slack   25 bits         what its unused part is to be
///  168   its region  64 bits         once its region is this
///  176   resetting   0 or 1          1 while everything is being freed at once
///  180   decided     0 or 1          1 once a change of several blocks is to be completed
///  184   successor   handle          the block that such a change brings to light, or 0
///
///  240   walled      64 bits         units behind walls, which have no memory: none where the range has one size
///  248   limit       64 bits         units that may have memory at once, or 0 where the range has one size or grows by calls
/// ```
public final class Header {
    public static final int LEAVES = 64;
    public static final int TOP = 96;
    public static final int BUSY = 100;
    public static final int FREE_UNITS = 104;
    public static final int FRESH = 112;
    public static final int UNUSED_NODES = 116;
    public static final int BLOCKS = 120;
    public static final int GENERATION = 124;
    public static final int CAPACITY = 128;
    public static final int LIVE = 136;
    public static final int RETIRED = 148;
    public static final int RESETS = 152;
    public static final int FLOOR = 156;
    public static final int RESIZED = 160;
    public static final int RESIZED_SLACK = 164;
    public static final int RESIZED_REGION = 168;
    public static final int RESETTING = 176;
    public static final int DECIDED = 180;
    public static final int SUCCESSOR = 184;
    public static final int WALLED = 240;
    public static final int LIMIT = 248;

    /// One block in the words that count blocks above and units below.
    public static final long ONE = 1L << 32;

    public static final int MAX_GENERATION = Integer.MAX_VALUE;

    private Header() {}

    public static long word(MemorySegment t, int field) {
        return t.get(WORD, field);
    }

    public static void setWord(MemorySegment t, int field, long value) {
        t.set(WORD, field, value);
    }

    public static int half(MemorySegment t, int field) {
        return t.get(HALF, field);
    }

    public static void setHalf(MemorySegment t, int field, int value) {
        t.set(HALF, field, value);
    }

    public static void add(MemorySegment t, int field, int value) {
        t.set(HALF, field, t.get(HALF, field) + value);
    }

    /// Units that have memory: all, but for those behind walls.
    public static long open(MemorySegment t) {
        return t.get(WORD, CAPACITY) - t.get(WORD, WALLED);
    }

    /// Whether one part in 2^`share` is free of all units that have memory.
    public static boolean isRoomyNow(MemorySegment t, int share) {
        return t.get(WORD, FREE_UNITS) >= open(t) >>> share;
    }

    /// Whether one part in 2^`share` is free of all units that have memory or may have it. Those that have none yet count
    /// as free.
    public static boolean isRoomy(MemorySegment t, int share) {
        long open = open(t);
        long most = Math.max(open, t.get(WORD, LIMIT));
        return t.get(WORD, FREE_UNITS) + most - open >= most >>> share;
    }

    /// Bit field of the bins 64 * `leaf` to 64 * `leaf` + 63 that hold a region.
    public static long leaf(MemorySegment t, int leaf) {
        return t.get(WORD, LEAVES + ((long) leaf << 3));
    }

    /// The later of two generations less than 2^30 apart. They go round: after the highest one comes 0.
    public static int later(int generation, int other) {
        return other - generation << 1 > 0 ? other : generation;
    }

    /// The generation of the next handle, which is never 0.
    public static int nextGeneration(MemorySegment t) {
        int last = t.get(HALF, GENERATION);
        int next = last == MAX_GENERATION ? 1 : last + 1;
        t.set(HALF, GENERATION, next);
        return next;
    }
}
