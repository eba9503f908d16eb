package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Compaction;
import java.util.function.Function;
import java.util.function.Supplier;

/// Stands before another engine, and does what that one does. What a block's life consists of is left to a subclass: to allocate, free, resize,
/// reset and close. Their lock is one; queues of retired blocks belong to this one.
abstract class ForwardingEngine extends Engine {
    final Engine inner;

    ForwardingEngine(Engine inner) {
        this.inner = inner;
    }

    @Override
    OneThread one() {
        return inner.one();
    }

    @Override
    public Object lock() {
        return inner.lock();
    }

    @Override
    void publish() {
        inner.publish();
    }

    @Override
    Error forget(Error e) {
        return inner.forget(e);
    }

    @Override
    public boolean hasSlots() {
        return false;
    }

    @Override
    public void retire(long handle) {
        inner.retire(handle);
    }

    @Override
    public boolean isRetired(long handle) {
        return inner.isRetired(handle);
    }

    @Override
    public int retired() {
        return inner.retired();
    }

    @Override
    public int liveAtEnd() {
        return inner.liveAtEnd();
    }

    @Override
    int roomForRetired() {
        return inner.roomForRetired();
    }

    @Override
    public long offset(long handle) {
        return inner.offset(handle);
    }

    @Override
    public long offsetOfNew(long handle) {
        return inner.offsetOfNew(handle);
    }

    @Override
    public long size(long handle, int shift) {
        return inner.size(handle, shift);
    }

    @Override
    public long tag(long handle) {
        return inner.tag(handle);
    }

    @Override
    public void setTag(long handle, long tag) {
        inner.setTag(handle, tag);
    }

    @Override
    public long find(long at) {
        return inner.find(at);
    }

    @Override
    public void checkLive(long handle) {
        inner.checkLive(handle);
    }

    @Override
    public boolean isLive(long handle) {
        return inner.isLive(handle);
    }

    @Override
    public boolean isClosed() {
        return inner.isClosed();
    }

    @Override
    public void checkOpen() {
        inner.checkOpen();
    }

    @Override
    public void checkUsable() {
        inner.checkUsable();
    }

    @Override
    public <T> T plan(long target, long alignment, Function<Compaction, T> reader) {
        return inner.plan(target, alignment, reader);
    }

    @Override
    public long handle(Compaction plan, int move) {
        return inner.handle(plan, move);
    }

    @Override
    public boolean move(long handle, long from, long to) {
        return inner.move(handle, from, to);
    }

    @Override
    public void endPlan(Compaction plan) {
        inner.endPlan(plan);
    }

    @Override
    public boolean isPlan(Compaction plan) {
        return inner.isPlan(plan);
    }

    @Override
    public long capacity() {
        return inner.capacity();
    }

    @Override
    public int blocks() {
        return inner.blocks();
    }

    @Override
    public int maxBlocks() {
        return inner.maxBlocks();
    }

    @Override
    public long metadataSize() {
        return inner.metadataSize() + retiredSize();
    }

    @Override
    public void grow(long newCapacity) {
        inner.grow(newCapacity);
    }

    @Override
    public long freeUnits() {
        return inner.freeUnits();
    }

    @Override
    public long largestFree() {
        return inner.largestFree();
    }

    @Override
    public int[] freeRegions() {
        return inner.freeRegions();
    }

    @Override
    public <T> T callOut(Supplier<T> work) {
        return inner.callOut(work);
    }

    @Override
    public <A, B> void forEachRegion(A a, B b, Walk<A, B> walk) {
        inner.forEachRegion(a, b, walk);
    }

    @Override
    public int resets() {
        return inner.resets();
    }
}
