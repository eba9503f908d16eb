package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Moves that make one large free region out of small ones. The allocator only plans: it knows nothing of what lies in
/// its blocks. The caller copies, on whatever device, and commits each move when its copy is done.
///
/// ```java
/// try (CompactionPlan plan = heap.planCompaction(target)) {
///     for (CompactionPlan.Move move : plan.moves()) {
///         copy(move.from(), move.to(), move.size());
///         plan.commit(move);
///     }
/// }
/// ```
///
/// ```
///  before   | A |  free  | B | free | C |  free   |          the window; its free space is reserved
///  moves        B -> |   |  C -> |  |                        each block slides down, in order of address
///  after    | A | B | C |            free         |
/// ```
///
/// Until a move is committed, both its ranges stay as they are: `from` is the live block, `to` is reserved space or was
/// left by the moves before it. Handles stay valid; [OffsetAllocator#offset(long)] changes with the commit. Moves are
/// committed in order. One that is left out keeps its block in place; those behind it that need its room are then
/// refused, the others are not.
///
/// Blocks that were retired stay where they are, since something may still read them.
///
/// While a plan is open, everything else goes on: blocks are allocated outside the reserved space, and a block freed in
/// the window adds to it. Where the last move has been committed or dropped, or the plan is closed, the reserved space
/// becomes free.
///
/// A move may overlap itself ([Move#overlaps()]) where a block slides by less than its size. Copy such a one in the
/// order of its addresses ([MemorySegment#copyFrom(MemorySegment)] does), in steps of `from - to`, or by way of another
/// place.
///
/// **Threads.** As the allocator: one at a time.
public final class CompactionPlan implements AutoCloseable {
    /// One block to be moved.
    ///
    /// @param allocation its handle
    /// @param from       where it lies, in units
    /// @param to         where it goes, in units; less than `from`
    /// @param size       its size, in units
    public record Move(long allocation, long from, long to, long size) {
        /// Whether the two ranges have units in common.
        ///
        /// @return whether they overlap
        public boolean overlaps() {
            return from - to < size;
        }
    }

    private final OffsetAllocator allocator;
    private final long start;
    private final long end;
    private final List<Move> moves;
    private final boolean[] done;
    private int outstanding;

    private CompactionPlan(OffsetAllocator allocator, long start, long end, List<Move> moves) {
        this.allocator = allocator;
        this.start = start;
        this.end = end;
        this.moves = Collections.unmodifiableList(moves);
        this.done = new boolean[moves.size()];
        this.outstanding = moves.size();
    }

    // ---- making one --------------------------------------------------------------------------------------------

    static CompactionPlan of(OffsetAllocator allocator, long target, long alignment) {
        MemorySegment t = allocator.table;
        Window window = Window.cheapest(t, Math.min(target, allocator.freeUnits), alignment);
        List<Move> moves = new ArrayList<>();
        if (window.first == NIL) {
            return new CompactionPlan(allocator, 0, 0, moves);
        }
        long cursor = offsetOf(region(t, window.first));
        for (int node = window.first; node != window.last; node = nextNeighbour(t, node)) {
            if (isRetired(t, node)) {
                cursor = offsetOf(region(t, node)) + sizeOf(region(t, node));
            } else if (!isFree(t, node)) {
                cursor = slide(t, node, cursor, alignment, moves);
            }
        }
        long start = offsetOf(region(t, window.first));
        long end = offsetOf(region(t, window.last)) + sizeOf(region(t, window.last));
        CompactionPlan plan = new CompactionPlan(allocator, start, end, moves);
        if (!moves.isEmpty()) {
            plan.reserveWindow(t, window);
        }
        return plan;
    }

    /// Adds the move of one block and returns where the next can go.
    private static long slide(MemorySegment t, int node, long cursor, long alignment, List<Move> moves) {
        long region = region(t, node);
        long from = offsetOf(region);
        long to = Math.min(from, Window.alignUp(cursor, alignment));
        if (to < from) {
            moves.add(new Move(OffsetAllocator.handleOf(t, node), from, to, sizeOf(region)));
        }
        return to + sizeOf(region);
    }

