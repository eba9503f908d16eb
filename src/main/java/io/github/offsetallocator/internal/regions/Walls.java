package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import java.lang.foreign.MemorySegment;

/// Parts of the range that have no memory. A wall is a region with a node, like a block, but nobody's: no handle names
/// it, no walk shows it, nothing merges with it and no plan moves it.
///
/// ```
///   at first       | wall 1                                             |
///   open a chunk   | wall 1  | free       | wall 2                      |
///   and another    | wall 1  |  .a..b.... | wall 2 | free  | wall 3     |
///   shut the first | wall 1                        |  c... | wall 3     |
/// ```
///
/// There is a wall behind each chunk, of one unit at least, so no block crosses from one into the next. It is known by the
/// number of its node, which stays until everything is freed at once. A wall before a chunk is the one behind the
/// chunk before it, or the first of all; only a chunk that starts at 0 has none.
///
/// **Order of stores.** The regions of walls are the truth. One store, to the region of a wall, makes a chunk open or shut; a
/// wall that lies within another one is none, and a rebuild drops it.
public final class Walls {
    /// A range of fewer chunks is likely to get more.
    private static final int FEW_CHUNKS = 8;

    private final long limit;
    private final long chunk;
    private final int most;
    private volatile boolean toShut;
    /// The wall behind the ordinary chunk without a block that was seen last, which may stay; or NIL. It may have gone, or the chunk be in use.
    private int kept = NIL;

    /// @param limit units that may be open at once
    /// @param chunk units of an ordinary chunk: the smallest size of a bin, and no chunk is smaller
    /// @param most  how many walls there can be
    public Walls(long limit, long chunk, int most) {
        this.limit = limit;
        this.chunk = chunk;
        this.most = most;
    }

    long limit() {
        return limit;
    }

    int most() {
        return most;
    }

    boolean areSeveral(MemorySegment t) {
        return Header.open(t) > chunk;
    }

    /// Units of eight chunks, or the limit.
    long few() {
        return Math.min(limit, FEW_CHUNKS * chunk);
    }

    /// Whether there are chunks to shut: one that is larger than the ordinary and all free, or two ordinary ones. It was so when
    /// one of them became free.
    public boolean haveChunksToShut() {
        return toShut;
    }

    public void haveChunksToShut(boolean what) {
        toShut = what;
    }

    /// Says which ordinary chunk without a block stays, by the wall behind it; or `NIL`. All others are to be shut by then.
    public void keep(int wall) {
        kept = wall;
        toShut = false;
    }

    /// Units of the smallest chunk.
    long chunk() {
        return chunk;
    }

    /// A region has become free, or larger: sees whether it is a whole chunk. O(1). While a change is under way: if an error strikes in here, a
    /// rebuild says that there may be such chunks.
    void look(MemorySegment t, int node) {
        int wall = nextNeighbour(t, node);
        if (!isBarrier(t, wall) || !isBarrier(t, previousNeighbour(t, node))) {
            return;
        }
        if (sizeOf(region(t, node)) > chunk || wall != kept && isKept(t)) {
            toShut = true;
        } else {
            kept = wall;
        }
    }

    /// Whether the chunk that stays is there, and still without a block.
    private boolean isKept(MemorySegment t) {
        return kept != NIL && kept < Header.half(t, Header.FRESH) && NodeState.isWall(links(t, kept)) && isEmpty(t, kept);
    }

    /// Whether a node is no region of a chunk: a wall, or the edge of the range.
    public static boolean isBarrier(MemorySegment t, int node) {
        return node == EDGE || NodeState.isWall(links(t, node));
    }

    /// Puts a wall over the whole range, in which nothing else is. That counts as a reset before the wall does: chunks have other walls
    /// from now on, whoever puts it here.
    static void closeAll(MemorySegment t) {
        long capacity = Header.word(t, Header.CAPACITY);
        int wall = Regions.newNode(t);
        setRegion(t, wall, capacity);
        Regions.appendNode(t, wall, EDGE);
        Header.setWord(t, Header.WALLED, capacity);
        Header.add(t, Header.RESETS, 1);
        setLinks(t, wall, NodeState.WALL);
    }

