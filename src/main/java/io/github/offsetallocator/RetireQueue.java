package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.engine.Retired;

/// Blocks that no longer belong to anyone, but that someone may still read until a counter has reached a value: a GPU's
/// timeline, a frame number. There can be any number of queues, one for each counter.
///
/// ```java
/// RetireQueue copies = heap.newRetireQueue();
/// copies.retire(block, batch);                     // the block stays taken, its handle is refused
/// copies.reclaim(timeline);                        // frees all that waited for values up to this one
/// ```
///
/// First in, first out: a block that is retired with a value below that of the one before it waits for the larger value.
/// Creates no Java object. The first `retire` makes a table in native memory, with 16 bytes for each block that waits and room for 64, which
/// doubles when it is full; with `realTime()` it has room for all blocks at once. A queue and its table last as long as what made them, so
/// make one for each counter and keep it.
///
/// **Threads.** As what it was made by. `reset` of that empties all its queues, `close` ends them.
public final class RetireQueue {
    private final Retired blocks;
    private final Runnable freed;

    /// @param freed is run after blocks were freed
    RetireQueue(Engine engine, Runnable freed) {
        blocks = engine.newRetired();
        this.freed = freed;
    }

    /// Frees an allocation later: when a counter has reached `value`. The handle is refused from here on, like that of a
    /// freed allocation; the space stays taken until [#reclaim(long)] is told of the value. O(1), but for the table's growth.
    ///
    /// @param allocation a handle of the allocator or arena that made this queue
    /// @param value      what the counter must reach, unsigned
    /// @throws IllegalStateException if the handle is not live there
    public void retire(long allocation, long value) {
        blocks.retire(allocation, value);
    }

    /// Frees all blocks that were retired here with a value up to this one. O(1) a block. A value below one that was given
    /// before frees nothing more; the largest unsigned value, -1, frees all. Of an arena that is checked, see [SegmentArena#reclaim(long)].
    ///
    /// @param completedValue what the counter has reached, unsigned
    /// @return how many blocks were freed
    /// @throws IllegalStateException if the allocator or arena is closed
    public int reclaim(long completedValue) {
        int reclaimed = blocks.reclaim(completedValue);
        if (reclaimed > 0) {
            freed.run();
        }
        return reclaimed;
    }

    /// How many blocks wait here.
    ///
    /// @return their number
    /// @throws IllegalStateException if the allocator or arena is closed
    public int retired() {
        return blocks.count();
    }
}
