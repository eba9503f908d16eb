package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Another thread that works on the same arena: allocates, finds its contents intact, and frees. It makes no object while it
/// works, so that it can go on where there is no room for one.
final class Worker implements AutoCloseable {
    private static final int MOST = 24;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final SegmentArena arena;
    /// What a call may throw, having changed nothing; or null.
    private final Class<? extends Throwable> tolerated;
    private final long[] handles = new long[MOST];
    private final long[] sizes = new long[MOST];
    private final MemorySegment memory;
    private final long[] places = new long[MOST];
    /// Where blocks lie, if the memory is not one segment.
    private final MemorySegment[] slices = new MemorySegment[MOST];
    private final SplittableRandom random = new SplittableRandom(5);
    private final Semaphore start = new Semaphore(0);
    private final Semaphore still = new Semaphore(0);
    private final Thread thread;
    private volatile boolean working;
    private volatile boolean over;
    private volatile Throwable thrown;
    private long calls;

    Worker(SegmentArena arena, Class<? extends Throwable> tolerated) {
        this.arena = arena;
        this.tolerated = tolerated;
        memory = backingOrNull(arena);
        for (int i = 0; i < 200; i++) { // what runs for the first time may need memory, and that isn't meant
            step();
            tolerate(tolerated == null ? null : new OutOfMemoryError("not meant"));
        }
        thread = Thread.ofPlatform().daemon().start(this::run);
    }

    private static MemorySegment backingOrNull(SegmentArena arena) {
        try {
            return arena.backing();
        } catch (UnsupportedOperationException severalPieces) {
            return null;
        }
    }

    /// Goes on working.
    void work() {
        working = true;
        start.release();
    }

    /// Waits until it works no more, and returns the handles it owns.
    List<Long> standStill() throws InterruptedException {
        working = false;
        if (!still.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            AssertionError hanging = new AssertionError("the other thread hangs");
            Throwable where = new Throwable("it is here");
            where.setStackTrace(thread.getStackTrace());
            hanging.addSuppressed(where);
            throw hanging;
        }
        if (thrown != null) {
            throw new AssertionError("the other thread", thrown);
        }
        List<Long> owned = new ArrayList<>();
        for (long handle : handles) {
            if (handle > 0) {
                owned.add(handle);
            }
        }
        return owned;
    }

    long calls() {
        return calls;
    }

    /// Frees what it owns, while it stands still.
    void freeAll() {
        for (int i = 0; i < MOST; i++) {
            if (handles[i] > 0) {
                check(i);
                arena.free(handles[i]);
                handles[i] = 0;
            }
        }
    }

    @Override
    public void close() {
        over = true;
        start.release();
    }

    private void run() {
        while (true) {
            start.acquireUninterruptibly();
            if (over) {
                return;
            }
            while (working && thrown == null) {
                step();
            }
            still.release();
        }
    }

    private void step() {
        calls++;
        int at = random.nextInt(MOST);
        try {
            if (handles[at] > 0) {
                check(at);
                arena.free(handles[at]);
                handles[at] = 0;
            } else {
                long size = 1 + random.nextInt(random.nextInt(4) == 0 ? 3000 : 200);
                long handle = arena.tryAllocate(size, 1);
                if (handle > 0) {
                    handles[at] = handle;
                    sizes[at] = 0;
                    slices[at] = memory == null ? arena.segment(handle) : memory;
                    places[at] = memory == null ? 0 : arena.offset(handle);
                    fill(at, size);
                    sizes[at] = size;
                }
            }
        } catch (Throwable failure) {
            tolerate(failure);
        }
    }

    private void tolerate(Throwable failure) {
        if (failure != null && (tolerated == null || !tolerated.isInstance(failure)) && thrown == null) {
            thrown = failure;
        }
    }

    private void fill(int at, long size) {
        for (long i = 0; i < size; i++) {
            slices[at].set(ValueLayout.JAVA_BYTE, places[at] + i, (byte) (handles[at] + i));
        }
    }

    private void check(int at) {
        for (long i = 0; i < sizes[at]; i++) {
            if (slices[at].get(ValueLayout.JAVA_BYTE, places[at] + i) != (byte) (handles[at] + i)) {
                throw new AssertionError("someone else wrote to the other thread's block");
            }
        }
    }
}
