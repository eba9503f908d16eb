package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import java.lang.foreign.MemorySegment;

/// Finds the block that starts at a unit, by the [PageMap].
///
/// ```
///   the block at unit X of page p      is found by
///   in a slab that reaches p or p + 1  the cover of p or p + 1, and its slot is computed
///   at the first unit of p             the cover of p
///   reaches p + 1                      the cover of p + 1
///   lies within p                      the chain of p
/// ```
///
/// The map says where to look, no more. Whether a block starts there and is live stands in its entry or node.
final class Finder {
    private final OneThread engine;

    Finder(OneThread engine) {
        this.engine = engine;
    }

    /// The handle of the live slot that starts at `unit`, or 0. Reads nothing that a thread without the lock must not, and nothing that
    /// an error can have left half changed.
    long findSlot(long unit) {
        Slabs slabs = engine.slabs();
        if (slabs == null) {
            return 0;
        }
        long page = PageMap.page(unit);
        int cover = engine.pages().cover(page);
        long found = cover < 0 ? slabs.handleAt(cover & Integer.MAX_VALUE, unit) : 0;
        if (found != 0) {
            return found;
        }
        cover = engine.pages().cover(page + 1);
        return cover < 0 ? slabs.handleAt(cover & Integer.MAX_VALUE, unit) : 0;
    }

    /// Frees the live slot that starts at `unit`, as [#findSlot] finds it.
    boolean freeSlotAt(long unit, long size, int shift) {
        Slabs slabs = engine.slabs();
        if (slabs == null) {
            return false;
        }
        long page = PageMap.page(unit);
        int cover = engine.pages().cover(page);
        if (cover < 0 && slabs.giveAt(cover & Integer.MAX_VALUE, unit, size, shift)) {
            return true;
        }
        cover = engine.pages().cover(page + 1);
        return cover < 0 && slabs.giveAt(cover & Integer.MAX_VALUE, unit, size, shift);
    }

    /// The handle of the live block that starts at `unit`, or 0.
    long find(long unit) {
        long slot = findSlot(unit);
        if (slot != 0) {
            return slot;
        }
        engine.recover(); // and look again: an error may have struck while a slab's slots became blocks with nodes
        int node = findNode(unit);
        return node != NIL ? engine.handleOf(engine.regions().table(), node) : findSlot(unit);
    }

    /// The node of the live block that starts at `unit`, if it has one, or [#NIL]. The bins are not busy.
    private int findNode(long unit) {
        MemorySegment t = engine.regions().table();
        PageMap pages = engine.pages();
        long page = PageMap.page(unit);
        int cover = pages.cover(page);
        if (cover > 0 && startsAt(t, cover, unit)) {
            return cover;
        }
        cover = pages.cover(page + 1);
        if (cover > 0 && startsAt(t, cover, unit)) {
            return cover;
        }
        int node = pages.first(t, page);
        while (node != NIL && !startsAt(t, node, unit)) {
            node = nextInPage(t, node);
        }
        return node;
    }

    /// Whether a node has a live block that starts at `unit`.
    private static boolean startsAt(MemorySegment t, int node, long unit) {
        long links = Integer.compareUnsigned(node, Header.half(t, Header.FRESH)) < 0 ? links(t, node) : 0;
        return NodeState.isLive(links) && !NodeState.isRetired(links) && offsetOf(region(t, node)) == unit;
    }

    /// As [OneThread#freeAt], of a block that [#freeSlotAt] has not freed.
    long freeAt(long unit, long size, int shift) {
        engine.checkUsable();
        engine.recover();
        int node = findNode(unit);
        if (node == NIL) {
            return freeFound(findSlot(unit), size, shift);
        }
        MemorySegment t = engine.regions().table();
        long found = (sizeOf(region(t, node)) << shift) - NodeState.slack(links(t, node));
        if (found != size && size != Engine.ANY_SIZE) {
            return found;
        }
        int slot = slot(t, node);
        if (slot == 0) {
            engine.release(t, node);
        } else {
            engine.releaseMoved(slot);
        }
        return Engine.FREED;
    }

    /// Frees a live slot that was found, if one was and has this size. Another thread may free it meanwhile.
    private long freeFound(long handle, long size, int shift) {
        if (handle == 0) {
            return Engine.NOTHING;
        }
        try {
            long found = engine.size(handle, shift);
            if (found == size || size == Engine.ANY_SIZE) {
                engine.free(handle);
                return Engine.FREED;
            }
            return found;
        } catch (IllegalStateException refused) {
            if (engine.isLive(handle)) {
                throw refused;
            }
            return Engine.NOTHING;
        }
    }
}
