package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Chunks of a shared arena that go and come while another thread is in the middle of a call.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChunkRaceTest {
    private static final int CHUNK = 64 << 10;
    private static final long ENOUGH = 1_000_000_000;

    /// Two pieces of memory in turn.
    private static final class InTurn implements ChunkSource {
        private final Deque<MemorySegment> next = new ArrayDeque<>();

        InTurn(Arena owner) {
            next.add(owner.allocate(2 * CHUNK, CHUNK));
            next.add(owner.allocate(2 * CHUNK, CHUNK));
        }

        @Override
        public MemorySegment open(long byteSize, long byteAlignment) {
            next.add(next.remove());
            return next.peek();
        }

        @Override
        public void close(MemorySegment chunk) {}
    }

    private static SegmentArena arenaOver(Arena owner) {
        return SegmentArena.builder().growable(new InTurn(owner), CHUNK, 2 * CHUNK).shared().build();
    }

    /// Ways to end a block that is found by where it lies.
    enum End {
        FREE, FREE_AT, BY_HANDLE, MOVE;

        void end(SegmentArena arena, MemorySegment slice) {
            switch (this) {
                case FREE -> arena.free(slice);
                case FREE_AT -> arena.freeAt(slice.address());
                case BY_HANDLE -> freeFound(arena, slice);
                case MOVE -> arena.free(arena.reallocate(slice, slice.byteSize() - 16, 1));
            }
        }

        private static void freeFound(SegmentArena arena, MemorySegment slice) {
            try {
                arena.free(arena.allocationOf(slice));
            } catch (IllegalStateException gone) {
                throw new IllegalArgumentException(gone);
            }
        }
    }

    /// Two threads free one slice. The block that the next chunk has at the same place, and another address, stays.
    @ParameterizedTest
    @EnumSource(End.class)
    void whatIsFoundByItsAddressIsTheBlockThere(End end) throws Exception {
        try (Arena owner = Arena.ofShared(); SegmentArena arena = arenaOver(owner)) {
            AtomicReference<MemorySegment> shown = new AtomicReference<>();
            AtomicBoolean enough = new AtomicBoolean();
            Thread other = Thread.ofPlatform().daemon().start(() -> {
                while (!enough.get()) {
                    MemorySegment slice = shown.get();
                    if (slice != null) {
                        endUnlessGone(end, arena, slice);
                        shown.set(null);
                    }
                }
            });
            try {
                long stop = System.nanoTime() + ENOUGH;
                for (int round = 0; System.nanoTime() < stop; round++) {
                    MemorySegment slice = arena.allocate(CHUNK / 2, 16);
                    shown.set(slice);
                    for (int i = round & 255; i > 0; i--) {
                        Thread.onSpinWait();
                    }
                    endUnlessGone(End.FREE_AT, arena, slice);
                    arena.trim();
                    long next = arena.tryAllocate(CHUNK / 2, 16);
                    while (shown.get() != null) {
                        Thread.onSpinWait();
                    }
                    int at = round;
                    assertTrue(isFreed(arena, next), () -> "round " + at + ": " + slice + " was freed twice, and the next block is gone");
                    arena.trim();
                }
            } finally {
                enough.set(true);
                other.join();
            }
            arena.verify();
        }
    }

    private static boolean isFreed(SegmentArena arena, long block) {
        try {
            arena.free(block);
            return true;
        } catch (IllegalStateException gone) {
            return false;
        }
    }

    private record Known(long handle, long address) {}

    /// Ways to ask where a block lies, and to reach its bytes.
    enum Ask {
        ADDRESS, SEGMENT, BYTES;

        boolean isAnsweredWell(SegmentArena arena, Known block) {
            return switch (this) {
                case ADDRESS -> arena.address(block.handle) == block.address;
                case SEGMENT -> arena.segment(block.handle).address() == block.address;
                case BYTES -> isMarkOf(arena.access().getLong(block.handle, 8), block.address);
            };
        }

        /// What another block at the same address has written is none of this one's business.
        private static boolean isMarkOf(long mark, long address) {
            return mark == address || mark == 0;
        }
    }

    /// Whose memory it is that a handle leads to, whatever memory its place has come to have since.
    @ParameterizedTest
    @EnumSource(Ask.class)
    void whatIsFoundByItsHandleIsTheBlock(Ask ask) throws Exception {
        try (Arena owner = Arena.ofShared(); SegmentArena arena = arenaOver(owner)) {
            int[] rounds = {0};
            whileOthersAsk(block -> assertTrue(ask.isAnsweredWell(arena, block), () -> block + " never was there"), shown -> {
                long block = marked(arena, rounds[0]++ % 2 == 0 ? CHUNK / 2 : 2 * CHUNK); // more than the next chunk has, or not
                shown.set(new Known(block, arena.address(block)));
                Thread.yield(); // others are stopped in the middle of a call here, and go on below
                arena.free(block);
                arena.trim();
                long next = marked(arena, CHUNK / 2);
                Thread.yield();
                arena.free(next);
                arena.trim();
            });
            arena.verify();
        }
    }

    private static long marked(SegmentArena arena, long byteSize) {
        long block = arena.tryAllocate(byteSize, 16);
        arena.access().setLong(block, 8, arena.address(block));
        return block;
    }

    /// Fails if the others do, unless they are refused since the block is gone.
    private static void whileOthersAsk(Consumer<Known> ask, Consumer<AtomicReference<Known>> round) throws InterruptedException {
        AtomicReference<Known> shown = new AtomicReference<>(new Known(0, 0));
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        AtomicBoolean enough = new AtomicBoolean();
        Runnable asking = () -> {
            while (!enough.get()) {
                Known block = shown.get();
                try {
                    ask.accept(block);
                } catch (IllegalStateException gone) {
                    Thread.yield();
                } catch (Throwable failure) {
                    wrong.set(failure);
                    enough.set(true);
                }
            }
        };
        List<Thread> others = Stream.generate(() -> Thread.ofPlatform().daemon().start(asking)).limit(3).toList();
        try {
            long stop = System.nanoTime() + 2 * ENOUGH;
            while (System.nanoTime() < stop && !enough.get()) {
                round.accept(shown);
            }
        } finally {
            enough.set(true);
            for (Thread other : others) {
                other.join();
            }
        }
        assertNull(wrong.get());
    }

    /// A copy that has begun ends before the memory that it reads does. Else the JDK would stop it, and leave its thread interrupted.
    @Test
    void aFreeDuringAReallocateInterruptsNobody() throws Exception {
        int size = 4 << 20;
        try (SegmentArena arena = SegmentArena.builder().growable(1 << 20, 64 << 20).shared().build()) {
            AtomicLong shown = new AtomicLong();
            AtomicBoolean enough = new AtomicBoolean();
            AtomicBoolean interrupted = new AtomicBoolean();
            Thread other = Thread.ofPlatform().daemon().start(() -> {
                while (!enough.get()) {
                    long block = shown.get();
                    if (block != 0) {
                        try {
                            arena.free(arena.reallocate(block, size + (1 << 20), 1));
                        } catch (IllegalStateException gone) {
                            Thread.onSpinWait();
                        }
                        interrupted.compareAndSet(false, Thread.interrupted());
                        shown.set(0);
                    }
                }
            });
            try {
                long stop = System.nanoTime() + 2 * ENOUGH;
                for (int round = 1; System.nanoTime() < stop && !interrupted.get(); round++) {
                    long block = arena.tryAllocate(size, 1);
                    shown.set(block);
                    long until = System.nanoTime() + round * 7919L % 3_000_000;
                    while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                    }
                    isFreed(arena, block);
                    while (shown.get() != 0) {
                        Thread.onSpinWait();
                    }
                }
            } finally {
                enough.set(true);
                other.join();
            }
            assertFalse(interrupted.get());
            assertEquals(0, arena.allocations());
            arena.verify();
        }
    }

    private static void endUnlessGone(End end, SegmentArena arena, MemorySegment slice) {
        try {
            end.end(arena, slice);
        } catch (IllegalArgumentException gone) {
            return;
        }
    }
}
