package io.github.offsetallocator.durable;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import java.nio.file.Path;

/// What kind of arena is killed, and how hard it works.
enum Setting {
    ONE_THREAD(1, 1 << 20, 1500, 30_000, 400),
    ONE_THREAD_SMALL(1, 96 << 10, 300, 8000, 100),
    ONE_THREAD_REFERENCE(1, 1 << 20, 800, 30_000, 200),
    ONE_THREAD_LARGE(1, 32 << 20, 20_000, 100_000, 3000),
    ONE_THREAD_ZEROED(1, 1 << 20, 800, 30_000, 100),
    GROWN(1, 96 << 10, 1500, 30_000, 200),
    GROWING(1, 32 << 10, 1500, 30_000, 200),
    THREADS(4, 1 << 20, 1500, 30_000, 400),
    THREADS_SMALL(3, 96 << 10, 250, 8000, 60),
    THREADS_ZEROED(3, 1 << 20, 800, 30_000, 100),
    THREADS_LARGE(2, 32 << 20, 20_000, 100_000, 3000),
    THREADS_GROWN(3, 96 << 10, 1500, 30_000, 200),
    THREADS_GROWING(3, 32 << 10, 1500, 30_000, 200);

    private static final long MOST = 4 << 20;
    private static final long CHUNK = 4096;

    final int threads;
    final long byteSize;
    /// Live at most, about.
    final int blocks;
    final int largest;
    final int churn;

    Setting(int threads, long byteSize, int blocks, int largest, int churn) {
        this.threads = threads;
        this.byteSize = byteSize;
        this.blocks = blocks;
        this.largest = largest;
        this.churn = churn;
    }

    boolean isZeroed() {
        return this == ONE_THREAD_ZEROED || this == THREADS_ZEROED;
    }

    /// Whether it is made larger by a call.
    boolean isGrown() {
        return this == GROWN || this == THREADS_GROWN;
    }

    /// Whether it becomes larger by itself.
    boolean isGrowing() {
        return this == GROWING || this == THREADS_GROWING;
    }

    SegmentArena open(Path file) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, byteSize, isGrown() ? MOST : 0);
        builder = isGrowing() ? builder.growable(CHUNK, MOST) : builder;
        builder = threads > 1 ? builder.shared() : builder;
        builder = isZeroed() ? builder.zeroed() : builder;
        builder = this == ONE_THREAD_REFERENCE ? builder.fit(Fit.REFERENCE) : builder;
        return builder.build();
    }
}
