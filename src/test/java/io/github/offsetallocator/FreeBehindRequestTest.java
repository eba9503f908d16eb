package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

    /// Hands out memory, and stops in its first `close`, after others can have that memory again.
    private static final class Stopping implements ChunkSource {
        final CountDownLatch inClose = new CountDownLatch(1);
        final CountDownLatch goOn = new CountDownLatch(1);
        private final AtomicBoolean isFirst = new AtomicBoolean(true);
        private volatile MemorySegment given;

        @Override
        public MemorySegment open(long byteSize, long byteAlignment) {
            MemorySegment again = given;
            given = null;
            return again != null ? again : Arena.ofAuto().allocate(byteSize, byteAlignment);
        }

        @Override
        public void close(MemorySegment chunk) {
            if (isFirst.getAndSet(false)) {
                given = chunk;
                inClose.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    @Test
    void aFreeDoesNotWaitForTheCloseOfAnotherChunk() throws Exception {
        Stopping source = new Stopping();
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, 6 * CHUNK).shared().build()) {
            long a = arena.tryAllocate(2 * CHUNK, 1);
            long b = arena.tryAllocate(2 * CHUNK, 1);
            long c = arena.tryAllocate(2 * CHUNK, 1);
            assertNotEquals(SegmentArena.NO_SPACE, c);
            Thread stopped = Thread.ofPlatform().daemon().start(() -> arena.free(a));
            assertTrue(source.inClose.await(20, TimeUnit.SECONDS));
            Thread asks = Thread.ofPlatform().daemon().start(() -> arena.tryAllocate(2 * CHUNK, 1)); // has room only once that chunk has gone
            for (int i = 0; i < 1000 && asks.getState() != Thread.State.WAITING && asks.getState() != Thread.State.TIMED_WAITING; i++) {
                Thread.sleep(10);
            }
            Thread frees = Thread.ofPlatform().daemon().start(() -> arena.free(b));
            boolean isFreed = frees.join(Duration.ofSeconds(5));
            StackTraceElement[] where = frees.getStackTrace();
            source.goOn.countDown();
            for (Thread thread : new Thread[] {stopped, asks, frees}) {
                assertTrue(thread.join(Duration.ofSeconds(20)));
            }
            assertTrue(isFreed, () -> "a free waits for the close of another chunk: " + String.join("\n", java.util.Arrays.stream(where).map(String::valueOf).toList()));
        }
    }

    @Test
    void memoryThatASourceHasTakenBackMayBeAChunkAgainBeforeItsCloseReturns() throws Exception {
        Stopping source = new Stopping();
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, 6 * CHUNK).shared().build()) {
            long a = arena.tryAllocate(2 * CHUNK, 1);
            long address = arena.address(a);
            Thread stopped = Thread.ofPlatform().daemon().start(() -> arena.free(a));
            assertTrue(source.inClose.await(20, TimeUnit.SECONDS));
            try {
                long b = arena.tryAllocate(2 * CHUNK, 1);
                assertNotEquals(SegmentArena.NO_SPACE, b);
                assertEquals(address, arena.address(b));
            } finally {
                source.goOn.countDown();
            }
            assertTrue(stopped.join(Duration.ofSeconds(20)));
        }
    }
}
