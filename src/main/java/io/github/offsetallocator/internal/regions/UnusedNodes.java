package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;

/// Nodes that nothing refers to, and how the upper part of a table comes to hold nothing else.
///
/// ```
///   before   | live | unused | unused | live | unused | free | unused | fresh
///   lowered  | live |  free  | unused | live | unused | unused        | fresh      what is live keeps its node: handles name it
/// ```
final class UnusedNodes {
    private UnusedNodes() {}

    /// No node was ever used, of blocks neither.
    static void forgetAll(MemorySegment t) {
        Header.setHalf(t, Header.FRESH, FIRST_REGION);
        Header.setHalf(t, Header.UNUSED_NODES, NIL);
    }

    /// Chains those nodes below `end` that are unused, the lowest first.
    static void chain(MemorySegment t, int end) {
        Header.setHalf(t, Header.UNUSED_NODES, NIL);
        for (int node = end - 1; node >= FIRST_REGION; node--) {
            if (NodeState.isUnused(links(t, node))) {
                Regions.discard(t, node);
            }
        }
    }

    /// The first node from which on all are unused, free regions that could have a lower one, or empty slabs.
    static int needed(MemorySegment t, IntPredicate isEmptySlab) {
        int end = Header.half(t, Header.FRESH);
        while (end > FIRST_REGION && canGo(t, end - 1, isEmptySlab)) {
            end--;
        }
        return end;
    }

    private static boolean canGo(MemorySegment t, int node, IntPredicate isEmptySlab) {
        long links = links(t, node);
        return NodeState.isUnused(links) || NodeState.isFree(t, node) || NodeState.isSlab(links) && isEmptySlab.test(low(links));
    }

    /// Lets free regions have the lowest nodes that are unused: they keep their places in the bins and in the ring. The caller has begun.
    /// Returns the first node from which on all are unused; those are in no chain.
    static int lower(MemorySegment t) {
        int end = Header.half(t, Header.FRESH);
        chain(t, end);
        int used = FIRST_REGION;
        for (int node = end - 1; node >= FIRST_REGION; node--) {
            int lowest = Header.half(t, Header.UNUSED_NODES);
            if (NodeState.isFree(t, node) && lowest != NIL && lowest < node) {
                move(t, node, Regions.newNode(t));
                used = Math.max(used, lowest + 1);
            } else if (!NodeState.isUnused(links(t, node))) {
                used = Math.max(used, node + 1);
            }
        }
        chain(t, used);
        return used;
    }

    private static void move(MemorySegment t, int node, int to) {
        setRegion(t, to, region(t, node));
        int before = previousNeighbour(t, node);
        int behind = nextNeighbour(t, node);
        setSides(t, to, pair(before, behind));
        setNextNeighbour(t, before, to);
        setPreviousNeighbour(t, behind, to);
        long links = links(t, node);
        setLinks(t, to, links);
        t.set(HALF, ((long) high(links) << SHIFT) + NEXT, to);
        t.set(HALF, ((long) low(links) << SHIFT) + PREVIOUS, to);
        setLinks(t, node, NodeState.UNUSED);
    }
}
