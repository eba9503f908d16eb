package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import io.github.offsetallocator.internal.tables.TablePlaces;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Blocks and slabs at the upper end of the largest range: their units are negative numbers where somebody takes 32 bits for an int.
class HighUnitsTest {
    private static final long SEED = 20_261_127;
    private static final long CAPACITY = 0xFFFF_FFFFL;
    private static final long TOP = 1 << 16;
    private static final long LOW_PART = 1L << 30;
    private static final int[] SIZES = {1, 2, 3, 5, 7, 9, 12, 20, 70};

    private record Block(long handle, long size) {}

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final TreeMap<Long, Block> blocks = new TreeMap<>();
    private Settings settings;
    private Engine engine;
    private long low;

    private void make(Threads threads) throws InterruptedException {
        settings = new Settings(CAPACITY, FitPolicy.GOOD, 1 << 20, false, true, true, 0, threads);
        engine = Engine.of(settings);
        low = engine.allocate(LOW_PART, 0);
        engine.allocate(CAPACITY - LOW_PART - TOP, 0);
        if (threads == Threads.ANY) {
            for (int i = 0; i < 2; i++) { // of which one has another stripe
                Thread.ofPlatform().start(() -> engine.free(engine.allocate(1, 0))).join();
            }
        }
        engine.free(low);
    }

    private void allocate(long size) {
        long handle = engine.allocate(size, 0);
        assertNotEquals(Engine.NO_SPACE, handle);
        long at = engine.offset(handle);
        assertEquals(at, engine.offsetOfNew(handle)); // from here on freeAt may find it without the page map
        if (at < LOW_PART) { // what is free above lies in pieces
            engine.free(handle);
            return;
        }
        assertTrue(at >= CAPACITY - TOP && at + size <= CAPACITY, () -> "at " + at);
        assertEquals(null, blocks.put(at, new Block(handle, size)));
    }

    private void free(long at) {
        Block block = blocks.remove(at);
        switch (random.nextInt(3)) {
            case 0 -> engine.free(block.handle);
            case 1 -> assertEquals(Engine.FREED, engine.freeAt(at, block.size, 0));
            default -> {
                engine.retire(block.handle);
                assertEquals(0, engine.find(at));
                assertTrue(engine.freeRetired(block.handle));
            }
        }
    }

    private void freeSome(int of) {
        Set.copyOf(blocks.keySet()).stream().sorted().filter(_ -> random.nextInt(of) != 0).forEach(this::free);
    }

    private void fill(int size) {
        for (long left = TOP / 8 * 6 / size - blocks.values().stream().mapToLong(Block::size).sum() / size; left > 0; left--) {
            allocate(size);
        }
    }

    private void check() {
        engine.verify();
        long end = 0;
        for (Map.Entry<Long, Block> entry : blocks.entrySet()) {
            assertTrue(entry.getKey() >= end);
            end = entry.getKey() + entry.getValue().size;
            long handle = entry.getValue().handle;
            assertEquals(handle, engine.find(entry.getKey()));
            assertEquals(entry.getKey(), engine.offset(handle));
            assertEquals(entry.getValue().size, engine.size(handle, 0));
        }
        Map<Long, Long> found = new HashMap<>();
        long[] last = {0};
        engine.forEachRegion(found, last, (map, behind, offset, size, handle) -> {
            assertEquals(behind[0], offset);
            behind[0] += size;
            if (handle > 0 && offset >= CAPACITY - TOP) {
                map.put(offset, handle);
            }
        });
        assertEquals(CAPACITY, last[0]);
        assertEquals(blocks.size(), found.size());
    }

    @ParameterizedTest
    @EnumSource(Threads.class)
    void slabsOfAllSizesComeAndGo(Threads threads) throws InterruptedException {
        make(threads);
        for (int size : SIZES) {
            fill(size);
            check();
            freeSome(5);
            check();
        }
        assertEquals(Reopened.live(engine), Reopened.live(engine, settings, 0));
        engine.one().struck = true;
        check();
        freeSome(Integer.MAX_VALUE);
        check();
        assertTrue(engine.largestFree() >= TOP);
        engine.close(() -> {});
    }

