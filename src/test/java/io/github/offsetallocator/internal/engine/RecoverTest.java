package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import io.github.offsetallocator.internal.tables.TablePlaces;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Calls that go near the bins make anew first what an error has left half changed.
class RecoverTest {
    private static final int CAPACITY = 1 << 14;
    private static final int SIZE = 3;

    private Engine engine;

    private void make(Threads threads, Walls walls) {
        engine = Engine.of(new Settings(CAPACITY, FitPolicy.GOOD, 1 << 20, false, true, true, 0, threads, TablePlaces.ofNative(threads), walls));
    }

    /// As an error leaves it that strikes while a region is in no bin.
    private void strike() {
        MemorySegment t = engine.one().regions().table();
        Regions.begin(t);
        assertNotEquals(0, engine.one().regions().take(engine.one().regions().ready(2), 500));
    }

    private void assertRecovered(long free) {
        assertEquals(0, Header.half(engine.one().regions().table(), Header.BUSY));
        assertEquals(free, Header.word(engine.one().regions().table(), Header.FREE_UNITS));
        engine.verify();
        engine.close(() -> {});
    }

    @ParameterizedTest
    @EnumSource(Threads.class)
    void whoAsksForItGetsIt(Threads threads) {
        make(threads, null);
        engine.allocate(1000, 0);
        strike();
        engine.ensureRecovered();
        assertRecovered(CAPACITY - 1000);
    }

    /// An error that strikes behind the store that ends the last block of a chunk: nobody has looked at the chunk.
    @ParameterizedTest
    @EnumSource(Threads.class)
    void aChunkThatHasBecomeFreeMeanwhileIsSeen(Threads threads) {
        Walls walls = new Walls(8192, 1024, 8);
        make(threads, walls);
        int wall = engine.open(0, 0, 2048);
        long block = engine.allocate(2048, 0);
        MemorySegment t = engine.one().regions().table();
        Regions.begin(t);
        NodeTable.setLinks(t, NodeTable.low(block), NodeState.UNUSED);
        engine.ensureRecovered();
        assertTrue(engine.isEmpty(wall) && walls.haveChunksToShut());
        assertRecovered(2048);
    }

    /// The chunk that stays is known by its wall, and that may be gone, or be a block, when another one is looked at.
    @ParameterizedTest
    @EnumSource(Threads.class)
    void aWallThatHasGoneKeepsNoChunk(Threads threads) {
        Walls walls = new Walls(8192, 1024, 8);
        make(threads, walls);
        int first = engine.open(0, 0, 1024);
        engine.free(engine.allocate(1024, 0));
        assertFalse(walls.haveChunksToShut()); // it is the one that stays
        assertTrue(engine.shut(first));
        int second = engine.open(0, 4096, 1024);
        for (int i = 0; i < 2; i++) {
            engine.free(engine.allocate(1024, 0));
            assertFalse(walls.haveChunksToShut());
        }
        int third = engine.open(second, 8192, 1024);
        long one = engine.allocate(1024, 0);
        long other = engine.allocate(1024, 0);
        engine.free(one);
        assertFalse(walls.haveChunksToShut());
        engine.free(other);
        assertTrue(walls.haveChunksToShut()); // two are without a block
        engine.reset();
        walls.keep(third);
        int again = engine.open(0, 0, 1024);
        engine.free(engine.allocate(1024, 0));
        assertTrue(engine.isEmpty(again));
        assertFalse(walls.haveChunksToShut());
        assertRecovered(1024);
    }

    @ParameterizedTest
    @EnumSource(Threads.class)
    void beforeSlabsAreShown(Threads threads) {
        make(threads, null);
        engine.allocate(1000, 0);
        strike();
        engine.forEachSlab((_, _, _, _) -> assertFalse(engine.one().regions().isBusy()));
        assertRecovered(CAPACITY - 1000);
    }

    /// For a request for which no chunk comes.
    @ParameterizedTest
    @EnumSource(Threads.class)
    void beforeRoomIsMade(Threads threads) {
        make(threads, new Walls(CAPACITY / 2, CAPACITY / 2, 4));
        engine.open(0, 0, CAPACITY / 2);
        long[] blocks = new long[CAPACITY / 2 / SIZE];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = engine.allocate(SIZE, 0);
            assertNotEquals(Engine.NO_SPACE, blocks[i]);
        }
        for (int i = 0; i < blocks.length; i++) {
            if (i % 64 != 0) {
                engine.free(blocks[i]);
            }
        }
        assertEquals(Engine.NO_SPACE, engine.allocate(2000, 0));
        engine.one().struck = true;
        assertFalse(engine.makeRoom(CAPACITY, 1));
        assertFalse(engine.one().struck);
        boolean fits = engine.makeRoom(150, 1);
        assertTrue(fits);
        assertNotEquals(Engine.NO_SPACE, engine.allocate(150, 0));
        engine.verify();
        engine.close(() -> {});
    }
}
