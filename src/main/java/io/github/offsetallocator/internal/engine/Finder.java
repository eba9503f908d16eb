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

    /// The handle of the live block that starts at `unit`, or 0.
    long find(long unit) {
        long slot = findSlot(unit);
        return slot != 0 ? slot : findAny(unit);
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

    private long findAny(long unit) {
        engine.recover();
        PageMap pages = engine.pages();
        long page = PageMap.page(unit);
        int cover = pages.cover(page);
        long found = cover == 0 ? 0 : coveredAt(cover, unit);
        if (found == 0) {
            cover = pages.cover(page + 1);
            found = cover == 0 ? 0 : coveredAt(cover, unit);
        }
        return found != 0 ? found : chainedAt(page, unit);
    }

    /// As [OneThread#freeAt], of a block that may be a slot or a region.
    long freeAt(long unit, long size, int shift) {
        engine.checkUsable();
        long handle = findAny(unit);
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
            return Engine.NOTHING; // another thread has freed the slot since it was found
        }
    }

    /// The handle of the live block that starts at `unit`, if it is in a slab or node that covers a page's first unit.
    private long coveredAt(int cover, long unit) {
        if (cover < 0) {
            return engine.slabs().handleAt(cover & Integer.MAX_VALUE, unit);
        }
        return blockAt(cover, unit);
    }

    private long chainedAt(long page, long unit) {
        MemorySegment t = engine.regions().table();
        long found = 0;
        for (int node = engine.pages().first(t, page); node != NIL && found == 0; node = nextInPage(t, node)) {
            found = blockAt(node, unit);
        }
        return found;
    }

    private long blockAt(int node, long unit) {
        MemorySegment t = engine.regions().table();
        boolean holds = Integer.compareUnsigned(node, Header.half(t, Header.FRESH)) < 0
                && NodeState.isLive(links(t, node)) && offsetOf(region(t, node)) == unit;
        return holds && !NodeState.isRetired(links(t, node)) ? engine.handleOf(t, node) : 0;
    }
}
