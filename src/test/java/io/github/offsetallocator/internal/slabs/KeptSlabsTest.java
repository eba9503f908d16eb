package io.github.offsetallocator.internal.slabs;

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
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Empty slabs stay where one thread works at a time, while there is room.
class KeptSlabsTest {
    private static final int UNITS = 1 << 20;
    private static final int SIZE = 3;
    private static final int OTHER_SIZE = 5;
    /// The ring's places, and the class's own.
    private static final int MOST_KEPT = 65;

    private final BareSlabs bare = new BareSlabs(UNITS, TableMemory.Threads.CONFINED);
    private final Regions regions = bare.regions;
    private final OneThreadSlabs slabs = (OneThreadSlabs) bare.slabs;

    @AfterEach
    void close() {
        bare.close();
    }

    @Test
    void aSecondWaveFindsTheSlabsOfTheFirst() {
        giveAll(takeSlabs(SIZE, 55));
        int rows = rows(SIZE);
        assertTrue(rows >= 55, rows + " slabs");
        int made = SlabTable.half(slabs.head(), SlabTable.FRESH_ROW);
        for (int wave = 0; wave < 10; wave++) {
            List<Long> handles = new ArrayList<>();
            for (int i = 0; i < 30 * SlabTable.SLOTS; i++) {
                long handle = slabs.take(SIZE, 0);
                assertNotEquals(Slabs.NONE_FREE, handle, "no slot is free at once");
                handles.add(handle);
            }
            giveAll(handles);
        }
        assertEquals(rows, rows(SIZE));
        assertEquals(made, SlabTable.half(slabs.head(), SlabTable.FRESH_ROW));
    }

    /// A slab that is used and empty in turn drives no other out.
    @Test
    void aSlabTakesOnePlace() {
        giveAll(takeSlabs(SIZE, 55));
        int rows = rows(SIZE);
        for (int i = 0; i < 1000; i++) {
            giveAll(takeSlabs(SIZE, 3));
        }
        assertEquals(rows, rows(SIZE));
    }

    @Test
    void onlySoManyStay() {
        giveAll(takeSlabs(SIZE, 400));
        int rows = rows(SIZE);
        assertTrue(rows >= MOST_KEPT && rows <= MOST_KEPT + 1, rows + " slabs stay"); // one is current
    }

    @Test
    void allFreeIsOneRegion() {
        giveAll(takeSlabs(SIZE, 100));
        giveAll(takeSlabs(OTHER_SIZE, 100));
        assertEquals(UNITS, largest());
        slabs.giveBackEmpty(() -> false);
        assertTrue(rows(SIZE) + rows(OTHER_SIZE) <= 2, rows(SIZE) + " and " + rows(OTHER_SIZE) + " slabs are left");
        assertEquals(UNITS, largest());
    }

    /// While less than a quarter is free in the bins, they go back.
    @Test
    void noneStaysWithoutRoom() {
        List<Long> first = takeSlabs(SIZE, 300);
        List<Long> handles = new ArrayList<>();
        while (Header.isRoomy(regions.table(), 2)) {
            long handle = take(slabs, OTHER_SIZE);
            if (handle != Slabs.NONE_FREE) {
                handles.add(handle);
            }
        }
        long free = Header.word(regions.table(), Header.FREE_UNITS);
        giveAll(first.subList(0, 5 * SlabTable.SLOTS));
        assertTrue(Header.word(regions.table(), Header.FREE_UNITS) > free, "no slab has gone back");
        giveAll(first.subList(5 * SlabTable.SLOTS, first.size()));
        giveAll(handles);
        assertTrue(Header.isRoomy(regions.table(), 2), "less than a quarter is free");
        assertEquals(UNITS, largest());
    }

    /// Where memory comes in chunks they stay too, but for those of a chunk that has nothing else.
    @Test
    void allOfAChunkThatHasNothingElseGo() {
        int chunk = UNITS / 64;
        try (TableMemory ofNodes = new TableMemory(TableMemory.Threads.CONFINED, bare.common);
                TableMemory ofSlabs = new TableMemory(TableMemory.Threads.CONFINED, bare.common);
                Regions regions = new Regions(UNITS, FitPolicy.GOOD, UNITS, false, ofNodes, new Walls(4 * chunk, chunk, 4));
                Slabs slabs = Slabs.of(regions, null, UNITS, 0, ofSlabs)) {
            int firstWall = Walls.open(regions.ready(2), Walls.around(regions.table(), NodeTable.NIL, 0, chunk), 0, chunk);
            int secondWall = Walls.open(regions.ready(2), firstWall, 2 * chunk, chunk);
            List<Long> handles = takeSlabs(slabs, SIZE, 120);
            assertFalse(Walls.isEmpty(regions.table(), firstWall) || Walls.isEmpty(regions.table(), secondWall), "both have slabs");
            giveAll(slabs, handles);
            slabs.settle();
            assertTrue(Walls.isEmpty(regions.table(), firstWall) != Walls.isEmpty(regions.table(), secondWall), "one is a free region");
            int rows = rows(slabs, SIZE);
            assertTrue(rows > 8, rows + " slabs stay beside that of the class");
            giveAll(slabs, takeSlabs(slabs, SIZE, rows / 2));
            assertEquals(rows, rows(slabs, SIZE));
        }
    }

    private long largest() {
        return Math.max(regions.policy().largest(regions.table()), slabs.largestAroundEmpty());
    }

    private List<Long> takeSlabs(int size, int count) {
        return takeSlabs(slabs, size, count);
    }

    private static List<Long> takeSlabs(Slabs slabs, int size, int count) {
        List<Long> handles = new ArrayList<>();
        while (handles.size() < count * SlabTable.SLOTS) {
            long handle = take(slabs, size);
            if (handle != Slabs.NONE_FREE) {
                handles.add(handle);
            }
        }
        return handles;
    }

    private static long take(Slabs slabs, int size) {
        long handle = slabs.take(size, 0);
        return handle == Slabs.NONE_FREE && slabs.refill(size) ? slabs.take(size, 0) : handle;
    }

    private void giveAll(List<Long> handles) {
        giveAll(slabs, handles);
    }

    private static void giveAll(Slabs slabs, List<Long> handles) {
        handles.forEach(handle -> assertTrue(slabs.give(handle)));
    }

    private int rows(int size) {
        return rows(slabs, size);
    }

    private static int rows(Slabs slabs, int size) {
        return SlabTable.half(slabs.head(), SlabTable.line(size) + SlabTable.ROWS);
    }
}
