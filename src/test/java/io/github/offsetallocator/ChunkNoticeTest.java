package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A chunk of a growable arena is noticed as soon as nothing is live in it, whatever has freed its last block and whatever else is nearly
/// as free.
class ChunkNoticeTest {
    private static final long SEED = 20_261_128;
    private static final long CHUNK = 64 << 10;
    private static final long OWN = 5 * CHUNK + 1600;

    private static SegmentArena of(SegmentArena.Builder builder, boolean shared) {
        return (shared ? builder.shared() : builder).build();
    }

    private static SegmentArena of(boolean shared) {
        return of(SegmentArena.builder().growable(CHUNK, 256 * CHUNK), shared);
    }

    /// Regions that a free has made larger keep their places in their bin, behind others that are nearly as large.
    private static List<Long> nearlyFree(SegmentArena arena, int count, long byteSize) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(arena.tryAllocate(byteSize, 1));
        }
        blocks.forEach(block -> assertTrue(arena.resize(block, 16)));
        assertEquals(count * byteSize, arena.byteSize());
        return blocks;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChunkOfItsOwnSizeGoesBackBesideManyThatAreNearlyFree(boolean shared) {
        try (SegmentArena arena = of(shared)) {
            List<Long> blocks = nearlyFree(arena, 12, OWN);
            for (int left = 11; left >= 0; left--) {
                arena.free(blocks.removeFirst());
                assertEquals(left * OWN, arena.byteSize(), "chunks that hold a block: " + left);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofOrdinaryOnesOneStaysBesideManyThatAreNearlyFree(boolean shared) {
        try (SegmentArena arena = of(shared)) {
            List<Long> blocks = nearlyFree(arena, 24, CHUNK);
            for (int left = 23; left >= 0; left--) {
                arena.free(blocks.removeFirst());
                assertEquals((left + 1) * CHUNK, arena.byteSize(), "chunks that hold a block: " + left);
            }
        }
    }

    /// Slabs end in any way that is not an empty one's: a slot that has moved to a region of its own is the last block of its chunk.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSlotThatHasMovedIsTheLastBlock(boolean shared) {
        try (SegmentArena arena = of(shared)) {
            List<Long> blocks = nearlyFree(arena, 10, OWN);
            for (int i = 0; i < 20_000; i++) {
                blocks.add(arena.tryAllocate(48, 1));
            }
            assertEquals(10 * OWN, arena.byteSize());
            blocks.forEach(block -> arena.resize(block, 32)); // which ends all slabs
            Collections.shuffle(blocks, new Random(SEED));
            blocks.forEach(arena::free);
            assertEquals(0, arena.byteSize());
            arena.verify();
        }
    }

    /// Another thread frees a slot while a chunk is being opened for a request, which takes that slot then.
    @Test
    void aChunkThatWasOpenedForNothingDoesNotStay() {
        List<Long> blocks = new ArrayList<>();
        Runnable[] whileOpening = {null};
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                if (whileOpening[0] != null) {
                    whileOpening[0].run();
                }
                return Arena.ofAuto().allocate(byteSize, byteAlignment);
            }

            @Override
            public void close(MemorySegment chunk) {}
        };
        try (SegmentArena arena = SegmentArena.builder().growable(source, CHUNK, 64 * CHUNK).shared().build()) {
            long whole = arena.tryAllocate(CHUNK, 1);
            while (blocks.size() < 3000) {
                blocks.add(arena.tryAllocate(48, 1));
            }
            whileOpening[0] = () -> {
                whileOpening[0] = null;
                Thread other = Thread.ofPlatform().start(() -> arena.free(blocks.remove(blocks.size() / 2)));
                try {
                    other.join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            };
            while (whileOpening[0] != null) {
                blocks.add(arena.tryAllocate(48, 1));
            }
            long before = arena.byteSize();
            arena.free(whole);
            assertEquals(before - CHUNK, arena.byteSize(), "one of two without a block stays");
        }
    }

    @Test
    void whoeverFreesTheLastBlockGivesTheChunkBack() throws InterruptedException {
        try (SegmentArena arena = of(true)) {
            Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
            Queue<Long> handedOver = new ConcurrentLinkedQueue<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                SplittableRandom random = new SplittableRandom(SEED + i);
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int j = 0; j < 1500; j++) {
                            long block = arena.tryAllocate(CHUNK + 1 + random.nextLong(4 * CHUNK), 1);
                            if (block != SegmentArena.NO_SPACE) {
                                assertTrue(arena.resize(block, 20_000));
                                handedOver.add(block);
                            }
                            Long other = handedOver.size() > 40 ? handedOver.poll() : null;
                            if (other != null) {
                                arena.free(other);
                            }
                        }
                    } catch (Throwable e) {
                        thrown.add(e);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), List.copyOf(thrown));
            handedOver.forEach(arena::free);
            assertEquals(0, arena.byteSize());
        }
    }

    /// Any calls, in any order: of all chunks without a block one at most is open, and that is an ordinary one. No block is so small that it
    /// could lie in a slab.
    @ParameterizedTest
    @CsvSource({"false, GOOD", "true, GOOD", "false, REFERENCE", "true, REFERENCE"})
    void noOtherChunkWithoutABlockIsOpen(boolean shared, Fit fit) {
        for (int round = 0; round < 2; round++) {
            Calls calls = new Calls(SEED + round);
            try (SegmentArena arena = of(SegmentArena.builder().growable(calls, CHUNK, 200 * CHUNK).fit(fit), shared)) {
                calls.run(arena, 1500);
                arena.verify();
            }
        }
    }

    /// A program and the source of its chunks.
    private static final class Calls implements ChunkSource {
        private final long seed;
        private final SplittableRandom random;
        private final Map<MemorySegment, Arena> open = new HashMap<>();
        private final List<Long> blocks = new ArrayList<>();
        /// Addresses of those that wait for the counter.
        private final List<Long> retired = new ArrayList<>();
        private long counter;

        Calls(long seed) {
            this.seed = seed;
            random = new SplittableRandom(seed);
        }

        @Override
        public MemorySegment open(long byteSize, long byteAlignment) {
            Arena arena = Arena.ofShared();
            MemorySegment chunk = arena.allocate(byteSize, byteAlignment);
            open.put(chunk, arena);
            return chunk;
        }

        @Override
        public void close(MemorySegment chunk) {
            open.remove(chunk).close();
        }

        private long some(List<Long> of) {
            return of.remove(random.nextInt(of.size()));
        }

        private long byteSize() {
            return switch (random.nextInt(3)) {
                case 0 -> CHUNK + random.nextLong(6 * CHUNK);
                case 1 -> CHUNK;
                default -> 17_000 + random.nextLong(CHUNK - 17_000);
            };
        }

        void run(SegmentArena arena, int calls) {
            for (int i = 0; i < calls; i++) {
                int call = random.nextInt(blocks.size() < 4 ? 4 : i % 300 < 150 ? 9 : 12);
                call(arena, i % 250 == 249 ? 12 : i % 400 == 399 ? 13 : call);
                String what = "seed " + seed + ", call " + i + " of kind " + call;
                List<Long> empty = withoutABlock(arena);
                assertTrue(empty.size() <= 1 && empty.stream().allMatch(size -> size == CHUNK), () -> what + ": without a block are " + empty);
                assertEquals(open.keySet().stream().mapToLong(MemorySegment::byteSize).sum(), arena.byteSize(), what);
            }
        }

        private void call(SegmentArena arena, int call) {
            switch (call) {
                case 0, 1, 2, 3 -> {
                    long block = arena.tryAllocate(byteSize(), 1L << random.nextInt(8));
                    if (block != SegmentArena.NO_SPACE) {
                        blocks.add(block);
                    }
                }
                case 4, 5 -> { // most of its chunk becomes free
                    long block = blocks.get(random.nextInt(blocks.size()));
                    assertTrue(arena.resize(block, 17_000));
                }
                case 6 -> {
                    long block = some(blocks);
                    long moved = arena.reallocate(block, byteSize(), 1);
                    blocks.add(moved == SegmentArena.NO_SPACE ? block : moved);
                }
                case 7 -> {
                    long block = some(blocks);
                    retired.add(arena.address(block));
                    arena.retire(block, counter);
                }
                case 8 -> {
                    arena.reclaim(counter++);
                    retired.clear();
                }
                case 9 -> arena.free(some(blocks));
                case 10 -> arena.free(arena.segment(some(blocks)));
                case 11 -> arena.freeAll(new long[] {some(blocks), some(blocks), some(blocks)}, 0, 3);
                case 12 -> scope(arena);
                default -> resetOrTrim(arena);
            }
        }

        /// As long as it is open, nothing goes back from a confined arena.
        private void scope(SegmentArena arena) {
            try (Arena scope = arena.scope()) {
                for (int i = 0; i < 5; i++) {
                    scope.allocate(17_000 + random.nextLong(3 * CHUNK));
                    if (!blocks.isEmpty()) {
                        arena.free(some(blocks));
                    }
                }
            }
        }

        private void resetOrTrim(SegmentArena arena) {
            if (random.nextBoolean()) {
                arena.reset();
                blocks.clear();
                retired.clear();
            } else {
                arena.trim();
                assertEquals(List.of(), withoutABlock(arena));
            }
        }

        private List<Long> withoutABlock(SegmentArena arena) {
            List<Long> live = new ArrayList<>(retired);
            blocks.forEach(block -> live.add(arena.address(block)));
            return open.keySet().stream()
                    .filter(chunk -> live.stream().noneMatch(address -> address >= chunk.address() && address < chunk.address() + chunk.byteSize()))
                    .map(MemorySegment::byteSize).toList();
        }
    }
}
