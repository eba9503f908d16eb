package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A window of neighbouring regions whose blocks slide down, so that its free space becomes one region.
///
/// ```
///  before   | A |  free  | B | free | C |  free   |          the window; its free space is reserved
///  moves        B -> |   |  C -> |  |                        each block slides down, in order of address
///  after    | A | B | C |            free         |
/// ```
///
/// Blocks that are retired stay where they are, and nothing moves across a wall. Slabs have been dissolved before.
public final class Compaction {
    /// Larger ones count as this one: 0 is the only offset that is a multiple of either. So sums of what blocks lose by an alignment don't overflow.
    private static final long LARGEST_ALIGNMENT = 1L << 32;

    private final Regions regions;
    private final long start;
    private final long end;
    /// Node and target of each move.
    private int[] nodes = new int[16];
    private long[] targets = new long[16];
    private int count;
    /// How many reserved regions there are, and a node beside one of them, or the edge.
    private int reserved;
    private int lastMoved = EDGE;

    private Compaction(Regions regions, long start, long end) {
        this.regions = regions;
        this.start = start;
        this.end = end;
    }

    // ---- making one --------------------------------------------------------------------------------------------

    /// The moves that make a free region of `target` units, or, if less is free, of all that is. If the alignment loses too much for that, of as
    /// many as it leaves. Reserves nothing yet.
    public static Compaction of(Regions regions, long target, long byAlignment) {
        MemorySegment t = regions.table();
        long alignment = Math.min(byAlignment, LARGEST_ALIGNMENT);
        Window window = Window.cheapest(t, Math.min(target, Header.word(t, Header.FREE_UNITS)), alignment);
        if (window.first == NIL) {
            return new Compaction(regions, 0, 0);
        }
        Compaction made = new Compaction(regions, offsetOf(region(t, window.first)), endOf(region(t, window.last)));
        long cursor = made.start;
        for (int node = window.first; node != window.last; node = nextNeighbour(t, node)) {
            if (NodeState.isFixed(links(t, node))) {
                cursor = endOf(region(t, node));
            } else if (!NodeState.isFree(t, node)) {
                cursor = made.slide(t, node, cursor, alignment);
            }
        }
        return made;
    }

    /// Adds the move of one block and returns where the next can go.
    private long slide(MemorySegment t, int node, long cursor, long alignment) {
        long region = region(t, node);
        long to = Math.min(offsetOf(region), Window.alignUp(cursor, alignment));
        if (to < offsetOf(region)) {
            if (count == nodes.length) {
                nodes = Arrays.copyOf(nodes, 2 * count);
                targets = Arrays.copyOf(targets, 2 * count);
            }
            nodes[count] = node;
            targets[count++] = to;
        }
        return to + sizeOf(region);
    }

    public int count() {
        return count;
    }

    public int node(int move) {
        return nodes[move];
    }

    public long target(int move) {
        return targets[move];
    }

    /// Takes the free space of the window out of the bins. The caller has begun.
    public void reserve() {
        MemorySegment t = regions.table();
        for (int node = nextNeighbour(t, EDGE); node != EDGE; node = nextNeighbour(t, node)) {
            if (NodeState.isFree(t, node) && offsetOf(region(t, node)) >= start && endOf(region(t, node)) <= end) {
                Regions.takeWhole(t, node);
                setLinks(t, node, NodeState.RESERVED);
                reserved++;
            }
        }
    }

    // ---- while it is open --------------------------------------------------------------------------------------

    /// Whether what is freed at `offset` is added to the reserved space: what lies in the window or touches its end,
    /// where a region of no size may be the window's last.
    public boolean covers(long offset) {
        return offset >= start && offset <= end;
    }

    /// Adds a region that was freed in the window to the reserved space.
    public void keep(MemorySegment t, int node) {
        setLinks(t, node, NodeState.RESERVED);
        reserved++;
        int previous = previousNeighbour(t, node);
        int next = nextNeighbour(t, node);
        if (NodeState.isReserved(t, previous)) {
            absorbNext(t, previous, node);
            node = previous;
        }
        if (NodeState.isReserved(t, next)) {
            absorbNext(t, node, next);
        }
    }

    private void absorbNext(MemorySegment t, int node, int next) {
        reserved--;
        int behind = nextNeighbour(t, next);
        setRegion(t, node, region(t, node) + sizeOf(region(t, next)));
        setNextNeighbour(t, node, behind);
        setPreviousNeighbour(t, behind, node);
        Regions.discard(t, next);
    }

    /// Whether a block still lies at `from` and the space before it is reserved down to `to`.
    public static boolean canMove(MemorySegment t, int node, long from, long to) {
        int previous = previousNeighbour(t, node);
        return offsetOf(region(t, node)) == from
                && NodeState.isReserved(t, previous)
                && offsetOf(region(t, previous)) <= to;
    }

