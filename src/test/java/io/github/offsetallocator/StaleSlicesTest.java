package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Slices that were freed are refused, wherever their slots and slabs have gone since: unless a live slice of the same size starts there.
class StaleSlicesTest {
    private static final long POOL = 1 << 17;
    private static final int STEPS = 60_000;
    private static final int REMEMBERED = 1500;
    /// Few sizes share a slab's place with each other again and again.
    private static final long[] SIZES = {16, 32, 48, 64, 128, 100, 200, 1040};

    private final Map<Long, MemorySegment> live = new HashMap<>();
    private final List<MemorySegment> stale = new ArrayList<>();
    private int refused;
    private int freedByAStaleOne;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void areRefused(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (SegmentArena arena = SegmentArena.ofConfined(POOL)) {
            for (int step = 0; step < STEPS; step++) {
                if (step % 4000 == 0) { // a phase of some sizes only, so that slabs of the others end
                    freeSome(arena, random, live.size() / 8);
                }
                long size = SIZES[(step / 4000 + random.nextInt(3)) % SIZES.length];
                switch (random.nextInt(5)) {
                    case 0, 1 -> allocate(arena, size, random);
                    case 2 -> freeSome(arena, random, Math.max(0, live.size() - 1));
                    default -> freeStale(arena, random);
                }
                if (step % 9973 == 9972) {
                    arena.reset();
                    live.values().forEach(this::remember);
                    live.clear();
                    arena.verify();
                }
            }
            arena.verify();
            assertEquals(live.size(), arena.allocations());
        }
        assertTrue(refused > STEPS / 8 && freedByAStaleOne > STEPS / 1000, () -> refused + " refused, " + freedByAStaleOne + " not");
    }

    private void allocate(SegmentArena arena, long size, SplittableRandom random) {
        try {
            MemorySegment slice = arena.allocate(size, 1);
            assertTrue(live.put(slice.address(), slice) == null, "two live slices at one address");
        } catch (OutOfSpaceException full) {
            freeSome(arena, random, live.size() / 2);
        }
    }

    /// Leaves so many.
    private void freeSome(SegmentArena arena, SplittableRandom random, int left) {
        List<MemorySegment> slices = new ArrayList<>(live.values());
        while (live.size() > left) {
            MemorySegment slice = slices.get(random.nextInt(slices.size()));
            if (live.remove(slice.address(), slice)) {
                arena.free(slice);
                remember(slice);
            }
        }
    }

    private void remember(MemorySegment slice) {
        stale.add(slice);
        if (stale.size() > REMEMBERED) {
            stale.removeFirst();
        }
    }

    private void freeStale(SegmentArena arena, SplittableRandom random) {
        if (stale.isEmpty()) {
            return;
        }
        MemorySegment slice = stale.get(random.nextInt(stale.size()));
        MemorySegment there = live.get(slice.address());
        if (there != null && there.byteSize() == slice.byteSize()) {
            arena.free(slice);
            live.remove(slice.address());
            freedByAStaleOne++;
        } else {
            assertThrows(IllegalArgumentException.class, () -> arena.free(slice));
            refused++;
        }
    }
}
