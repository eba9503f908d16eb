package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.SegmentArena;
import java.util.ArrayDeque;
import java.util.Queue;

/// See [SizeBetweenTest]: loaded by its loader. `size` holds no lock, so whatever runs in it may be another thread's call.
public final class SizeBetweenScenario implements Runnable {
    private static final Queue<Runnable> CALLS = new ArrayDeque<>();

    private static Thread asker;

    /// Called by the changed library.
    public static void between() {
        Runnable call = Thread.currentThread() == asker ? CALLS.poll() : null; // a resize asks for the size too
        if (call != null) {
            elsewhere(call);
        }
    }

    private static void elsewhere(Runnable call) {
        Thread thread = Thread.ofPlatform().start(call);
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void run() {
        try (SegmentArena arena = SegmentArena.ofShared(4 << 20)) {
            long small = 33_000; // 2063 granules, 8 bytes of the last one unused
            long large = 66_001; // 4126 granules, 15 bytes unused
            long block = arena.tryAllocate(small, 1);
            CALLS.add(() -> arena.resize(block, large)); // before the region is read
            CALLS.add(() -> arena.resize(block, small)); // before the bins are asked
            asker = Thread.currentThread();
            long size = arena.size(block);
            asker = null;
            if (!CALLS.isEmpty()) {
                throw new AssertionError("the reads were not met");
            }
            if (size != small && size != large) {
                throw new AssertionError("a size that the block never had: " + size + ", neither " + small + " nor " + large);
            }
        }
    }
}
