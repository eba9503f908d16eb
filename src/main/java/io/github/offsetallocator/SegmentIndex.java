package io.github.offsetallocator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Finds the node of the allocation at an offset: an off-heap hash table with linear probing.
///
/// ```
///  entry   63        32 31       0
///          | offset    | node    |      0 is empty: no region has node 0
/// ```
///
/// Only those who use segments write here. An allocation that is freed by its handle leaves its entry behind; so an
/// entry is a hint that the allocator confirms ([OffsetAllocator#liveAt]), and stale ones go when the table is rebuilt.
/// Removal shifts the entries behind it back, so that no tombstones gather.
final class SegmentIndex {
    private static final ValueLayout.OfLong ENTRY = ValueLayout.JAVA_LONG;
    private static final int FIRST_ENTRIES = 256;

    private final OffsetAllocator allocator;
    private final boolean confined;
    private Arena arena;
    private MemorySegment table;
    private long mask;
    private long used;

    SegmentIndex(OffsetAllocator allocator, boolean confined) {
        this.allocator = allocator;
        this.confined = confined;
        replace(FIRST_ENTRIES);
    }

    /// Remembers that the allocation at `offset` has this node. O(1) on average over the inserts that fill the table.
    void put(long offset, int node) {
        long entry = offset << 32 | node;
        long at = slot(offset);
        long found = table.getAtIndex(ENTRY, at);
        if (found == entry) {
            return;
        }
        if (found == 0) {
            if (used >= mask - (mask >>> 2)) {
                rebuild();
                at = slot(offset);
            }
            used++;
        }
        table.setAtIndex(ENTRY, at, entry);
    }

    /// The handle of the live allocation at `offset`, or 0 if it has none or was never put here.
    long find(long offset) {
        long entry = table.getAtIndex(ENTRY, slot(offset));
        return entry == 0 ? 0 : allocator.liveAt((int) entry, offset);
    }

    void remove(long offset) {
        long hole = slot(offset);
        if (table.getAtIndex(ENTRY, hole) == 0) {
            return;
        }
        used--;
        for (long next = hole + 1 & mask; ; next = next + 1 & mask) {
            long entry = table.getAtIndex(ENTRY, next);
            if (entry == 0) {
                break;
            }
            if ((next - hash(entry >>> 32) & mask) >= (next - hole & mask)) {
                table.setAtIndex(ENTRY, hole, entry);
                hole = next;
            }
        }
        table.setAtIndex(ENTRY, hole, 0);
    }

    void clear() {
        table.fill((byte) 0);
        used = 0;
    }

    void close() {
        arena.close();
    }

    /// Where the entry of `offset` is, or the empty place where it belongs.
    private long slot(long offset) {
        MemorySegment t = table;
        long at = hash(offset);
        for (long entry; (entry = t.getAtIndex(ENTRY, at)) != 0 && entry >>> 32 != offset; ) {
            at = at + 1 & mask;
        }
        return at;
    }

    private long hash(long offset) {
        return offset * 0x9E37_79B9_7F4A_7C15L >>> 32 & mask;
    }

    /// Drops stale entries, and doubles the table if half of it or more is left.
    private void rebuild() {
        long live = 0;
        for (long i = 0; i <= mask; i++) {
            live += isLive(table.getAtIndex(ENTRY, i)) ? 1 : 0;
        }
        MemorySegment old = table;
        Arena oldArena = arena;
        long entries = mask + 1;
        replace(2 * live >= entries ? 2 * entries : entries);
        for (long i = 0; i < entries; i++) {
            long entry = old.getAtIndex(ENTRY, i);
            if (isLive(entry)) {
                table.setAtIndex(ENTRY, slot(entry >>> 32), entry);
            }
        }
        used = live;
        oldArena.close();
    }

    private boolean isLive(long entry) {
        return entry != 0 && allocator.liveAt((int) entry, entry >>> 32) != 0;
    }

    private void replace(long entries) {
        Arena fresh = confined ? Arena.ofConfined() : Arena.ofShared();
        try {
            table = fresh.allocate(ENTRY, entries);
        } catch (Throwable failure) {
            fresh.close();
            throw failure;
        }
        arena = fresh;
        mask = entries - 1;
    }
}