    /// Exchanges a block with the part of the reserved region before it that starts at `to`. The caller has begun.
    public void move(MemorySegment t, int node, long to) {
        int previous = previousNeighbour(t, node);
        long region = region(t, node);
        long distance = offsetOf(region) - to;
        long padding = to - offsetOf(region(t, previous));
        setRegion(t, node, to << 32 | sizeOf(region));
        if (padding > 0) {
            setRegion(t, previous, region(t, previous) & HIGH | padding);
        } else {
            int before = previousNeighbour(t, previous);
            setNextNeighbour(t, before, node);
            setPreviousNeighbour(t, node, before);
            Regions.discard(t, previous);
            reserved--;
        }
        int next = nextNeighbour(t, node);
        long left = to + sizeOf(region) << 32;
        if (NodeState.isReserved(t, next)) {
            setRegion(t, next, left | sizeOf(region(t, next)) + distance);
        } else {
            int gap = Regions.newNode(t);
            setRegion(t, gap, left | distance);
            setLinks(t, gap, NodeState.RESERVED);
            setSides(t, gap, pair(node, next));
            setNextNeighbour(t, node, gap);
            setPreviousNeighbour(t, next, gap);
            reserved++;
        }
        lastMoved = node;
    }

    /// Frees the reserved space: O(1) if all moves were made, since then it is one region behind the last block; otherwise
    /// O(regions). The caller has begun.
    public void release() {
        MemorySegment t = regions.table();
        if (reserved == 1 && lastMoved != EDGE && NodeState.isLive(links(t, lastMoved)) && NodeState.isReserved(t, nextNeighbour(t, lastMoved))) {
            regions.give(t, nextNeighbour(t, lastMoved));
            reserved = 0;
        }
        int node = nextNeighbour(t, EDGE);
        while (reserved > 0 && node != EDGE) {
            if (NodeState.isReserved(t, node)) {
                int before = previousNeighbour(t, node); // a region that has been merged is found again behind it
                regions.give(t, node);
                reserved--;
                node = before;
            }
            node = nextNeighbour(t, node);
        }
    }

    // ---- where it pays -----------------------------------------------------------------------------------------

    /// A run of neighbouring regions, from a free one to a free one.
    private record Window(int first, int last) {
        /// There is nothing to move.
        private static final Window NONE = new Window(NIL, NIL);

        /// The window that becomes a free region of at least `target` units and has the fewest units to move: two
        /// fingers walk the regions once, the right one until there is enough, the left one while there still is. Each block counts as if it lost
        /// as much as the alignment can cost.
        static Window cheapest(MemorySegment t, long target, long alignment) {
            Window best = NONE;
            if (target == 0) {
                return best;
            }
            long bestCost = Long.MAX_VALUE;
            int left = nextFree(t, nextNeighbour(t, EDGE));
            long gain = 0;
            long cost = 0;
            for (int right = left; right != EDGE; right = nextNeighbour(t, right)) {
                long size = sizeOf(region(t, right));
                if (NodeState.isFixed(links(t, right))) {
                    left = nextFree(t, right);
                    gain = 0;
                    cost = 0;
                    right = previousNeighbour(t, left);
                    continue;
                }
                if (!NodeState.isFree(t, right)) {
                    gain -= alignUp(size, alignment) - size;
                    cost += size;
                    continue;
                }
                if (size >= target) {
                    return NONE;
                }
                gain += size;
                while (gain - FitPolicy.padding(region(t, left), alignment, 0) >= target) {
                    if (cost < bestCost) {
                        bestCost = cost;
                        best = new Window(left, right);
                    }
                    gain -= sizeOf(region(t, left));
                    int following = nextFree(t, nextNeighbour(t, left));
                    for (int node = nextNeighbour(t, left); node != following; node = nextNeighbour(t, node)) {
                        long block = sizeOf(region(t, node));
                        gain += alignUp(block, alignment) - block;
                        cost -= block;
                    }
                    left = following;
                }
            }
            return best.first != NIL ? best : largest(t, target, alignment);
        }

        /// The window that becomes the largest free region, or one of `target` units, by what the alignment really costs. A free region becomes as
        /// large as it can if all blocks before it slide down. If those behind it do so too, they may lose it again.
        private static Window largest(MemorySegment t, long target, long alignment) {
            Window best = NONE;
            long most = 0;
            int first = NIL;
            long cursor = 0;
            for (int node = nextNeighbour(t, EDGE); node != EDGE && most < target; node = nextNeighbour(t, node)) {
                long region = region(t, node);
                if (NodeState.isFixed(links(t, node))) {
                    cursor = endOf(region);
                } else if (!NodeState.isFree(t, node)) {
                    cursor = Math.min(offsetOf(region), alignUp(cursor, alignment)) + sizeOf(region);
                } else {
                    long gain = endOf(region) - cursor;
                    first = gain == sizeOf(region) ? node : first; // nothing before it has moved
                    if (gain > most || sizeOf(region) == most) {
                        most = gain;
                        best = first == node ? NONE : new Window(first, node);
                    }
                }
            }
            return best;
        }

        private static int nextFree(MemorySegment t, int node) {
            while (node != EDGE && !NodeState.isFree(t, node)) {
                node = nextNeighbour(t, node);
            }
            return node;
        }

        private static long alignUp(long value, long alignment) {
            return value + alignment - 1 & -alignment;
        }
    }
}
