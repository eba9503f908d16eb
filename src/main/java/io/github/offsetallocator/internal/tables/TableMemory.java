package io.github.offsetallocator.internal.tables;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/// Native memory for one table, which is replaced by a larger one when it is full and by a smaller one when most of it
/// is unused.
///
/// Where threads read a table without a lock, the replaced ones stay until the end, so that a late reader finds what it
/// looks for.
///
/// ```
///   an engine's tables    nodes    slabs    page map    tags       the first of each: in one arena of the JDK, until the end
///                           |        |
///                         larger   larger                          an arena for each, or the same one if they stay
/// ```
///
/// To close an arena that threads share takes a handshake of the JVM with all of them: one, for an engine whose tables were never
/// replaced.
public sealed class TableMemory implements AutoCloseable permits PlacedMemory {
    /// Who uses the table.
    public enum Threads {
        /// The thread that made it. The engine checks that, once a call.
        CONFINED,
        /// Any thread, one at a time.
        ONE_AT_A_TIME,
        /// Any thread, also two at once.
        ANY
    }

    /// Where memory comes from. Tests put one here that fails.
    @FunctionalInterface
    interface Source {
        MemorySegment allocate(Arena arena, long byteSize, long byteAlignment);
    }

    static volatile Source source = Arena::allocate;

    private static final long ALIGNMENT = 64;

    private final Threads threads;
    private final Arena common;
    /// Of tables that have taken the place of the first, the oldest in front.
    private final Deque<Arena> arenas = new ArrayDeque<>();
    private long byteSize;

    /// @param common for the first table, and for all that stay until the end; the caller's to close, after this
    public TableMemory(Threads threads, Arena common) {
        this.threads = threads;
        this.common = common;
    }

    public Threads threads() {
        return threads;
    }

    /// Bytes of the table in use.
    public long byteSize() {
        return byteSize;
    }

    /// The table as an earlier process has left it, or null if this memory starts empty.
    public MemorySegment found() {
        return null;
    }

    /// Whether there is such a table.
    public boolean isFound() {
        return false;
    }

    /// Bytes that a table can have at most.
    public long limit() {
        return Long.MAX_VALUE;
    }

    /// Whether a table that is mostly unused may be replaced by a smaller one.
    public boolean shrinks() {
        return threads != Threads.ANY;
    }

    /// Zeroed memory beside what there is, which stays in use.
    public MemorySegment more(long byteSize) {
        return allocate(byteSize);
    }

    /// Lets a new table have the first bytes of the old one.
    public void copy(MemorySegment old, MemorySegment table, long bytes) {
        MemorySegment.copy(old, 0, table, 0, bytes);
    }

    /// Zeroed memory for the next table. What was there before stays until [#dropOld()].
    public MemorySegment allocate(long byteSize) {
        if (threads == Threads.ANY || this.byteSize == 0) {
            return allocateIn(common, byteSize);
        }
        Arena arena = Arena.ofShared();
        arenas.addLast(arena); // before there is memory in it, so that it is closed one day, whatever strikes from here on
        try {
            return allocateIn(arena, byteSize);
        } catch (Throwable failure) {
            arenas.removeLast();
            arena.close();
            throw failure;
        }
    }

    private MemorySegment allocateIn(Arena arena, long byteSize) {
        MemorySegment table = source.allocate(arena, byteSize, ALIGNMENT);
        this.byteSize = byteSize; // no call may fail from here on
        return table;
    }

    /// Releases all tables but the last one, except those in the common arena.
    public void dropOld() {
        while (arenas.size() > 1) {
            closeFirst();
        }
    }

    @Override
    public void close() {
        while (!arenas.isEmpty()) {
            closeFirst();
        }
        byteSize = 0;
    }

    private void closeFirst() {
        close(arenas.getFirst());
        arenas.removeFirst();
    }

    /// Closes an arena, unless an earlier call has that was struck by an error behind it.
    public static void close(Arena arena) {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