    private void reserveWindow(MemorySegment t, Window window) {
        int behind = nextNeighbour(t, window.last);
        for (int node = window.first; node != behind; node = nextNeighbour(t, node)) {
            if (isFree(t, node)) {
                allocator.reserve(t, node);
            }
        }
    }

    // ---- what the caller does with it --------------------------------------------------------------------------

    /// The moves, in the order in which they can be carried out.
    ///
    /// @return an unmodifiable list
    public List<Move> moves() {
        return moves;
    }

    /// Whether moves are outstanding and space is reserved.
    ///
    /// @return whether the plan is open
    public boolean isOpen() {
        return outstanding > 0;
    }

    /// Makes a move take effect: the block now lies at `to`, and its handle says so. O(1).
    ///
    /// @param move one of [#moves()] whose content has been copied
    /// @throws IllegalArgumentException if the move is none of this plan's
    /// @throws IllegalStateException    if the plan has ended, the move was committed or dropped before, its block was
    ///                                  freed, or the space before the block is not free because an earlier move was
    ///                                  left out. Nothing has changed then
    public void commit(Move move) {
        int index = outstandingIndex(move);
        allocator.checkUsable();
        int node = allocator.checkLive(allocator.table, move.allocation);
        allocator.growTableIfShort();
        MemorySegment t = allocator.table;
        int previous = previousNeighbour(t, node);
        if (offsetOf(region(t, node)) != move.from
                || !isReserved(t, previous)
                || offsetOf(region(t, previous)) > move.to) {
            throw new IllegalStateException(move + ": the space before the block is not free; was an earlier move left out?");
        }
        moveDown(t, node, previous, move.to);
        settle(index);
    }

    /// Leaves a block where it is.
    ///
    /// @param move one of [#moves()]
    /// @throws IllegalArgumentException if the move is none of this plan's
    /// @throws IllegalStateException    if the plan has ended, or the move was committed or dropped before
    public void drop(Move move) {
        int index = outstandingIndex(move);
        allocator.checkUsable();
        settle(index);
    }

    /// Drops all moves that are outstanding and frees the reserved space. O(regions). Closing twice is allowed, and so
    /// is closing after the allocator was reset or closed, which ends a plan too.
    @Override
    public void close() {
        if (outstanding > 0) {
            allocator.checkUsable();
            outstanding = 0;
            release(allocator.table);
        }
    }

    private int outstandingIndex(Move move) {
        if (outstanding == 0) {
            throw new IllegalStateException(move + ": the plan has ended");
        }
        int index = Collections.binarySearch(moves, move, (a, b) -> Long.compare(a.from, b.from));
        // Blocks of no size can share their offset with another block.
        while (index > 0 && moves.get(index - 1).from == move.from) {
            index--;
        }
        while (index >= 0 && index < moves.size() && moves.get(index).from == move.from && !moves.get(index).equals(move)) {
            index++;
        }
        if (index < 0 || index == moves.size() || !moves.get(index).equals(move)) {
            throw new IllegalArgumentException(move + " is not in this plan");
        }
        if (done[index]) {
            throw new IllegalStateException(move + " was committed or dropped before");
        }
        return index;
    }

    private void settle(int index) {
        done[index] = true;
        if (--outstanding == 0) {
            release(allocator.table);
        }
    }

    // ---- what the allocator asks of it -------------------------------------------------------------------------

    /// Whether what is freed at `offset` is added to the reserved space: what lies in the window or touches its end,
    /// where a region of no size may be the window's last.
    boolean covers(long offset) {
        return offset >= start && offset <= end;
    }

