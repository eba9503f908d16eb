package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Empty slabs of a shared arena are made anew for other sizes, where there is no room for more slabs.
class MadeAnewTest {
    private static final long SEED = 20_261_127;
    private static final int CAPACITY = 1 << 16;
    /// More than the fewest stripes, so that two threads share one.
    private static final int THREADS = 9;
    private static final int ROUNDS = 1500;
    private static final int BLOCKS = 200;

    private record Block(long handle, long offset, int size) {}

    private final Engine engine = Engine.of(new Settings(CAPACITY, FitPolicy.GOOD, 1 << 20, false, true, true, 0, Threads.ANY));
    /// Who has a unit.
    private final AtomicIntegerArray owners = new AtomicIntegerArray(CAPACITY);
    private final Queue<Block> handedOn = new ConcurrentLinkedQueue<>();

    /// Sizes change all the time, and other threads free blocks.
    @Test
    void noUnitHasTwoOwners() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> work = IntStream.rangeClosed(1, THREADS).<Future<?>>mapToObj(i -> threads.submit(() -> work(i))).toList();
            for (Future<?> each : work) {
                each.get();
            }
        }
        engine.verify();
        int[] found = new int[2];
        engine.forEachRegion(found, "", (sums, _, _, size, handle) -> sums[handle == Walk.FREE ? 0 : 1] += (int) size);
        assertEquals(CAPACITY, found[0] + found[1]);
        assertEquals(found[0], engine.freeUnits());
        int rests = rests();
        assertTrue(rests > 20, rests + " slabs have a rest");
        handedOn.forEach(this::free);
        engine.verify();
        assertEquals(CAPACITY, engine.freeUnits());
        assertEquals(CAPACITY, engine.largestFree());
        assertNotEquals(Engine.NO_SPACE, engine.allocate(CAPACITY, 0));
        engine.close(() -> {});
    }

    /// How many slabs were made anew and have units that no slot takes.
    private int rests() {
        Slabs slabs = engine.one().slabs();
        int rests = 0;
        for (int row = SlabTable.FIRST_ROW; row < SlabTable.half(slabs.head(), SlabTable.FRESH_ROW); row++) {
            rests += slabs.isSlab(row) && slabs.units(row) > slabs.slots(row) * slabs.size(row << 6) ? 1 : 0;
        }
        return rests;
    }

    private void work(int id) {
        SplittableRandom random = new SplittableRandom(SEED + id);
        List<Block> mine = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            int size = 1 + random.nextInt(20);
            for (int i = 0; i < BLOCKS; i++) {
                long handle = engine.allocate(size, 0);
                if (handle == Engine.NO_SPACE) {
                    break;
                }
                Block block = new Block(handle, engine.offsetOfNew(handle), size);
                own(block, 0, id);
                if (random.nextInt(10) == 0) {
                    own(block, id, -1);
                    handedOn.add(block);
                } else {
                    mine.add(block);
                }
            }
            while (mine.size() > random.nextInt(BLOCKS)) {
                Block block = mine.removeLast();
                own(block, id, -1);
                free(block);
            }
            for (Block other = handedOn.poll(); other != null; other = handedOn.size() < BLOCKS ? null : handedOn.poll()) {
                free(other);
            }
        }
        mine.forEach(block -> own(block, id, -1));
        handedOn.addAll(mine);
    }

    private void free(Block block) {
        own(block, -1, 0);
        engine.free(block.handle);
    }

    private void own(Block block, int from, int to) {
        for (int unit = (int) block.offset; unit < block.offset + block.size; unit++) {
            assertEquals(from, owners.getAndSet(unit, to), () -> "owner of a unit of " + block);
        }
    }
}
