package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A thread that frees waits for no thread that is in a source's `close`, also if a request waits for that one.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FreeBehindRequestTest {
    private static final long CHUNK = 64 << 10;

    @Test
    void aFreeDoesNotWaitForTheCloseOfAnotherChunk() throws Exception {
        CountDownLatch inClose = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicBoolean isFirst = new AtomicBoolean(true);
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                return Arena.ofAuto().allocate(byteSize, byteAlignment);
            }

            @Override
            public void close(MemorySegment chunk) {
                if (isFirst.getAndSet(false)) {
                    inClose.countDown();
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        };
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, 6 * CHUNK).shared().build()) {
            long a = arena.tryAllocate(2 * CHUNK, 1);
            long b = arena.tryAllocate(2 * CHUNK, 1);
            long c = arena.tryAllocate(2 * CHUNK, 1);
            assertNotEquals(SegmentArena.NO_SPACE, c);
            Thread stopped = Thread.ofPlatform().daemon().start(() -> arena.free(a));
            assertTrue(inClose.await(20, TimeUnit.SECONDS));
            Thread asks = Thread.ofPlatform().daemon().start(() -> arena.tryAllocate(2 * CHUNK, 1)); // has room only once that chunk has gone
            for (int i = 0; i < 1000 && asks.getState() != Thread.State.WAITING; i++) {
                Thread.sleep(10);
            }
            Thread frees = Thread.ofPlatform().daemon().start(() -> arena.free(b));
            boolean isFreed = frees.join(Duration.ofSeconds(5));
            StackTraceElement[] where = frees.getStackTrace();
            goOn.countDown();
            for (Thread thread : new Thread[] {stopped, asks, frees}) {
                assertTrue(thread.join(Duration.ofSeconds(20)));
            }
            assertTrue(isFreed, () -> "a free waits for the close of another chunk: " + String.join("\n", java.util.Arrays.stream(where).map(String::valueOf).toList()));
        }
    }
}
