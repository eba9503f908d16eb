package io.github.offsetallocator.internal.tables;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// A source of table memory that fails when it is told to, in the place of the real one until it is closed.
public final class FailingSource implements AutoCloseable {
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final Queue<MemorySegment> tables = new ConcurrentLinkedQueue<>();
    private final Set<Arena> arenas = ConcurrentHashMap.newKeySet();
    private volatile long firstFailure = Long.MAX_VALUE;
    private volatile long lastFailure = Long.MAX_VALUE;

    public FailingSource() {
        TableMemory.source = this::allocate;
    }

    private MemorySegment allocate(Arena arena, long byteSize, long byteAlignment) {
        long request = requests.incrementAndGet();
        arenas.add(arena);
        if (request >= firstFailure && request <= lastFailure) {
            failures.incrementAndGet();
            throw new OutOfMemoryError("no memory for request " + request + ", of " + byteSize + " bytes");
        }
        MemorySegment made = arena.allocate(byteSize, byteAlignment);
        tables.add(made);
        return made;
    }

    /// Bytes of the tables that were made here and not given back.
    public long held() {
        return tables.stream().filter(table -> table.scope().isAlive()).mapToLong(MemorySegment::byteSize).sum();
    }

    /// How many arenas are open in which tables lie, or were to lie.
    public long openArenas() {
        arenas.removeIf(arena -> !arena.scope().isAlive());
        return arenas.size();
    }

    /// The n-th request from now on, counted from 1, fails, and so does each one after it up to the m-th.
    public void fail(long n, long m) {
        firstFailure = Long.MAX_VALUE;
        long before = requests.get();
        lastFailure = m == Long.MAX_VALUE ? m : before + m;
        firstFailure = before + n;
    }

    public void calm() {
        firstFailure = Long.MAX_VALUE;
    }

    public long requests() {
        return requests.get();
    }

    /// How many requests have failed.
    public long failures() {
        return failures.get();
    }

    @Override
    public void close() {
        TableMemory.source = Arena::allocate;
    }
}
