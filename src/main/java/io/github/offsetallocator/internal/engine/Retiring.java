package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Blocks that are retired: live for no handle, while their units stay taken until someone frees them.
///
/// ```
///   handle of      the mark is in           set by
///   a node         the node's links         a store
///   a slot         the slot's entry         a compare-and-set: another thread may free the slot meanwhile
///   a moved slot   the links of its node    a store
/// ```
///
/// A block that is born hidden counts as retired until a [Batch] brings it to light.
///
/// The header counts them. What they wait for is not known here: that is in the queues ([Retired]), which a process keeps for
/// itself. So blocks that an earlier process has retired are freed when its file is opened.
final class Retiring {
    private final OneThread engine;

    Retiring(OneThread engine) {
        this.engine = engine;
    }

    void retire(long handle) {
        engine.checkUsable();
        engine.recover();
        engine.checkLive(handle);
        MemorySegment t = engine.regions().table();
        Regions.begin(t);
        boolean isStillLive = true;
        if (isInSlab(handle)) {
            isStillLive = retireSlot(handle);
        } else {
            int node = engine.nodeOf(handle);
            setLinks(t, node, links(t, node) | NodeState.RETIRED);
        }
        Header.add(t, Header.RETIRED, isStillLive ? 1 : 0);
        Regions.end(t);
        engine.regions().publish();
        if (!isStillLive) {
            throw engine.notLive(handle);
        }
    }

    /// Returns false if another thread has freed the slot.
    private boolean retireSlot(long handle) {
        Slabs slabs = engine.slabs();
        int slot = SlabTable.slotOf(handle);
        long entry = slabs.entry(slot);
        while (SlabTable.matchesInPlace(entry, handle)) {
            if (slabs.replaceEntry(slot, entry, entry | SlabTable.RETIRED)) {
                return true;
            }
            entry = slabs.entry(slot);
        }
        return false;
    }

    /// Whether a handle is that of a slot that has not moved to a node.
    private boolean isInSlab(long handle) {
        return SlabTable.isSlot(handle) && !SlabTable.isMoved(engine.slabs().entry(SlabTable.slotOf(handle)));
    }

    boolean isRetired(long handle) {
        if (!SlabTable.isSlot(handle)) {
            MemorySegment t = engine.regions().table();
            return Integer.compareUnsigned(low(handle) - FIRST_REGION, Header.half(t, Header.FRESH) - FIRST_REGION) < 0
                    && NodeState.matchesRetired(links(t, low(handle)), handle);
        }
        long entry = engine.slabs().entry(SlabTable.slotOf(handle));
        return SlabTable.matches(entry, handle) && (SlabTable.isMoved(entry)
                ? NodeState.isRetired(links(engine.regions().table(), SlabTable.movedTo(entry)))
                : (entry & SlabTable.RETIRED) != 0);
    }

    int count() {
        engine.checkOpen();
        engine.recover();
        return Header.half(engine.regions().table(), Header.RETIRED);
    }

    /// As [OneThread#offset], of a block that is retired. Its slab may have been dissolved.
    long offset(long handle) {
        if (isInSlab(handle)) {
            return engine.slabs().offset(SlabTable.slotOf(handle));
        }
        int node = SlabTable.isSlot(handle) ? SlabTable.movedTo(engine.slabs().entry(SlabTable.slotOf(handle))) : low(handle);
        return offsetOf(region(engine.regions().table(), node));
    }

    /// As [#offset], of a block that was born hidden, unless a reset has freed it.
    long offsetOfHidden(long hidden) {
        checkHidden(hidden);
        return offset(hidden);
    }

    void checkHidden(long hidden) {
        if (!isRetired(hidden)) {
            throw engine.notLive(hidden);
        }
    }

    boolean free(long handle) {
        engine.recover();
        if (!isRetired(handle)) {
            return false; // an error has struck when it was free already
        }
        try {
            Header.add(engine.regions().table(), Header.RETIRED, -1);
            if (isInSlab(handle)) {
                engine.slabs().giveMarked(handle, SlabTable.RETIRED);
            } else if (SlabTable.isSlot(handle)) {
                engine.releaseMoved(SlabTable.slotOf(handle));
            } else {
                engine.release(engine.regions().table(), low(handle));
            }
            engine.regions().publish();
            return true;
        } catch (Error e) {
            engine.struck = true;
            throw e;
        }
    }

    /// Frees all that are retired.
    void freeAll() {
        Slabs slabs = engine.slabs();
        MemorySegment t = engine.regions().table();
        int fresh = Header.half(t, Header.RETIRED) == 0 ? FIRST_REGION : Header.half(t, Header.FRESH);
        for (int node = FIRST_REGION; node < fresh; node++) {
            long links = links(t, node);
            if (NodeState.isRetired(links)) {
                int slot = slot(t, node);
                free(slot == 0 ? pair(low(links), node) : SlabTable.handle(slabs.entry(slot), slot));
            } else if (NodeState.isSlab(links)) {
                freeSlots(slabs, low(links));
            }
        }
    }

    private void freeSlots(Slabs slabs, int row) {
        for (int place = 0; place < SlabTable.SLOTS && slabs.isSlab(row); place++) {
            long entry = slabs.entry(row << 6 | place);
            if (SlabTable.isLive(entry) && (entry & SlabTable.RETIRED) != 0) {
                free(SlabTable.handle(entry, row << 6 | place));
            }
        }
    }
}
