package io.github.offsetallocator.internal.slabs;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What was counted last, for a thread that asks all the time: to read an entry that another thread is about to write costs that thread
/// a cache miss.
///
/// A thousand counts may be made at once, and 250 a second from then on. A thread that asks now and then gets a count made for it; one
/// that asks a thousand times a second for long gets one that is 4 ms old at most.
///
/// Two numbers are written by one thread at a time, between an odd version and an even one. Nobody waits.
public final class LastCount {
    private static final long EVERY = 4_000_000;
    private static final long AT_ONCE = 1000;
    private static final VarHandle VERSION = versionHandle();

    private int version;
    private long live;
    private long taken;
    /// When all counts that were made would have been made if they were made evenly. Threads may lose each other's changes.
    private volatile long evenly = System.nanoTime();

    private static VarHandle versionHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(LastCount.class, "version", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// Whether a count may be made. Then one is made.
    public boolean mayCount() {
        long now = System.nanoTime();
        long before = evenly;
        if (before - now > AT_ONCE * EVERY) {
            return false;
        }
        evenly = (before - now > 0 ? before : now) + EVERY;
        return true;
    }

    /// To be read before and after the numbers. They belong together if it is the same, and even.
    public int version() {
        return (int) VERSION.getAcquire(this);
    }

    public long live() {
        return live;
    }

    public long taken() {
        return taken;
    }

    public void set(long newLive, long newTaken) {
        int before = version();
        if ((before & 1) == 0 && VERSION.compareAndSet(this, before, before + 1)) {
            if (newTaken >= taken) { // another thread may have counted later, and been faster
                live = newLive;
                taken = newTaken;
            }
            VERSION.setRelease(this, before + 2);
        }
    }
}
