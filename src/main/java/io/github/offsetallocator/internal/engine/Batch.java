package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Changes of several blocks of which all happen or none, whatever strikes in the middle.
///
/// ```
///   mark each block that ends  ->  decided = 1  ->  bring the successor to light, end each  ->  decided = 0
///   \______ struck here: marks are taken off __/ \______ struck here: a rebuild does the rest _____________/
/// ```
///
/// A block that is marked is live for no handle. A successor is a block that was born hidden, that is retired.
final class Batch {
    private final OneThread engine;
    private long[] scratch = new long[0];

    Batch(OneThread engine) {
        this.engine = engine;
    }

    private MemorySegment table() {
        return engine.regions().table();
    }

    // ---- several end -------------------------------------------------------------------------------------------

    void freeAll(long[] handles, int from, int to) {
        engine.checkUsable();
        engine.recover();
        int count = to - from;
        if (scratch.length < count) {
            scratch = new long[Math.max(count, 2 * scratch.length)];
        }
        long[] copy = scratch; // the caller's array may change meanwhile
        System.arraycopy(handles, from, copy, 0, count);
        try {
            markAll(copy, count, from);
            decide(0);
            for (int i = 0; i < count; i++) {
                end(copy[i]);
            }
            end();
        } catch (Error e) {
            engine.struck = true; // a rebuild does the rest
            throw e;
        }
    }

    /// Marks all blocks that an array names, or none if one of them is not live or there twice.
    ///
    /// @param from index of the first in the caller's array
    private void markAll(long[] handles, int count, int from) {
        int marked = 0;
        while (marked < count && mark(handles[marked])) {
            marked++;
        }
        if (marked == count) {
            return;
        }
        long refused = handles[marked];
        int first = marked;
        for (int i = 0; i < marked; i++) {
            unmark(handles[i]);
            first = handles[i] == refused ? i : first;
        }
        throw first == marked
                ? engine.notLive(refused)
                : new IllegalStateException("allocation 0x" + Long.toHexString(refused) + " is named twice, at the indices " + (from + first) + " and " + (from + marked)
                        + ": name each once");
    }

    /// Marks a live block as named once, so that no other thread and no second mention finds it live.
    private boolean mark(long handle) {
        while (engine.isLive(handle)) {
            if (!SlabTable.isSlot(handle)) {
                setLinks(table(), low(handle), links(table(), low(handle)) | NodeState.PENDING);
                return true;
            }
            Slabs slabs = engine.slabs();
            int slot = SlabTable.slotOf(handle);
            long entry = slabs.entry(slot);
            if (SlabTable.matches(entry, handle) && slabs.replaceEntry(slot, entry, SlabTable.pending(entry))) {
                return true;
            }
        }
        return false;
    }

    private void unmark(long handle) {
        if (SlabTable.isSlot(handle)) {
            int slot = SlabTable.slotOf(handle);
            engine.slabs().setEntry(slot, SlabTable.notPending(engine.slabs().entry(slot)));
        } else {
            setLinks(table(), low(handle), links(table(), low(handle)) & ~NodeState.PENDING);
        }
    }

    private void decide(long successor) {
        MemorySegment t = table();
        Header.setWord(t, Header.SUCCESSOR, successor);
        VarHandle.releaseFence(); // all marks
        Header.setHalf(t, Header.DECIDED, 1);
        VarHandle.releaseFence();
    }

    /// Ends a block that is marked.
    private void end(long handle) {
        if (!SlabTable.isSlot(handle)) {
            engine.release(table(), low(handle));
        } else if (SlabTable.isMoved(engine.slabs().entry(SlabTable.slotOf(handle)))) {
            engine.releaseMoved(SlabTable.slotOf(handle));
        } else {
            engine.slabs().giveMarked(handle, SlabTable.pending(0));
        }
    }

    /// All is done that was decided.
    void end() {
        MemorySegment t = table();
        VarHandle.releaseFence();
        Header.setHalf(t, Header.DECIDED, 0);
        VarHandle.releaseFence();
        Header.setWord(t, Header.SUCCESSOR, 0);
    }

    // ---- one for another ---------------------------------------------------------------------------------------

    void replace(long old, long hidden) {
        engine.checkUsable();
        engine.recover();
        engine.retiring.checkHidden(hidden);
        if (old != 0 && engine.tag(old) != 0) {
            engine.tags.set(hidden, engine.tag(old));
        }
        if (old != 0 && !mark(old)) {
            throw engine.notLive(old);
        }
        try {
            decide(hidden);
            reveal(hidden);
            Header.add(table(), Header.RETIRED, -1);
            if (old != 0) {
                end(old);
            }
            end();
            engine.regions().publish();
        } catch (Error e) {
            engine.struck = true;
            throw e;
        }
    }

    /// Brings the successor to light, if that was decided.
    void reveal() {
        long successor = Header.word(table(), Header.SUCCESSOR);
        if (Header.half(table(), Header.DECIDED) != 0 && successor != 0) {
            reveal(successor);
        }
    }

    private void reveal(long hidden) {
        if (!SlabTable.isSlot(hidden)) {
            MemorySegment t = table();
            int node = low(hidden);
            if (node >= FIRST_REGION && node < Header.half(t, Header.FRESH) && NodeState.matchesRetired(links(t, node), hidden)) {
                setLinks(t, node, links(t, node) & ~NodeState.RETIRED);
            }
            return;
        }
        Slabs slabs = engine.slabs();
        int slot = SlabTable.slotOf(hidden);
        long entry = slabs == null ? 0 : slabs.entry(slot);
        if (SlabTable.matches(entry, hidden) && SlabTable.isMoved(entry)) {
            int node = SlabTable.movedTo(entry);
            if (NodeState.standsFor(table(), node, slot)) { // or a reset was under way
                setLinks(table(), node, links(table(), node) & ~NodeState.RETIRED);
            }
        } else if (SlabTable.matches(entry, hidden)) {
            slabs.setEntry(slot, entry & ~SlabTable.RETIRED);
        }
    }
}
