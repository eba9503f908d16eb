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
/// Only those who use segments write here, and nobody removes anything: an allocation that is freed leaves its entry
/// behind. So an entry is a hint that the allocator confirms ([OffsetAllocator#liveAt]), and stale ones go when the
/// table is rebuilt. Where offsets are handed out again and again, as from a quick list, the entry is there already.
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
    void close() {
        memory.close();
    }

    /// Where the entry of `offset` is, or the empty place where it belongs.
    private static long slot(MemorySegment t, long offset) {
        long mask = (t.byteSize() >> 3) - 1;
        long at = offset * 0x9E37_79B9_7F4A_7C15L >>> 32 & mask;
        for (long entry; (entry = t.getAtIndex(ENTRY, at)) != 0 && entry >>> 32 != offset; ) {
            at = at + 1 & mask;
        }
        return at;
    }

    /// Drops stale entries, and doubles the table if a quarter of it or more is left.
    private MemorySegment rebuild() {
        MemorySegment old = table;
        long entries = old.byteSize() >> 3;
        long live = 0;
        for (long i = 0; i < entries; i++) {
            live += isLive(old.getAtIndex(ENTRY, i)) ? 1 : 0;
        }
        MemorySegment t = memory.allocate(4 * live >= entries ? entries << 4 : entries << 3);
        for (long i = 0; i < entries; i++) {
            long entry = old.getAtIndex(ENTRY, i);
            if (isLive(entry)) {
                t.setAtIndex(ENTRY, slot(t, entry >>> 32), entry);
            }
        }
        table = t;
        used = live;
        memory.dropOld();
        return t;
    }

    private boolean isLive(long entry) {
        return entry != 0 && allocator.liveAt((int) entry, entry >>> 32) != 0;
    }
}
