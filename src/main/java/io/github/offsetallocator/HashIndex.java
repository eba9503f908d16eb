package io.github.offsetallocator;

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
/// One that is freed by its segment takes its entry along, unless the block waits to be handed out again as it is.
/// Removal shifts the entries behind it back, so that no tombstones gather.
///
/// **Threads.** One at a time.
final class HashIndex extends SegmentIndex {
    private static final ValueLayout.OfLong ENTRY = ValueLayout.JAVA_LONG;
    private static final int FIRST_ENTRIES = 256;

    private final OffsetAllocator allocator;
    private final TableMemory memory;
    private MemorySegment table;
    private long used;

    HashIndex(OffsetAllocator allocator, TableMemory.Threads threads) {
        this.allocator = allocator;
        memory = new TableMemory(threads);
        table = memory.allocate(FIRST_ENTRIES << 3);
    }

    /// O(1) on average over the calls that fill the table.
    @Override
    void put(long offset, int node) {
        MemorySegment t = table;
        long entry = offset << 32 | node;
        long at = slot(t, offset);
        long found = t.getAtIndex(ENTRY, at);
        if (found != entry) {
            if (found == 0) {
                if (used >= t.byteSize() >> 4) {
                    t = rebuild();
                    at = slot(t, offset);
                }
                used++;
            }
            t.setAtIndex(ENTRY, at, entry);
        }
    }

    @Override
    long find(long offset) {
        MemorySegment t = table;
        return allocator.liveAt((int) t.getAtIndex(ENTRY, slot(t, offset)), offset);
    }

    @Override
    void freed(long offset, int node) {
        if (!allocator.waits(node)) {
            remove(offset);
        }
    }

    private void remove(long offset) {
        MemorySegment t = table;
        long mask = mask(t);
        long hole = slot(t, offset);
        if (t.getAtIndex(ENTRY, hole) == 0) {
            return;
        }
        used--;
        long entry;
        for (long next = hole + 1 & mask; (entry = t.getAtIndex(ENTRY, next)) != 0; next = next + 1 & mask) {
            if ((next - hash(entry >>> 32) & mask) >= (next - hole & mask)) {
                t.setAtIndex(ENTRY, hole, entry);
                hole = next;
            }
        }
        t.setAtIndex(ENTRY, hole, 0);
    }

    @Override
    void close() {
        memory.close();
    }

    /// Where the entry of `offset` is, or the empty place where it belongs.
    private static long slot(MemorySegment t, long offset) {
        long mask = mask(t);
        long at = hash(offset) & mask;
        for (long entry; (entry = t.getAtIndex(ENTRY, at)) != 0 && entry >>> 32 != offset; ) {
            at = at + 1 & mask;
        }
        return at;
    }

    private static long mask(MemorySegment t) {
        return (t.byteSize() >> 3) - 1;
    }

    private static long hash(long offset) {
        return offset * 0x9E37_79B9_7F4A_7C15L >>> 32;
    }

    /// Drops stale entries, and doubles the table if a quarter of it or more is left.
    private MemorySegment rebuild() {
        MemorySegment old = table;
        MemorySegment t = memory.allocate(old.byteSize());
        used = copy(old, t, true);
        if (used >= t.byteSize() >> 5) {
            MemorySegment compact = t;
            t = memory.allocate(2 * old.byteSize());
            copy(compact, t, false);
        }
        table = t;
        memory.dropOld();
        return t;
    }

    private long copy(MemorySegment from, MemorySegment to, boolean check) {
        long copied = 0;
        for (long i = 0; i <= mask(from); i++) {
            long entry = from.getAtIndex(ENTRY, i);
            if (entry != 0 && (!check || allocator.liveAt((int) entry, entry >>> 32) != 0)) {
                to.setAtIndex(ENTRY, slot(to, entry >>> 32), entry);
                copied++;
            }
        }
        return copied;
    }
}
