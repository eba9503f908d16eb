package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.slabs.Slabs.Enough;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Empty slabs that stay, where one thread works at a time: one of each class and, while there is room, the 64 others that became empty
/// last. A program whose blocks come and go in waves would have most of them back a moment later.
///
/// ```
///   a slab becomes empty -> its class has no other that is?   it is the class's own                     EMPTY of the class
///                        -> is there room?                    it comes into the ring;                   rows
///                                                             the one whose place that is goes back
///                        -> no                                it goes back
///   no room for a new slab -> eight of the ring go back
///   a chunk has nothing else -> all in it go back
/// ```
///
/// Like lists, the ring follows from the entries and is not in the table. What it names may have gone, or have live slots again, so each row is
/// looked at first. A row says where in the ring it is, so that a slab which is used and empty in turn takes one place. Each empty slab is its
/// class's own, or its current one, or in the ring: a rebuild keeps none ([SlabRebuild]).
final class KeptSlabs {
    /// A power of two. A report looks at each. So many slabs are an eighth of the range: with 256, a program had its small blocks all over the
    /// range the second time, where the first time they lay side by side.
    private static final int PLACES = 64;
    /// Those that go back before a slab is made for which there is no room.
    private static final int SWEPT = 8;

    private final OneThreadSlabs slabs;
    private final int[] rows = new int[PLACES];
    /// The place that has waited longest.
    private int oldest;

    KeptSlabs(OneThreadSlabs slabs) {
        this.slabs = slabs;
    }

    /// The last live slot of a slab was freed. Keeps the slab or gives it back.
    void becameEmpty(MemorySegment t, long line, int row) {
        int own = half(t, line + EMPTY);
        if (!SlabLists.isEmpty(t, own, line)) {
            setHalf(t, line + EMPTY, row);
        } else if (own != row) {
            MemorySegment nodes = slabs.regions.table();
            boolean stays = Header.isRoomyNow(nodes, SlabMaking.ROOMY_SHIFT);
            int node = half(t, SlabTable.at(row) + NODE);
            int near = stays ? node : previousNeighbour(nodes, node);
            int goes = stays ? keep(t, row) : row;
            if (mayGo(goes)) {
                slabs.ending.giveBack(goes);
            }
            leaveChunk(near);
        }
    }

    /// Gives back all slabs of a chunk that has nothing else, so that the chunk can go. Looks both ways at once, up to the nearer one of two
    /// regions that are something else: for slabs that become empty one after the other that is O(log(slabs)) in the mean, in whatever order.
    ///
    /// @param near a region of the chunk, or the wall before it
    void leaveChunk(int near) {
        if (!slabs.regions.hasSeveralChunks()) {
            return;
        }
        MemorySegment nodes = slabs.regions.table();
        int left = near;
        int right = nextNeighbour(nodes, near);
        boolean isLeftEnd;
        boolean isRightEnd;
        do {
            isRightEnd = !isSpare(nodes, right);
            isLeftEnd = !isSpare(nodes, left);
            if (isRightEnd && !Walls.isBarrier(nodes, right) || isLeftEnd && !Walls.isBarrier(nodes, left)) {
                return;
            }
            right = isRightEnd ? right : nextNeighbour(nodes, right);
            left = isLeftEnd ? left : previousNeighbour(nodes, left);
        } while (!isLeftEnd || !isRightEnd);
        slabs.ending.endAllBefore(right);
    }

    /// Whether a node's region is free, or an empty slab that is not its class's own.
    private boolean isSpare(MemorySegment nodes, int node) {
        long links = links(nodes, node);
        return NodeState.isSlab(links) ? isEmptyNotOwn(slabs.head(), low(links)) : links >= 0;
    }

    private static boolean isEmptyNotOwn(MemorySegment t, int row) {
        long shape = word(t, SlabTable.at(row) + SHAPE);
        return word(t, SlabTable.at(row) + BITS) == SlabTable.all(shape) && half(t, line(SlabTable.sizeClass(shape)) + EMPTY) != row;
    }

    /// Puts a row into the ring, if it is not there. Returns the row whose place that was, or 0.
    private int keep(MemorySegment t, int row) {
        if (rows[half(t, SlabTable.at(row) + PLACE) & PLACES - 1] == row) {
            return 0;
        }
        int place = oldest;
        int other = rows[place];
        oldest = place + 1 & PLACES - 1;
        rows[place] = row;
        setHalf(t, SlabTable.at(row) + PLACE, place);
        return other;
    }

    /// Gives back those at the next places, unless there is room.
    void sweep(boolean isRoomy) {
        for (int left = isRoomy ? 0 : SWEPT; left > 0; left--) {
            giveBackAt(oldest);
            oldest = oldest + 1 & PLACES - 1;
        }
    }

    /// As [Slabs#giveBackEmpty], but for one of each class.
    boolean giveBackAll(Enough enough) {
        for (int place = 0; place < PLACES; place++) {
            if (giveBackAt(place) && enough.now()) {
                return true;
            }
        }
        return false;
    }

    private boolean giveBackAt(int place) {
        int row = rows[place];
        rows[place] = 0;
        return mayGo(row) && slabs.ending.giveBack(row);
    }

    /// Whether a row has an empty slab that is not its class's own.
    private boolean mayGo(int row) {
        MemorySegment t = slabs.head();
        return row != 0 && row < half(t, FRESH_ROW) && slabs.isSlab(row) && isEmptyNotOwn(t, row);
    }

    /// The largest free region if all of the ring went back. O(places).
    long largestAround() {
        long largest = 0;
        for (int row : rows) {
            largest = Math.max(largest, slabs.report.largestIfEmpty(row));
        }
        return largest;
    }

    void clear() {
        for (int place = 0; place < PLACES; place++) { // as in CurrentSlabs#clear
            rows[place] = 0;
        }
    }
}
