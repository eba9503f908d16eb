package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.HALF;
import static io.github.offsetallocator.internal.tables.NodeTable.WORD;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.LongPredicate;

/// The users' 64 bits beside each allocation, in two side tables, for nodes and for slots, that exist from the first tag on.
///
/// ```
///  16 bytes  | generation 32 | unused 32 | tag 64 |
/// ```
///
/// A tag counts for the handle that has its generation. So a block that is handed out again has no tag, and nobody needs
/// to clear one.
public final class TagTable implements AutoCloseable {
    private static final int SHIFT = 4;
    private static final long FIRST_ENTRIES = 512;

    private final TableMemory ofNodes;
    private final TableMemory ofSlots;
    private MemorySegment nodes;
    private MemorySegment slots;

    /// @param common as in [TableMemory]
    public TagTable(TablePlaces places, Arena common) {
        ofNodes = places.memory(TablePlaces.Table.NODE_TAGS, common);
        ofSlots = places.memory(TablePlaces.Table.SLOT_TAGS, common);
        nodes = ofNodes.found();
        slots = ofSlots.found();
    }

    static long bytes(long entries) {
        return entries << SHIFT;
    }

    /// The tag of a live handle, 0 if it has none.
    public long get(long handle) {
        MemorySegment t = SlabTable.isSlot(handle) ? slots : nodes;
        long at = at(handle);
        return t != null && at < t.byteSize() && t.get(HALF, at) == (int) (handle >>> 32) ? t.get(WORD, at + 8) : 0;
    }

    public void set(long handle, long tag) {
        MemorySegment t = ready(handle);
        long at = at(handle);
        t.set(WORD, at + 8, tag);
        VarHandle.releaseFence(); // a file must not show the generation with an older tag
        t.set(HALF, at, (int) (handle >>> 32));
    }

    /// Drops the tags of handles that are not live. After a loss of power there may be some of handles that will come again.
    public void keepOnly(LongPredicate isLive) {
        keepOnly(nodes, 0, isLive);
        keepOnly(slots, SlabTable.handle(0, 0), isLive);
    }

    private static void keepOnly(MemorySegment t, long low, LongPredicate isLive) {
        for (long at = 0; t != null && at < t.byteSize(); at += 1 << SHIFT) {
            int generation = t.get(HALF, at);
            if (generation != 0 && !isLive.test((long) generation << 32 | low | at >>> SHIFT)) {
                t.set(HALF, at, 0);
            }
        }
    }

    /// Makes sure that a handle can have a tag. Nothing changes if that fails.
    ///
    /// @return the table that it goes into
    private MemorySegment ready(long handle) {
        boolean isSlot = SlabTable.isSlot(handle);
        MemorySegment t = isSlot ? slots : nodes;
        long entries = t == null ? 0 : t.byteSize() >>> SHIFT;
        long needed = (at(handle) >>> SHIFT) + 1;
        if (needed > entries) {
            t = replace(isSlot ? ofSlots : ofNodes, t, Math.max(FIRST_ENTRIES, Math.max(needed, 2 * entries)));
            if (isSlot) {
                slots = t;
            } else {
                nodes = t;
            }
        }
        return t;
    }

    private static MemorySegment replace(TableMemory memory, MemorySegment old, long entries) {
        MemorySegment t = memory.allocate(Math.min(entries << SHIFT, memory.limit()));
        if (old != null) {
            memory.copy(old, t, old.byteSize());
        }
        memory.dropOld();
        return t;
    }

    private static long at(long handle) {
        return (long) SlabTable.slotOf(handle) << SHIFT;
    }

    public long byteSize() {
        return ofNodes.byteSize() + ofSlots.byteSize();
    }

    @Override
    public void close() {
        nodes = null;
        slots = null;
        ofNodes.close();
        ofSlots.close();
    }
}
