package io.github.offsetallocator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A scope over a shared arena, for any thread: blocks of the arena, freed together. Its slices live as long as the arena's
/// memory: to end memory that threads share takes a handshake with all of them, which is what makes `Arena.ofShared()` slow.
/// Only a caller of [#scope()] gets one that ends, and pays for it.
final class SharedScope implements Arena {
    private static final MemorySegment.Scope ENDED = ended();

    private final SegmentArena pool;
    private long[] handles = new long[4];
    private int count;
    private boolean isClosed;
    private Arena lifetime;

    SharedScope(SegmentArena pool) {
        this.pool = pool;
    }

    private static MemorySegment.Scope ended() {
        Arena arena = Arena.ofConfined();
        arena.close();
        return arena.scope();
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        long handle = pool.tryAllocateZeroed(byteSize, byteAlignment);
        if (handle == SegmentArena.NO_SPACE) {
            throw ConfinedScope.noRoom(byteSize, pool);
        }
        try {
            MemorySegment slice = pool.sliceOfNew(handle, byteSize);
            remember(handle);
            return slice;
        } catch (OutOfMemoryError | StackOverflowError | IllegalStateException e) {
            pool.free(handle);
            throw e;
        }
    }

    private synchronized void remember(long handle) {
        checkOpen();
        if (count == handles.length) {
            handles = Arrays.copyOf(handles, 2 * count);
        }
        handles[count++] = handle;
    }

    private void checkOpen() {
        if (isClosed) {
            throw new IllegalStateException("Already closed");
        }
    }

    @Override
    public synchronized MemorySegment.Scope scope() {
        if (lifetime == null) {
            if (isClosed) {
                return ENDED;
            }
            lifetime = Arena.ofShared();
        }
        return lifetime.scope();
    }

    @Override
    public synchronized void close() {
        checkOpen();
        if (lifetime != null) {
            lifetime.close();
        }
        isClosed = true;
        while (count > 0) {
            pool.freeOfScope(handles[--count]);
        }
    }

    @Override
    public String toString() {
        return "scope over " + pool;
    }
}