    /// Adds a region that was freed in the window to the reserved space.
    void keep(MemorySegment t, int node) {
        setLinks(t, node, RESERVED);
        int previous = previousNeighbour(t, node);
        int next = nextNeighbour(t, node);
        if (isReserved(t, previous)) {
            absorbNext(t, previous, node);
            node = previous;
        }
        if (isReserved(t, next)) {
            absorbNext(t, node, next);
        }
    }

    /// The allocator was reset or closed.
    void forget() {
        outstanding = 0;
    }

    private void absorbNext(MemorySegment t, int node, int next) {
        int behind = nextNeighbour(t, next);
        setRegion(t, node, region(t, node) + sizeOf(region(t, next)));
        setNextNeighbour(t, node, behind);
        setPreviousNeighbour(t, behind, node);
        allocator.discard(t, next);
    }

    /// Exchanges a block with the part of the reserved region before it that starts at `to`.
    private void moveDown(MemorySegment t, int node, int previous, long to) {
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
            allocator.discard(t, previous);
        }
        int next = nextNeighbour(t, node);
        long left = (to + sizeOf(region)) << 32;
        if (isReserved(t, next)) {
            setRegion(t, next, left | sizeOf(region(t, next)) + distance);
        } else {
            int gap = allocator.newNode(t);
            setRegion(t, gap, left | distance);
            setLinks(t, gap, RESERVED);
            setSides(t, gap, pair(node, next));
            setNextNeighbour(t, node, gap);
            setPreviousNeighbour(t, next, gap);
        }
    }

    /// Frees the reserved space. A region that has been merged is found again as the neighbour of the one before it.
    private void release(MemorySegment t) {
        int node = nextNeighbour(t, EDGE);
        while (node != EDGE) {
            if (isReserved(t, node)) {
                int before = previousNeighbour(t, node);
                allocator.merge(t, node);
                node = before == EDGE ? nextNeighbour(t, EDGE) : before;
            }
            node = nextNeighbour(t, node);
        }
        allocator.planEnded();
    }

    // ---- where it pays -----------------------------------------------------------------------------------------

    /// A run of neighbouring regions, from a free one to a free one.
    private record Window(int first, int last) {
        /// The window that becomes a free region of at least `target` units and has the fewest units to move: two
        /// fingers walk the regions once, the right one until there is enough, the left one while there still is.
        static Window cheapest(MemorySegment t, long target, long alignment) {
            Window best = new Window(NIL, NIL);
            if (target == 0) {
                return best;
            }
            long bestCost = Long.MAX_VALUE;
            int left = nextFree(t, nextNeighbour(t, EDGE));
            long gain = 0;
            long cost = 0;
            for (int right = left; right != EDGE; right = nextNeighbour(t, right)) {
                long size = sizeOf(region(t, right));
                if (isRetired(t, right)) {
                    left = nextFree(t, right);
                    gain = 0;
                    cost = 0;
                    right = previousNeighbour(t, left);
                    continue;
                }
                if (!isFree(t, right)) {
                    gain -= alignUp(size, alignment) - size;
                    cost += size;
                    continue;
                }
                gain += size;
                while (gain - lostAt(t, left, alignment) >= target) {
                    if (cost < bestCost) {
                        bestCost = cost;
                        best = new Window(left, right);
                    }
                    if (left == right) {
                        break;
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
            return best.first == NIL ? everything(t) : best;
        }

        private static Window everything(MemorySegment t) {
            int last = previousNeighbour(t, EDGE);
            while (!isFree(t, last)) {
                last = previousNeighbour(t, last);
            }
            return new Window(nextFree(t, nextNeighbour(t, EDGE)), last);
        }

        private static int nextFree(MemorySegment t, int node) {
            while (node != EDGE && !isFree(t, node)) {
                node = nextNeighbour(t, node);
            }
            return node;
        }

        private static long lostAt(MemorySegment t, int node, long alignment) {
            return Regions.padding(region(t, node), alignment, 0);
        }

        private static long alignUp(long value, long alignment) {
            return value + alignment - 1 & -alignment;
        }
    }
}
