package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.regions.Compaction;
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
/// While a plan is open, everything else goes on, but without slabs: blocks are allocated outside the reserved space, and a
/// block freed in the window adds to it. Once the last move has been committed or dropped, or the plan is closed, the reserved space
/// becomes free. An error that strikes in the middle of a call of the allocator ends the plan, too, as `reset` does.
///
/// A move may overlap itself ([Move#overlaps()]) where a block slides by less than its size. Copy such a one in the
/// order of its addresses ([java.lang.foreign.MemorySegment#copyFrom(MemorySegment)] does), in steps of `from - to`, or by way of another
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

    private final Engine engine;
    private final Compaction compaction;
    private final List<Move> moves;
    private final boolean[] done;
    private int outstanding;

    private CompactionPlan(Engine engine, Compaction compaction, List<Move> moves) {
        this.engine = engine;
        this.compaction = compaction;
        this.moves = Collections.unmodifiableList(moves);
        this.done = new boolean[moves.size()];
        this.outstanding = moves.size();
    }

    static CompactionPlan of(Engine engine, long target, long alignment) {
        return engine.plan(target, alignment, compaction -> new CompactionPlan(engine, compaction, movesOf(engine, compaction)));
    }

    private static List<Move> movesOf(Engine engine, Compaction compaction) {
        List<Move> moves = new ArrayList<>(compaction.count());
        for (int i = 0; i < compaction.count(); i++) {
            long allocation = engine.handle(compaction, i);
            moves.add(new Move(allocation, engine.offset(allocation), compaction.target(i), engine.size(allocation, 0)));
        }
        return moves;
    }

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
        return outstanding > 0 && engine.isPlan(compaction);
    }

    /// Makes a move take effect: the block now lies at `to`, and its handle says so. O(1), but for the last one, which
    /// frees what is left of the reserved space: O(regions).
    ///
    /// @param move one of [#moves()] whose content has been copied
    /// @throws IllegalArgumentException if the move is none of this plan's
    /// @throws IllegalStateException    if the plan has ended, the move was committed or dropped before, its block was
    ///                                  freed, or the space before the block is not free because an earlier move was
    ///                                  left out. Nothing has changed then
    public void commit(Move move) {
        int index = outstandingIndex(move);
        if (!engine.move(move.allocation, move.from, move.to)) {
            throw new IllegalStateException(move + ": the space before the block is not free; was an earlier move left out?");
        }
        settle(index);
    }

    /// Leaves a block where it is.
    ///
    /// @param move one of [#moves()]
    /// @throws IllegalArgumentException if the move is none of this plan's
    /// @throws IllegalStateException    if the plan has ended, or the move was committed or dropped before
    public void drop(Move move) {
        int index = outstandingIndex(move);
        engine.checkUsable();
        settle(index);
    }

    /// Drops all moves that are outstanding and frees the reserved space. O(regions). Closing twice is allowed, and so
    /// is closing after the allocator was reset or closed, which ends a plan too.
    @Override
    public void close() {
        if (isOpen()) {
            engine.endPlan(compaction);
        }
        outstanding = 0;
    }

    private int outstandingIndex(Move move) {
        if (!isOpen()) {
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
        if (outstanding == 1) {
            engine.endPlan(compaction); // if an error strikes before it has ended, it is open, and `close` ends it
        }
        outstanding--;
    }
}
