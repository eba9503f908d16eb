package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Compaction;
import java.util.function.Function;

/// The engine for one thread behind one lock: all that threads do one at a time, whatever [AnyThread] does without it.
///
/// ```
///   (lock)     the call, by the engine for one thread
///              done        publish: others see what it has changed
///              an error    forget: others rely on nothing until a call that succeeds has published
/// ```
///
/// **The lock** is a monitor, for two reasons: threads that meet there make no garbage, and leaving it takes no stack, so that
/// a StackOverflowError can't keep it. No thread that holds it waits for anything but the visitor of a walk.
abstract class LockedEngine extends Engine {
    final OneThread engine;

    LockedEngine(OneThread engine) {
        this.engine = engine;
    }

    @Override
    OneThread one() {
        return engine;
    }

    // ---- changes ------------------------------------------------------------------------------------------------

    @Override
    public synchronized void freeAll(long[] handles, int from, int to) {
        try {
            engine.freeAll(handles, from, to);
            publish();
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized void retire(long handle) {
        try {
            engine.retire(handle);
            publish();
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized boolean freeRetired(long handle) {
        try {
            boolean result = engine.freeRetired(handle);
            publish();
            return result;
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized boolean resize(long handle, long newSize, int slack) {
        try {
            boolean result = engine.resize(handle, newSize, slack);
            publish();
            return result;
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized <T> T plan(long target, long alignment, Function<Compaction, T> reader) {
        try {
            T result = engine.plan(target, alignment, reader);
            publish();
            return result;
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized boolean move(long handle, long from, long to) {
        try {
            boolean result = engine.move(handle, from, to);
            publish();
            return result;
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized void endPlan(Compaction plan) {
        try {
            engine.endPlan(plan);
            publish();
        } catch (Error e) {
            throw forget(e);
        }
    }

    @Override
    public synchronized void grow(long newCapacity) {
        try {
            engine.grow(newCapacity);
            publish();
        } catch (Error e) {
            throw forget(e);
        }
    }

    // ---- nothing to publish -------------------------------------------------------------------------------------

    @Override
    public synchronized boolean isRetired(long handle) {
        return engine.isRetired(handle);
    }

    @Override
    public synchronized int retired() {
        return engine.retired();
    }

    @Override
    public synchronized long tag(long handle) {
        return engine.tag(handle);
    }

    @Override
    public synchronized void setTag(long handle, long tag) {
        engine.setTag(handle, tag);
    }

    @Override
    public synchronized long find(long unit) {
        return engine.find(unit);
    }

    @Override
    public synchronized void checkLive(long handle) {
        engine.checkLive(handle);
    }

    @Override
    public synchronized boolean isLive(long handle) {
        return engine.isLive(handle);
    }

    @Override
    public synchronized long handle(Compaction plan, int move) {
        return engine.handle(plan, move);
    }

    @Override
    public synchronized boolean isPlan(Compaction plan) {
        return engine.isPlan(plan);
    }

    @Override
    public synchronized int blocks() {
        return engine.blocks();
    }

    @Override
    public synchronized long freeUnits() {
        return engine.freeUnits();
    }

    @Override
    public synchronized long largestFree() {
        return engine.largestFree();
    }

    @Override
    public synchronized int[] freeRegions() {
        return engine.freeRegions();
    }

    @Override
    public synchronized void verify() {
        engine.verify();
    }

    @Override
    public synchronized int resets() {
        return engine.resets();
    }

    // ---- for any thread, without the lock -----------------------------------------------------------------------

    @Override
    public boolean isClosed() {
        return engine.isClosed();
    }

    @Override
    public void checkOpen() {
        engine.checkOpen();
    }

    @Override
    public int maxBlocks() {
        return engine.maxBlocks();
    }

    @Override
    int roomForRetired() {
        return engine.roomForRetired();
    }
}
