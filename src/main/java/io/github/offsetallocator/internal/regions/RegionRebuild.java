package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.Tally;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// After an error, or when a file is opened: makes everything about regions anew from the nodes whose links say what they are.
///
/// ```
///   nodes      live   ?   wall   slab   ?   live          what is left is unused
///   sorted     | wall | live |      | slab | live |       by offset: the ring of neighbours
///   gaps       | wall | live | free | slab | live |       the bins
/// ```
final class RegionRebuild {
    private RegionRebuild() {}

    /// As [Regions#rebuild(IntPredicate, IntConsumer)].
    static void rebuild(MemorySegment t, Walls walls, Tally tally, IntPredicate holds, IntConsumer entered) {
        Walls.putBack(walls, t);
        if (walls != null) {
            walls.haveChunksToShut(true); // there may be some: nobody looks at what becomes free in here
        }
        int fresh = Header.half(t, Header.FRESH);
        boolean isDecided = Header.half(t, Header.DECIDED) != 0;
        long[] keys = new long[fresh - FIRST_REGION];
        int kept = 0;
        int live = 0;
        long liveUnits = 0;
        long walled = 0;
        int retired = 0;
        for (int node = FIRST_REGION; node < fresh; node++) {
            long links = links(t, node);
            if ((links & NodeState.PENDING) == NodeState.PENDING && !NodeState.isSlab(links)) {
                links = isDecided ? NodeState.UNUSED : links & ~NodeState.PENDING;
                setLinks(t, node, links);
            }
            boolean isLive = NodeState.isLive(links);
            if ((isLive || NodeState.isSlab(links)) && holds.test(node) || NodeState.isWall(links)) {
                // A block of no size comes before the block that starts where it lies.
                keys[kept++] = offsetOf(region(t, node)) << 32 | (sizeOf(region(t, node)) == 0 ? 0 : 1L << 31) | node;
                live += isLive ? 1 : 0;
                liveUnits += isLive ? sizeOf(region(t, node)) : 0;
                retired += NodeState.isRetired(links) ? 1 : 0;
            } else {
                setLinks(t, node, NodeState.UNUSED);
            }
        }
        keys = AddressOrder.sort(keys, kept);
        UnusedNodes.chain(t, fresh);
        Bins.empty(t);
        long capacity = Header.word(t, Header.CAPACITY);
        long free = 0;
        long end = 0;
        for (int i = 0; i <= kept; i++) {
            int node = i == kept ? EDGE : (int) keys[i] & Integer.MAX_VALUE;
            long offset = node == EDGE ? capacity : offsetOf(region(t, node));
            if (offset < end && NodeState.isWall(links(t, node))) { // it was to become a part of the one before, and is
                Regions.discard(t, node);
                continue;
            }
            if (offset > end) {
                Regions.linkFree(t, Regions.newNode(t), end << 32 | offset - end, previousNeighbour(t, EDGE));
                free += offset - end;
            }
            if (node != EDGE) {
                end = endOf(region(t, node));
                walled += NodeState.isWall(links(t, node)) ? sizeOf(region(t, node)) : 0;
                Regions.appendNode(t, node, previousNeighbour(t, EDGE));
                if (!NodeState.isWall(links(t, node))) {
                    entered.accept(node);
                }
            }
        }
        Header.setWord(t, Header.FREE_UNITS, free);
        tally.add(((long) live << 32 | liveUnits) - Header.word(t, Header.LIVE));
        Header.setWord(t, Header.LIVE, (long) live << 32 | liveUnits);
        Header.setHalf(t, Header.RETIRED, retired);
        Header.setWord(t, Header.WALLED, walled);
    }
}
