package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.ChunkSource;
import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Calls of growable arenas that look for room where no chunk comes, or none is needed, each struck at every call that it makes. To be loaded by a
/// [StrikeLoader].
public final class StrikeRoom implements Consumer<String> {
    /// One that has room for slabs.
    private static final int CHUNK = 1 << 16;
    private static final int SMALL = 48;
    private static final int LARGE = 300;
    /// Calls at the start each of which is struck. Many of those that come later are about the slots of one slab.
    private static final int ALL_OF = 60;
    private static final int SOME_OF = 301;

    /// One chunk, and no more.
    private static final class OneChunk implements ChunkSource {
        private final Arena owner = Arena.ofShared();
        private boolean isGone;

        @Override
        public MemorySegment open(long byteSize, long byteAlignment) {
            if (isGone) {
                throw new OutOfMemoryError("no more");
            }
            isGone = true;
            return owner.allocate(byteSize, byteAlignment);
        }

        @Override
        public void close(MemorySegment chunk) {
            owner.close();
        }
    }

    /// Does what one of the methods here does.
    @Override
    public void accept(String what) {
        boolean struck = true;
        for (int n = -1; n < 1 || struck; n += n < ALL_OF || !what.equals("makeRoom") ? 1 : SOME_OF) { // classes are initialized before
            struck = what.equals("makeRoom") ? isStruckAsItMakesRoom(n) : isStruckInResetAndTrims(n);
            int call = n;
            assertTrue(n < 1 || struck || n > 10, () -> what + " was struck at call " + call + ": only so many calls");
        }
    }

    /// Slabs end for a request for which no chunk comes.
    private static boolean isStruckAsItMakesRoom(int n) {
        SegmentArena.Builder builder = SegmentArena.builder().growable(new OneChunk(), CHUNK, 1 << 20);
        try (SegmentArena arena = (n % 2 == 0 ? builder.shared() : builder).build()) {
            Map<Long, Long> live = fillWithHoles(arena);
            boolean struck = Strike.strikes(n, () -> assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(LARGE, 1)));
            String when = "after a strike at call " + n;
            switch (n % 3) { // what comes first
                case 0 -> check(arena, live, when);
                case 1 -> assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(LARGE, 1), when);
                default -> {} // frees
            }
            if (n % 5 == 0) {
                List<Long> some = new ArrayList<>(live.keySet()).subList(0, live.size() / 2);
                some.forEach(arena::free);
                some.forEach(live::remove);
            }
            check(arena, live, when);
            int fit = 0;
            try {
                while (arena.tryAllocate(LARGE, 1) != SegmentArena.NO_SPACE) {
                    fit++;
                }
            } catch (OutOfMemoryError e) {
                assertEquals("no more", e.getMessage());
            }
            int most = fit;
            assertTrue(fit > 8, () -> "only " + most + " fit " + when);
            check(arena, live, when);
            arena.reset();
            arena.verify();
            return struck;
        }
    }

    /// Small blocks, of which one stays in each slab at least, and no room for a large one beside them.
    private static Map<Long, Long> fillWithHoles(SegmentArena arena) {
        List<Long> blocks = new ArrayList<>();
        do {
            for (int i = 0; i < 20; i++) {
                blocks.add(arena.tryAllocate(SMALL, 1));
            }
        } while (arena.storageReport().totalFreeSpace() > 3000);
        while (arena.storageReport().largestFreeRegion() >= LARGE) {
            arena.tryAllocate(LARGE, 1);
        }
        Map<Long, Long> live = new HashMap<>();
        for (int i = 0; i < blocks.size(); i++) {
            if (i % 16 == 0) {
                live.put(blocks.get(i), arena.offset(blocks.get(i)));
            } else {
                arena.free(blocks.get(i));
            }
        }
        assertTrue(arena.storageReport().largestFreeRegion() < LARGE);
        return live;
    }

    private static void check(SegmentArena arena, Map<Long, Long> live, String when) {
        arena.verify();
        live.forEach((block, at) -> {
            assertEquals(at, arena.offset(block), when);
            assertEquals(SMALL, arena.size(block), when);
            assertEquals(block, arena.allocationOf(arena.segment(block)), when);
        });
    }

    /// An empty chunk is given back by the next call, which knows its wall from before the reset.
    private static boolean isStruckInResetAndTrims(int n) {
        SegmentArena.Builder builder = SegmentArena.builder().fit(Fit.REFERENCE).growable(CHUNK / 16, 1 << 20);
        try (SegmentArena arena = (n % 2 == 0 ? builder.shared() : builder).build()) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                blocks.add(arena.tryAllocate(CHUNK / 16 - 100, 1));
            }
            arena.free(blocks.get(n % 4 == 0 ? 0 : 2)); // its chunk stays
            boolean struck = Strike.strikes(n, arena::reset);
            if (n % 3 == 0) {
                arena.free(arena.tryAllocate(2 * CHUNK, 1)); // which ends a chunk
            } else {
                arena.trim();
            }
            arena.verify();
            arena.allocate(CHUNK / 16).fill((byte) 1);
            arena.allocate(100).fill((byte) 2);
            arena.verify();
            arena.reset();
            arena.trim();
            assertEquals(0, arena.byteSize(), () -> "after a strike at call " + n);
            arena.verify();
            return struck;
        }
    }
}
