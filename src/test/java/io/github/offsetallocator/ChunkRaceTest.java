package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
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
            next.add(owner.allocate(CHUNK, CHUNK));
            next.add(owner.allocate(CHUNK, CHUNK));
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
        return SegmentArena.builder().growable(new InTurn(owner), CHUNK, CHUNK).shared().build();
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

    private static void endUnlessGone(End end, SegmentArena arena, MemorySegment slice) {
        try {
            end.end(arena, slice);
        } catch (IllegalArgumentException gone) {
            return;
        }
    }
}
