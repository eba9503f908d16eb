package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A scope over a confined arena: blocks of the arena, freed together.
///
/// ```
///   scope   lifetime: an arena of the JDK, for its state, its thread rule, and the life of slices
///           handles:  the blocks that are freed when it closes
/// ```
///
/// A slice gets the scope's lifetime by the one restricted call. It is no longer tied to that of the pool then, so the
/// pool ends the slices of its open scopes before its memory, and gives back no chunk while there are any ([OpenScopes]).
///
/// **Close** takes two steps, of which the one that may refuse comes first: to end the lifetime, or, if blocks are checked, to free them.
/// If the other one fails, another `close` goes on.
final class ConfinedScope implements Arena {
    static final int NOT_OPEN = -1;
    private static final long[] NO_HANDLES = {};

    private final SegmentArena pool;
    private final Engine engine;
    private final OpenScopes all;
    private final Arena lifetime;
    final boolean slicesDie;
    /// Among all that are open.
    int place;
    /// With the first, if there are several.
    private long[] handles = NO_HANDLES;
    private long first;
    private int count;

    ConfinedScope(SegmentArena pool, Engine engine, boolean slicesDie, OpenScopes all) {
        this.pool = pool;
        this.engine = engine;
        this.slicesDie = slicesDie;
        this.all = all;
        lifetime = Arena.ofConfined();
        all.add(this);
    }

    /// Ends the lifetime, unless the pool has, or an earlier `close`.
    void end() {
        try {
            lifetime.close();
        } catch (IllegalStateException e) {
            if (lifetime.scope().isAlive()) {
                throw e;
            }
        }
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (!lifetime.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        long handle = pool.contents.zerosNewBlocks() ? pool.tryAllocateZeroed(byteSize, byteAlignment) : pool.tryAllocate(byteSize, byteAlignment);
        if (handle == SegmentArena.NO_SPACE) {
            throw noRoom(byteSize, pool);
        }
        try {
            MemorySegment slice = pool.contents.zeroedSliceOfNew(handle, byteSize);
            remember(handle);
            return slicesDie ? live(slice) : slice;
        } catch (Throwable e) { // the heap is full, or the memory is closed or a file that has shrunk
            forget(handle);
            pool.free(handle);
            throw e;
        }
    }

    static OutOfMemoryError noRoom(long byteSize, SegmentArena pool) {
        return new OutOfMemoryError("no room for " + byteSize + " bytes in " + pool);
    }

    @SuppressWarnings("restricted")
    private MemorySegment live(MemorySegment slice) {
        return slice.reinterpret(lifetime, null);
    }

    private void remember(long handle) {
        if (count == 0) {
            first = handle;
        } else {
            if (count >= handles.length) {
                handles = Arrays.copyOf(handles, Math.max(8, 2 * handles.length));
            }
            handles[0] = first;
            handles[count] = handle;
        }
        count++;
    }

    private void forget(long handle) {
        if (count > 0 && (count == 1 ? first : handles[count - 1]) == handle) {
            count--;
        }
    }

    @Override
    public MemorySegment.Scope scope() {
        return lifetime.scope();
    }

    @Override
    public void close() {
        if (place == NOT_OPEN) {
            throw new IllegalStateException("Already closed");
        }
        if (!engine.isClosed()) {
            engine.checkUsable();
        }
        if (engine.refusesToFreeInUse()) {
            free();
            end();
        } else {
            end();
            free();
        }
        all.remove(this);
        pool.scopeClosed();
    }

    /// The blocks are gone.
    void forgetAll() {
        count = 0;
    }

    private void free() {
        if (count == 1) {
            engine.freeLive(first);
        } else if (count > 0) {
            engine.freeLive(handles, count);
        }
        count = 0;
    }

    @Override
    public String toString() {
        return "scope of " + count + " slices over " + pool;
    }
}