    /// Puts a wall over the whole range, if there should be walls and the first one is missing, which has the first node and stays. An
    /// error between the end of all blocks at once and [#closeAll] leaves it so.
    static void putBack(Walls walls, MemorySegment t) {
        if (walls != null && (Header.half(t, Header.FRESH) == FIRST_REGION || !NodeState.isWall(links(t, FIRST_REGION)))) {
            UnusedNodes.forgetAll(t);
            closeAll(t);
        }
    }

    /// The wall that a chunk lies in or, if it is open, the one behind it.
    ///
    /// @param guess where to look first, `NIL` for the first of all. If it isn't there, O(regions)
    public static int around(MemorySegment t, int guess, long from, long size) {
        int first = guess == NIL ? nextNeighbour(t, EDGE) : guess;
        if (isAround(t, first, from, size)) {
            return first;
        }
        for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
            if (isAround(t, node, from, size) || NodeState.isWall(links(t, node)) && offsetOf(region(t, node)) == from + size) {
                return node;
            }
        }
        throw new AssertionError("neither free nor walled: " + size + " at " + from);
    }

    private static boolean isAround(MemorySegment t, int wall, long from, long size) {
        long region = region(t, wall);
        return NodeState.isWall(links(t, wall)) && from >= offsetOf(region) && from + size < endOf(region);
    }

    /// Opens a chunk, if it is not open. The table must have two new nodes.
    ///
    /// @param wall what [#around] says
    /// @param from first unit of the chunk
    /// @param size units of the chunk; the wall goes on behind it
    /// @return the wall behind it
    public static int open(MemorySegment t, int wall, long from, long size) {
        if (!isAround(t, wall, from, size)) {
            return wall;
        }
        long region = region(t, wall);
        int chunk = Regions.newNode(t);
        int behind = wall;
        int before = previousNeighbour(t, wall);
        setRegion(t, chunk, from << 32 | size);
        long rest = from + size << 32 | endOf(region) - from - size;
        if (from > offsetOf(region)) {
            before = wall;
            behind = Regions.newNode(t);
            setRegion(t, behind, rest);
            setLinks(t, behind, NodeState.WALL);
            setSides(t, behind, pair(chunk, nextNeighbour(t, wall)));
            setPreviousNeighbour(t, nextNeighbour(t, wall), behind);
            setRegion(t, wall, region & HIGH | from - offsetOf(region));
        } else {
            setRegion(t, wall, rest);
            setPreviousNeighbour(t, wall, chunk);
        }
        setSides(t, chunk, pair(before, behind));
        setNextNeighbour(t, before, chunk);
        Header.setWord(t, Header.WALLED, Header.word(t, Header.WALLED) - size);
        Header.setWord(t, Header.FREE_UNITS, Header.word(t, Header.FREE_UNITS) + size);
        Bins.link(t, Bins.bin(size), chunk);
        return behind;
    }

    /// Whether the chunk before a wall is one free region.
    public static boolean isEmpty(MemorySegment t, int wall) {
        int chunk = previousNeighbour(t, wall);
        return chunk != EDGE && NodeState.isFree(t, chunk) && isBarrier(t, previousNeighbour(t, chunk));
    }

    /// Shuts the chunk before a wall, which is empty.
    public static void shut(MemorySegment t, int wall) {
        int chunk = previousNeighbour(t, wall);
        int before = previousNeighbour(t, chunk);
        long size = sizeOf(region(t, chunk));
        Regions.takeWhole(t, chunk);
        setLinks(t, chunk, NodeState.UNUSED);
        Header.setWord(t, Header.WALLED, Header.word(t, Header.WALLED) + size);
        if (before == EDGE) {
            setRegion(t, wall, endOf(region(t, wall)));
            setPreviousNeighbour(t, wall, EDGE);
            setNextNeighbour(t, EDGE, wall);
        } else {
            int behind = nextNeighbour(t, wall);
            setRegion(t, before, region(t, before) + size + sizeOf(region(t, wall)));
            setNextNeighbour(t, before, behind);
            setPreviousNeighbour(t, behind, before);
            Regions.discard(t, wall);
        }
        Regions.discard(t, chunk);
    }
}
