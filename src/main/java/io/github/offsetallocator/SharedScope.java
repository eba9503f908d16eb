package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A scope over a shared arena, for any thread: blocks of the arena, freed together. Its slices live as long as the arena's
/// memory: to end memory that threads share takes a handshake with all of them, which is what makes `Arena.ofShared()` slow.
/// Only a caller of [#scope()] gets one that ends, and pays for it.
///
/// **Close** takes the steps of [ConfinedScope]. No thread holds this monitor while it waits for the engine's lock: a visitor of a walk
/// has that and may ask for the scope.
final class SharedScope implements Arena {
    private static final MemorySegment.Scope ENDED = ended();

    private final SegmentArena pool;
    private final Engine engine;
    /// Those of the one that is closing, or guarded by this, as all else.
    private long[] handles = new long[4];
    private int count;
    private volatile boolean isClosing;
    /// Whether only another `close` is taken, and that only if blocks are left.
    private volatile boolean hasEnded;
    private Arena lifetime;

    SharedScope(SegmentArena pool, Engine engine) {
        this.pool = pool;
        this.engine = engine;
    }

    private static MemorySegment.Scope ended() {
        Arena arena = Arena.ofConfined();
        arena.close();
        return arena.scope();
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        checkOpen(); // again below, as another thread may close it meanwhile
        long handle = pool.tryAllocateZeroed(byteSize, byteAlignment);
        if (handle == SegmentArena.NO_SPACE) {
            throw ConfinedScope.noRoom(byteSize, pool);
        }
        MemorySegment slice = pool.contents.sliceOrDrop(handle, byteSize);
        if (slice == null) { // a reset has ended it
            return allocate(byteSize, byteAlignment);
        }
        try {
            remember(handle);
            return slice;
        } catch (OutOfMemoryError | StackOverflowError | IllegalStateException e) {
            pool.contents.drop(handle);
            throw e;
        }
    }

    private void checkOpen() {
        if (isClosing || hasEnded) {
            throw new IllegalStateException("Already closed");
        }
    }

    private synchronized void remember(long handle) {
        checkOpen();
        if (count == handles.length) {
            handles = Arrays.copyOf(handles, 2 * count);
        }
        handles[count++] = handle;
    }

    @Override
    public synchronized MemorySegment.Scope scope() {
        if (lifetime == null) {
            if (hasEnded) {
                return ENDED;
            }
            lifetime = Arena.ofShared();
        }
        return lifetime.scope();
    }

    @Override
    public void close() {
        refuseVisitor();
        begin();
        try {
            if (engine.refusesToFreeInUse()) {
                free();
                end();
            } else {
                end();
                free();
            }
        } finally {
            isClosing = false;
        }
        pool.scopeClosed();
    }

    /// A scope may be closed after its arena.
    private void refuseVisitor() {
        try {
            engine.checkUsable();
        } catch (IllegalStateException refused) {
            if (!engine.isClosed()) {
                throw refused;
            }
        }
    }

    private synchronized void begin() {
        if (isClosing || hasEnded && count == 0) {
            throw new IllegalStateException("Already closed");
        }
        isClosing = true;
    }

    private synchronized void end() {
        if (lifetime != null && lifetime.scope().isAlive()) {
            lifetime.close();
        }
        hasEnded = true;
    }

    private void free() {
        engine.freeLive(handles, count);
        count = 0;
    }

    @Override
    public String toString() {
        return "scope over " + pool;
    }
}
