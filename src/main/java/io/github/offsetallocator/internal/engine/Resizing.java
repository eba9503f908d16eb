package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Makes a block larger or smaller where it lies.
///
/// ```
///   |  block  | free ...            larger: it takes units from the free region behind it
///   |  block  | slab | free ...     larger: a slab whose first slot is free is dissolved first
///   | block |tail| ...              smaller: its tail becomes free
/// ```
///
/// A slot can't change its size: unless the size stays the same, its slab is dissolved, and the block goes on in a node. No slab is dissolved for
/// a size that does not fit, unless another thread takes a slot meanwhile.
///
/// Region and slack are two stores. What is to be is written into the header before, so that a rebuild can make the second
/// ([#end]).
final class Resizing {
    private final OneThread engine;

    Resizing(OneThread engine) {
        this.engine = engine;
    }

    boolean resize(long handle, long newSize, int slack) {
        if (newSize < 0) {
            throw new IllegalArgumentException("size " + newSize + " is negative");
        }
        engine.checkUsable();
        engine.recover();
        engine.checkLive(handle);
        if (SlabTable.isSlot(handle)) {
            Slabs slabs = engine.slabs();
            int slot = SlabTable.slotOf(handle);
            long entry = slabs.entry(slot);
            if (!SlabTable.isMoved(entry)) {
                if (newSize == slabs.size(slot)) {
                    if (!SlabTable.matches(entry, handle) || !slabs.replaceEntry(slot, entry, entry & -SlabTable.ONE_GENERATION | slack)) {
                        throw engine.notLive(handle); // another thread has freed it
                    }
                    return true;
                }
                if (newSize > slabs.size(slot) && !hasRoomBehind(slot, newSize - slabs.size(slot))) {
                    return false;
                }
                slabs.dissolve(slot >>> 6);
            }
        }
        int node = engine.nodeOf(handle);
        return resizeNode(node, newSize, slack);
    }

    private boolean resizeNode(int node, long newSize, int slack) {
        Regions regions = engine.regions();
        PageMap pages = engine.pages();
        MemorySegment t = regions.ready(3);
        long region = region(t, node);
        long more = newSize - sizeOf(region);
        if (more == 0) {
            setLinks(t, node, NodeState.live(slack, low(links(t, node))));
            return true;
        }
        if (more > 0 && !makeRoomBehind(node, more)) {
            regions.publish(); // what slabs have given back all the same
            return false;
        }
        t = regions.ready(3);
        if (pages != null) {
            pages.readyBlock(region + more);
        }
        Regions.begin(t);
        Header.setWord(t, Header.RESIZED_REGION, region + more);
        Header.setHalf(t, Header.RESIZED_SLACK, slack);
        Header.setHalf(t, Header.RESIZED, node);
        VarHandle.releaseFence(); // before the region changes
        if (pages != null) {
            pages.remove(t, node);
        }
        if (more > 0) {
            regions.takeFromNext(t, node, more);
        } else {
            engine.giveOrKeep(t, Regions.cutTail(t, node, -more));
        }
        if (pages != null) {
            pages.add(t, node);
        }
        Header.setWord(t, Header.LIVE, Header.word(t, Header.LIVE) + more);
        VarHandle.releaseFence(); // the region before the slack, and that before the end of both
        regions.tally().add(more);
        setLinks(t, node, NodeState.live(slack, low(links(t, node))));
        VarHandle.releaseFence();
        Header.setHalf(t, Header.RESIZED, NIL);
        regions.finish(t);
        return true;
    }

    /// Ends a resize that an error has cut short between its two stores.
    static void end(MemorySegment t) {
        int node = Header.half(t, Header.RESIZED);
        if (node != NIL && NodeState.isLive(links(t, node)) && region(t, node) == Header.word(t, Header.RESIZED_REGION)) {
            setLinks(t, node, NodeState.live(Header.half(t, Header.RESIZED_SLACK), low(links(t, node))));
        }
        Header.setHalf(t, Header.RESIZED, NIL);
    }

    /// Whether a slot would find `more` units behind it.
    private boolean hasRoomBehind(int slot, long more) {
        Slabs slabs = engine.slabs();
        int row = slot >>> 6;
        int next = (slot & 63) + 1;
        long free = slabs.freeFrom(row, next);
        boolean isToTheEnd = slabs.offset(slot) + slabs.size(slot) + free == slabs.offset(row << 6) + slabs.units(row);
        return free >= more || isToTheEnd && hasRoomBehindNode(SlabTable.half(slabs.segment(row), slabs.at(row) + SlabTable.NODE), more - free);
    }

    /// Whether a region would find `more` units behind it, once those slabs whose first slots are free have been dissolved.
    private boolean hasRoomBehindNode(int node, long more) {
        MemorySegment t = engine.regions().table();
        long left = more;
        for (int next = nextNeighbour(t, node); left > 0; next = nextNeighbour(t, next)) {
            long units = sizeOf(region(t, next));
            boolean isFree = NodeState.isFree(t, next); // it may have no units
            boolean isSlab = next != EDGE && NodeState.isSlab(links(t, next));
            long free = isFree ? units : isSlab ? engine.slabs().freeFrom(low(links(t, next)), 0) : 0;
            left -= free;
            if (left > 0 && !isFree && !(isSlab && free == units)) {
                return false;
            }
        }
        return true;
    }

    /// Whether the free region behind a block has `more` units, once those slabs behind it whose first slot is free have
    /// been dissolved.
    private boolean makeRoomBehind(int node, long more) {
        if (freeBehind(node) >= more) {
            return true;
        }
        if (!hasRoomBehindNode(node, more)) {
            return false;
        }
        Slabs slabs = engine.slabs();
        while (freeBehind(node) < more) {
            MemorySegment t = engine.regions().table();
            int next = nextNeighbour(t, node);
            int taken = NodeState.isFree(t, next) ? nextNeighbour(t, next) : next;
            if (!NodeState.isSlab(links(t, taken)) || taken == EDGE) {
                return false;
            }
            int row = low(links(t, taken));
            if (SlabTable.isLive(slabs.entry(row << 6))) {
                return false;
            }
            slabs.dissolve(row);
        }
        return true;
    }

    /// Units of the free region behind a block, 0 if there is none.
    private long freeBehind(int node) {
        MemorySegment t = engine.regions().table();
        int next = nextNeighbour(t, node);
        return NodeState.isFree(t, next) ? sizeOf(region(t, next)) : 0;
    }
}
