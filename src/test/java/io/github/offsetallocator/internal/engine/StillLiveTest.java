package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// To ask anew whether a block is live passes while it is, wherever it lies, and not after it has ended, however it has.
class StillLiveTest {
    private static final int SMALL = 4, LARGE = 5000, BLOCKS = 200;

    private static Engine engine(Threads threads) {
        return Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 20, false, true, true, 0, threads));
    }

    private static List<Long> blocks(Engine engine, int size) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < BLOCKS; i++) {
            blocks.add(engine.allocate(size, 0));
        }
        return blocks;
    }

    @ParameterizedTest
    @ValueSource(ints = {SMALL, LARGE})
    void howeverABlockEnds(int size) {
        Engine engine = engine(Threads.ANY);
        List<Long> blocks = blocks(engine, size);
        blocks.forEach(engine::checkStillLive);
        List<LongConsumer> ends = List.of(engine::free, block -> engine.freeAll(new long[] {block}, 0, 1), engine::retire);
        for (int i = 0; i < ends.size(); i++) {
            long block = blocks.removeLast();
            ends.get(i).accept(block);
            assertThrows(IllegalStateException.class, () -> engine.checkStillLive(block), "way " + i);
            engine.allocate(size, 0); // in its place, where it was freed
            assertThrows(IllegalStateException.class, () -> engine.checkStillLive(block), "way " + i);
        }
        blocks.forEach(engine::checkStillLive);
        engine.reset();
        blocks.forEach(block -> assertThrows(IllegalStateException.class, () -> engine.checkStillLive(block)));
        engine.close(() -> {});
        assertThrows(IllegalStateException.class, () -> engine.checkStillLive(blocks.getFirst()));
    }

    /// Blocks whose slab was dissolved have moved to nodes.
    @ParameterizedTest
    @EnumSource(value = Threads.class, names = {"CONFINED", "ANY"})
    void afterASlabWasDissolved(Threads threads) {
        Engine engine = engine(threads);
        List<Long> blocks = blocks(engine, SMALL);
        engine.one().slabs().dissolveAll();
        blocks.forEach(engine::checkStillLive);
        long moved = blocks.stream().filter(SlabTable::isSlot).findFirst().orElseThrow();
        engine.free(moved);
        assertThrows(IllegalStateException.class, () -> engine.checkStillLive(moved));
        engine.close(() -> {});
    }
}
