package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a [ChunkSource] may open, and do.
class ChunkSourceTest {
    private static final int CHUNK = 64 << 10;
    private static final int MOST = 4 * CHUNK;
    /// One that has room for slabs.
    private static final long LARGE_CHUNK = 1 << 20;

    /// Opens what it is told to, and remembers what was closed.
    private static final class Told implements ChunkSource {
        final List<MemorySegment> closed = new ArrayList<>();
        LongFunction<MemorySegment> next;

        @Override
        public MemorySegment open(long byteSize, long byteAlignment) {
            return next.apply(byteSize);
        }

        @Override
        public void close(MemorySegment chunk) {
            closed.add(chunk);
        }
    }

    private static SegmentArena over(ChunkSource source, boolean shared) {
        SegmentArena.Builder builder = SegmentArena.builder().growable(source, CHUNK, MOST);
        return (shared ? builder.shared() : builder).build();
    }

    // ---- before slabs end --------------------------------------------------------------------------------------

    /// Otherwise all slabs would be made again, as often as a chunk comes.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChunkComesBeforeSlabsEnd(boolean shared) throws IOException {
        Told source = new Told();
        source.next = byteSize -> Arena.ofAuto().allocate(byteSize, 64);
        SegmentArena.Builder builder = SegmentArena.builder().growable(source, LARGE_CHUNK, 4 * LARGE_CHUNK);
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            fillWithHoles(arena, 2);
            int slabs = slabs(arena);
            assertTrue(slabs > 4, slabs + " slabs");
            arena.allocate(100_000, 1);
            assertEquals(2 * LARGE_CHUNK, arena.byteSize());
            assertEquals(slabs, slabs(arena));
            arena.verify();
        }
    }

    /// What is free in slabs is not refused, whether the limit is reached or the source has no more.
    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void whatNoChunkComesForIsTakenFromSlabs(boolean shared, boolean isAtLimit) throws IOException {
        Told source = new Told();
        source.next = byteSize -> Arena.ofAuto().allocate(byteSize, 64);
        SegmentArena.Builder builder = SegmentArena.builder().growable(source, LARGE_CHUNK, isAtLimit ? LARGE_CHUNK : 4 * LARGE_CHUNK);
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            fillWithHoles(arena, 64);
            source.next = _ -> {
                throw new OutOfMemoryError("no more");
            };
            int fit = 0;
            try {
                while (arena.tryAllocate(2000, 1) != SegmentArena.NO_SPACE) {
                    fit++;
                }
                assertTrue(isAtLimit);
            } catch (OutOfMemoryError e) {
                assertEquals("no more", e.getMessage());
            }
            assertTrue(fit > 300, fit + " blocks fit between those that are live");
            assertEquals(0, slabs(arena));
            assertEquals(LARGE_CHUNK, arena.byteSize());
            arena.verify();
        }
    }

    /// Blocks, most of them in slabs, until the first chunk is nearly full. One of `stays` stays.
    private static void fillWithHoles(SegmentArena arena, int stays) {
        List<Long> blocks = new ArrayList<>();
        do {
            for (int i = 0; i < 100; i++) {
                blocks.add(arena.tryAllocate(48, 1));
            }
        } while (arena.storageReport().totalFreeSpace() > 6000);
        assertEquals(LARGE_CHUNK, arena.byteSize());
        for (int i = 0; i < blocks.size(); i++) {
            if (i % stays != 0) {
                arena.free(blocks.get(i));
            }
        }
    }

    private static int slabs(SegmentArena arena) throws IOException {
        StringBuilder dump = new StringBuilder();
        arena.dump(dump);
        return dump.toString().split("\"slotSize\"", -1).length - 1;
    }

    // ---- calls of the arena ------------------------------------------------------------------------------------

    /// Else each request would open a chunk before the first is counted, and a close end what the request goes on with.
    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void openMayLookAtTheArenaAndChangeNothing(boolean shared, boolean checked) {
        SegmentArena[] arena = {null};
        long[] live = {0};
        List<Executable> changes = List.of(() -> arena[0].tryAllocate(100, 1), () -> arena[0].allocate(CHUNK), () -> arena[0].tryAllocate(16, 32),
                () -> arena[0].free(live[0]), () -> arena[0].free(arena[0].segment(live[0])), () -> arena[0].freeAt(arena[0].address(live[0])),
                () -> arena[0].reallocate(live[0], 2 * CHUNK, 1), () -> arena[0].retire(live[0], 1), () -> arena[0].reset(), () -> arena[0].trim(),
                () -> arena[0].scope().allocate(8), () -> arena[0].close());
        int[] opened = {0};
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                opened[0]++;
                if (live[0] != 0) {
                    for (Executable change : changes) {
                        String message = assertThrows(IllegalStateException.class, change).getMessage();
                        assertTrue(message.contains("ChunkSource"), message);
                    }
                    assertEquals(1, arena[0].allocations());
                    assertEquals(32, arena[0].size(live[0]));
                    arena[0].statistics();
                    arena[0].forEachAllocation(handle -> assertEquals(live[0], handle));
                    assertThrows(IllegalStateException.class, () -> arena[0].tryAllocate(32, 1));
                }
                return Arena.ofAuto().allocate(byteSize, byteAlignment);
            }

            @Override
            public void close(MemorySegment chunk) {}
        };
        SegmentArena.Builder builder = SegmentArena.builder().growable(source, CHUNK, MOST);
        builder = shared ? builder.shared() : builder;
        try (SegmentArena made = (checked ? builder.checked() : builder).build()) {
            arena[0] = made;
            long first = made.tryAllocate(32, 1);
            live[0] = first;
            long second = made.tryAllocate(CHUNK, 1);
            live[0] = 0;
            made.free(second);
            made.free(first);
            made.allocate(16);
            made.verify();
            assertEquals(2, opened[0]);
            assertEquals(1, made.allocations());
            assertTrue(made.byteSize() <= MOST);
        }
    }

    /// Those that take a slot of a slab that they know.
    @Test
    void otherThreadsAreNotRefusedMeanwhile() throws Exception {
        Told source = new Told();
        source.next = byteSize -> Arena.ofAuto().allocate(byteSize, 64);
        ExecutorService other = Executors.newFixedThreadPool(1);
        try (SegmentArena arena = SegmentArena.builder().growable(source, 1 << 18, 1 << 22).shared().build()) {
            other.submit(() -> {
                long[] slots = new long[300];
                for (int i = 0; i < slots.length; i++) {
                    slots[i] = arena.tryAllocate(32, 1);
                }
                for (int i = 100; i < slots.length; i++) {
                    arena.free(slots[i]);
                }
                arena.free(arena.tryAllocate(32, 1));
            }).get(10, TimeUnit.SECONDS);
            source.next = byteSize -> {
                try {
                    assertTrue(other.submit(() -> arena.tryAllocate(32, 1)).get(10, TimeUnit.SECONDS) > 0);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
                return Arena.ofAuto().allocate(byteSize, 64);
            };
            arena.allocate(400_000);
            assertEquals(102, arena.allocations());
        } finally {
            other.shutdownNow();
        }
    }

    // ---- memory of one chunk ------------------------------------------------------------------------------------

    /// Else two live blocks would have the same bytes. It is not closed either: the chunk that it overlaps would end.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatOverlapsAChunkIsRefusedAndNotClosed(boolean shared) {
        Told source = new Told();
        try (Arena owner = Arena.ofShared(); SegmentArena arena = over(source, shared)) {
            MemorySegment all = owner.allocate(4 * CHUNK, 64);
            source.next = _ -> all.asSlice(CHUNK); // larger than what is used of it
            long block = arena.tryAllocate(CHUNK, 1);
            arena.segment(block).fill((byte) 7);
            for (MemorySegment wrong : List.of(all.asSlice(CHUNK), all.asSlice(64), all.asSlice(2 * CHUNK - 64), all.asSlice(CHUNK + 64, 64),
                    all.asSlice(CHUNK, CHUNK).asReadOnly())) {
                source.next = _ -> wrong;
                String message = assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(CHUNK, 1)).getMessage();
                assertTrue(message.contains("overlaps"), message);
            }
            assertEquals(List.of(), source.closed);
            source.next = _ -> all; // its first part is free
            long other = arena.tryAllocate(CHUNK, 1);
            arena.segment(other).fill((byte) 8);
            assertEquals(7, arena.segment(block).get(ValueLayout.JAVA_BYTE, CHUNK - 1));
            arena.verify();
        }
        assertEquals(2, source.closed.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatNotAllWhoUseTheArenaCanAccessIsRefused(boolean shared) throws Exception {
        MemorySegment[] alien = {null};
        Thread other = new Thread(() -> alien[0] = Arena.ofConfined().allocate(CHUNK, 64));
        other.start();
        other.join();
        Told source = new Told();
        try (Arena owner = Arena.ofConfined(); SegmentArena arena = over(source, shared)) {
            MemorySegment own = owner.allocate(CHUNK, 64);
            source.next = _ -> alien[0];
            String message = assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(100, 1)).getMessage();
            assertTrue(message.contains(shared ? "any thread" : "this thread"), message);
            assertEquals(List.of(alien[0]), source.closed);
            source.next = _ -> own;
            if (shared) {
                assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(100, 1));
                assertEquals(List.of(alien[0], own), source.closed);
                source.next = byteSize -> Arena.ofAuto().allocate(byteSize, 64);
            }
            arena.segment(arena.tryAllocate(100, 1)).fill((byte) 1);
            assertEquals(1, arena.allocations());
            arena.verify();
        }
    }

    /// Its `close` is called again, and would end what is live by then.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChunkThatCouldNotBeClosedIsStillTaken(boolean shared) {
        boolean[] fails = {true};
        List<Long> closed = new ArrayList<>();
        try (Arena owner = Arena.ofShared()) {
            MemorySegment one = owner.allocate(2 * CHUNK, 64);
            MemorySegment other = owner.allocate(2 * CHUNK, 64);
            boolean[] again = {false};
            ChunkSource source = new ChunkSource() {
                @Override
                public MemorySegment open(long byteSize, long byteAlignment) {
                    return again[0] ? other : one;
                }

                @Override
                public void close(MemorySegment chunk) {
                    if (fails[0]) {
                        throw new IllegalStateException("in use");
                    }
                    closed.add(chunk.address());
                }
            };
            try (SegmentArena arena = over(source, shared)) {
                arena.free(arena.tryAllocate(2 * CHUNK, 1));
                assertThrows(IllegalArgumentException.class, () -> arena.tryAllocate(2 * CHUNK, 1));
                again[0] = true;
                long block = arena.tryAllocate(2 * CHUNK, 1);
                fails[0] = false;
                arena.free(block);
                again[0] = false;
                arena.tryAllocate(2 * CHUNK, 1);
                arena.verify();
            }
            assertTrue(closed.size() == 3 && closed.getLast() == one.address(), () -> "closed " + closed);
        }
    }
}
