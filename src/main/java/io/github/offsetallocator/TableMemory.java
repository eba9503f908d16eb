package io.github.offsetallocator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/// Native memory for a table that is replaced by a larger one when it's full.
///
/// Where threads read it without a lock, the smaller ones stay until the end, so that a late reader finds what it
/// looks for: together they are smaller than the last one.
final class TableMemory {
    /// Who uses the table.
    enum Threads {
        /// The thread that made it.
        CONFINED,
        /// Any thread, one at a time.
        ONE_AT_A_TIME,
        /// Any thread, also two at once.
        ANY
    }

    private static final long ALIGNMENT = 64;

    private final Threads threads;
    private final Deque<Arena> arenas = new ArrayDeque<>();

    TableMemory(Threads threads) {
        this.threads = threads;
    }

    Threads threads() {
        return threads;
    }

    /// Zeroed memory for the next table. What was there before stays until [#dropOld()].
    MemorySegment allocate(long byteSize) {
        Arena arena = threads == Threads.CONFINED ? Arena.ofConfined() : Arena.ofShared();
        try {
            MemorySegment table = arena.allocate(byteSize, ALIGNMENT);
            arenas.addLast(arena);
            return table;
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    void dropOld() {
        while (threads != Threads.ANY && arenas.size() > 1) {
            arenas.removeFirst().close();
        }
    }

    void close() {
        arenas.forEach(Arena::close);
        arenas.clear();
    }
}