    /// Slabs are made anew while there is little room.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = "ANY")
    void slabsAreMadeAnew(Threads threads) throws InterruptedException {
        make(threads);
        fill(12);
        freeSome(1000);
        low = engine.allocate(LOW_PART, 0);
        Slabs slabs = engine.one().slabs();
        for (int size : new int[] {11, 13, 17, 20}) {
            SlabTable.setHalf(slabs.head(), SlabTable.line(size) + SlabTable.HEAT, 200); // else those that are empty go back meanwhile
            for (int i = 0; i < 1000; i++) {
                allocate(size);
            }
            check();
            freeSome(20);
            check();
        }
        int rests = 0;
        for (int row = SlabTable.FIRST_ROW; row < SlabTable.half(slabs.head(), SlabTable.FRESH_ROW); row++) {
            rests += slabs.isSlab(row) && slabs.units(row) > slabs.slots(row) * slabs.size(row << 6) ? 1 : 0;
        }
        assertTrue(rests > 2, rests + " slabs have a rest");
        freeSome(Integer.MAX_VALUE);
        engine.free(low);
        engine.verify();
        engine.close(() -> {});
    }

    /// The last block ends with the range, and blocks become larger up to there, and smaller, and slide down.
    @ParameterizedTest
    @EnumSource(Threads.class)
    void blocksReachTheEnd(Threads threads) throws InterruptedException {
        make(threads);
        low = engine.allocate(LOW_PART, 0);
        for (int i = 0; i < 100; i++) {
            allocate(100 + i);
        }
        long at = blocks.lastKey();
        long handle = blocks.get(at).handle;
        assertFalse(engine.resize(handle, CAPACITY - at + 1, 0));
        assertTrue(engine.resize(handle, CAPACITY - at, 0));
        assertEquals(CAPACITY - at, engine.size(handle, 0));
        assertEquals(Engine.NO_SPACE, engine.allocate(1, 0));
        blocks.put(at, new Block(handle, CAPACITY - at));
        check();
        assertTrue(engine.resize(handle, 3, 0));
        blocks.put(at, new Block(handle, 3));
        check();
        freeSome(3);
        check();
        long aligned = engine.allocate(10, 1 << 10, 0);
        assertEquals(0, engine.offset(aligned) % (1 << 10));
        blocks.put(engine.offset(aligned), new Block(aligned, 10));
        Compaction plan = engine.plan(TOP, 1, made -> made);
        assertTrue(plan.count() > 10);
        for (int i = 0; i < plan.count(); i++) {
            long moved = engine.handle(plan, i);
            long from = engine.offset(moved);
            assertTrue(engine.move(moved, from, plan.target(i)));
            blocks.put(plan.target(i), blocks.remove(from));
            check();
        }
        engine.endPlan(plan);
        check();
        assertEquals(CAPACITY, blocks.lastKey() + blocks.lastEntry().getValue().size + engine.freeUnits());
        assertEquals(engine.freeUnits(), engine.largestFree());
        engine.close(() -> {});
    }

    /// Where memory comes in chunks, empty slabs of the last one stay, or go with it.
    @ParameterizedTest
    @EnumSource(Threads.class)
    void aChunkAtTheEndComesAndGoes(Threads threads) {
        long chunk = TOP;
        Engine chunks = Engine.of(new Settings(CAPACITY, FitPolicy.GOOD, 1 << 20, false, true, true, 0, threads, TablePlaces.ofNative(threads),
                new Walls(4 * chunk, chunk, 4)));
        for (int round = 0; round < 3; round++) {
            int lower = chunks.open(0, CAPACITY - 3 * chunk - 1, chunk);
            int upper = chunks.open(lower, CAPACITY - chunk - 1, chunk);
            long[] handles = new long[20_000];
            for (int i = 0; i < handles.length; i++) {
                handles[i] = chunks.allocate(i < 15_000 ? 3 : 5, 0);
                long at = chunks.offset(handles[i]);
                assertTrue(at >= CAPACITY - 3 * chunk - 1 && at < CAPACITY - 1);
                assertEquals(handles[i], chunks.find(at));
            }
            assertFalse(chunks.isEmpty(lower) || chunks.isEmpty(upper));
            chunks.verify();
            for (long handle : handles) {
                chunks.free(handle);
            }
            chunks.verify();
            assertEquals(2 * chunk, chunks.freeUnits());
            assertTrue(chunks.isEmpty(lower) && chunks.isEmpty(upper));
            assertTrue(chunks.shut(round % 2 == 0 ? upper : lower));
            chunks.verify();
            assertTrue(chunks.shut(round % 2 == 0 ? lower : upper));
            chunks.verify();
            assertEquals(0, chunks.openUnits());
            if (round == 1) {
                chunks.reset();
            }
        }
        chunks.close(() -> {});
    }
}
