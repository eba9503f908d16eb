package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.Tally;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// The table of slabs in pieces that never move, since a thread without the lock may be about to change an entry.
///
/// ```
///   | head | 32 rows | 32 rows | 32 rows | …      a chunk has 32 rows; several are made from one piece of memory
/// ```
final class RowChunks {
    private static final int SHIFT = 5;
    private static final int ROWS = 1 << SHIFT;
    private static final long BYTES = ROWS * STRIDE;
    /// Chunks that are made at once, at most.
    private static final int MOST = 16;

    private final TableMemory memory;
    private final Tally tally;
    private final MemorySegment head;
    private final long mostChunks;
    private MemorySegment[] chunks = new MemorySegment[4];
    private int count;
    private long byteSize;

    RowChunks(TableMemory memory, Tally tally) {
        this.memory = memory;
        this.tally = tally;
        mostChunks = Math.min(MAX_ROWS >>> SHIFT, (memory.limit() - BASE) / BYTES);
        boolean isFound = memory.isFound();
        head = memory.more(BASE);
        byteSize = BASE;
        if (!isFound) {
            Slabs.writeHead(head);
        }
        add(Math.max(1, half(head, VIRGIN_ROW) + ROWS - 1 >>> SHIFT));
    }

    MemorySegment head() {
        return head;
    }

    /// The chunk of a row, or null if there is no such row.
    MemorySegment segment(int row) {
        MemorySegment[] all = chunks;
        int chunk = row >>> SHIFT;
        return chunk < all.length ? all[chunk] : null;
    }

    /// Where in its chunk a row lies.
    static long at(int row) {
        return (row & ROWS - 1) * STRIDE;
    }

    /// Makes sure that there is a row that has never been used. Returns false if there is none and no memory for one.
    boolean hasFresh() {
        if (half(head, FRESH_ROW) < count << SHIFT) {
            return true;
        }
        if (count >= mostChunks) {
            return false;
        }
        try { // a half as many as there are
            add((int) Math.min(mostChunks - count, Math.clamp(count >> 1, 1, MOST)));
            return true;
        } catch (OutOfMemoryError e) { // the bins may still serve the request
            return false;
        }
    }

    /// Adds chunks from one piece of memory.
    private void add(int more) {
        MemorySegment[] all = count + more > chunks.length ? Arrays.copyOf(chunks, 2 * chunks.length + more) : chunks;
        MemorySegment piece = memory.more(more * BYTES);
        for (int i = 0; i < more; i++) {
            all[count + i] = piece.asSlice(i * BYTES, BYTES);
        }
        VarHandle.releaseFence(); // for threads that look for a row without the lock
        chunks = all;
        count += more;
        byteSize += more * BYTES;
        tally.happenings().metadataResized(byteSize - more * BYTES, byteSize);
    }

    long byteSize() {
        return byteSize;
    }

    void close() {
        chunks = new MemorySegment[0];
        memory.close();
    }
}
