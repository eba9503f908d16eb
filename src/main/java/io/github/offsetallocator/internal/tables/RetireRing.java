package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.WORD;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Handles that wait for a counter to reach a value: a ring of (value, handle) that doubles when it is full. First in, first
/// out, so values never decrease along it: one that is added with a value below the last one's waits for that.
public final class RetireRing implements AutoCloseable {
    private static final int SHIFT = 4;
    private static final long FIRST_ENTRIES = 64;

    private final Arena common = Arena.ofShared();
    private final TableMemory memory;
    private MemorySegment ring;
    private long first;
    private long count;
    private long newest;

    /// @param entries for how many there is room from the start
    public RetireRing(TableMemory.Threads threads, long entries) {
        memory = new TableMemory(threads, common);
        try {
            ring = memory.allocate(Math.max(FIRST_ENTRIES, Long.highestOneBit(2 * entries - 1)) << SHIFT);
        } catch (Throwable failure) {
            common.close();
            throw failure;
        }
    }

    public long count() {
        ring.get(WORD, 0); // a wrong thread gets its exception here
        return count;
    }

    public long byteSize() {
        return memory.byteSize();
    }

    public void clear() {
        first = 0;
        count = 0;
    }

    /// Makes sure that one more can be added. Nothing changes if that fails.
    public void ready() {
        long entries = ring.byteSize() >>> SHIFT;
        if (count < entries) {
            return;
        }
        MemorySegment larger = memory.allocate(2 * entries << SHIFT);
        long behind = entries - first << SHIFT;
        MemorySegment.copy(ring, first << SHIFT, larger, 0, behind);
        MemorySegment.copy(ring, 0, larger, behind, first << SHIFT);
        ring = larger;
        first = 0;
        memory.dropOld();
    }

    public void add(long handle, long value) {
        if (count == 0 || Long.compareUnsigned(value, newest) > 0) {
            newest = value;
        }
        long at = at(first + count);
        ring.set(WORD, at, newest);
        ring.set(WORD, at + 8, handle);
        count++;
    }

    /// The first handle if `value` has reached its value, or 0.
    public long peek(long value) {
        long at = at(first);
        long waitsFor = ring.get(WORD, at); // read first: a wrong thread gets its exception here
        return count == 0 || Long.compareUnsigned(waitsFor, value) > 0 ? 0 : ring.get(WORD, at + 8);
    }

    /// Takes the first handle out.
    public void remove() {
        first = first + 1 & (ring.byteSize() >>> SHIFT) - 1;
        count--;
    }

    private long at(long index) {
        return (index & (ring.byteSize() >>> SHIFT) - 1) << SHIFT;
    }

    @Override
    public void close() {
        memory.close();
        TableMemory.close(common);
        clear();
    }
}
