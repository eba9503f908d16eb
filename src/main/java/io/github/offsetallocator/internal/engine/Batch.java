package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Frees many blocks, or none of them.
///
/// First each block is marked as pending, so that no other thread and no second mention of it finds it live; then all are freed.
/// If one of them is not live, the marks are taken off again. A rebuild takes off those that an error has left.
final class Batch {
    private final OneThread engine;
    /// What the caller's array said when it was read, since it may change under the call.
    private long[] handles = new long[0];

    Batch(OneThread engine) {
        this.engine = engine;
    }

    void free(long[] handles, int from, int to) {
        int count = to - from;
        if (this.handles.length < count) {
            this.handles = new long[Math.max(count, 2 * this.handles.length)];
        }
        System.arraycopy(handles, from, this.handles, 0, count);
        markAll(count);
        for (int i = 0; i < count; i++) {
            freeMarked(this.handles[i]);
        }
    }

    private void markAll(int count) {
        int marked = 0;
        while (marked < count && mark(handles[marked])) {
            marked++;
        }
        for (int i = 0; marked < count && i < marked; i++) {
            unmark(handles[i]);
        }
        if (marked < count) {
            throw engine.notLive(handles[marked]);
        }
    }

    private boolean mark(long handle) {
        while (engine.isLive(handle)) {
            if (!SlabTable.isSlot(handle)) {
                MemorySegment t = engine.regions().table();
                setLinks(t, low(handle), links(t, low(handle)) | NodeState.PENDING);
                return true;
            }
            Slabs slabs = engine.slabs();
            int slot = SlabTable.slotOf(handle);
            long entry = slabs.entry(slot);
            if (SlabTable.matches(entry, handle) && slabs.replaceEntry(slot, entry, entry | SlabTable.PENDING)) {
                return true;
            }
        }
        return false;
    }

    private void unmark(long handle) {
        if (SlabTable.isSlot(handle)) {
            int slot = SlabTable.slotOf(handle);
            engine.slabs().setEntry(slot, engine.slabs().entry(slot) & ~SlabTable.PENDING);
        } else {
            MemorySegment t = engine.regions().table();
            setLinks(t, low(handle), links(t, low(handle)) & ~NodeState.PENDING);
        }
    }

    private void freeMarked(long handle) {
        if (SlabTable.isSlot(handle) && !SlabTable.isMoved(engine.slabs().entry(SlabTable.slotOf(handle)))) {
            engine.slabs().giveMarked(handle, SlabTable.PENDING);
        } else {
            unmark(handle);
            engine.free(handle);
        }
    }
}
