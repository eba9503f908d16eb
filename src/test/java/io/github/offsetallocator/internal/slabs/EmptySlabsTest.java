package io.github.offsetallocator.internal.slabs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Empty slabs stay where any thread may take their slots, while there is room, but not all of them for ever: blocks of the next phase
/// of a program would lie in them all over the range.
class EmptySlabsTest {
    private static final int UNITS = 1 << 20;
    private static final int SMALLEST = 21, SIZES = 20;
    private static final int OTHER_SIZE = 64;

    private final BareSlabs bare = new BareSlabs(UNITS, TableMemory.Threads.ANY);
    private final Regions regions = bare.regions;
    private final Slabs slabs = bare.slabs;

    @AfterEach
    void close() {
        bare.close();
    }

    /// One thread uses the arena, so new slabs ask for a look at two others each.
    @Test
    void anEighthOfTheRangeStays() {
        List<Long> handles = new ArrayList<>();
        for (int i = 0; inSlabs() < UNITS / 2; i++) {
            handles.addAll(takeSome(SMALLEST + i % SIZES, UNITS / 100));
        }
        handles.forEach(slabs::give);
        assertTrue(empty() > UNITS * 4L / 10, empty() + " units are in empty slabs");
        takeSome(OTHER_SIZE, UNITS * 3 / 10);
        long own = SIZES * (long) (UNITS >>> 9);
        assertTrue(empty() <= UNITS / 8 + own, empty() + " units are in empty slabs");
        assertTrue(empty() >= UNITS / 16, "only " + empty() + " units are in empty slabs");
        assertEquals(UNITS, inSlabs() + Header.word(regions.table(), Header.FREE_UNITS));
    }

    /// Takes blocks of so many units together, as far as slabs may serve them.
    private List<Long> takeSome(int size, int units) {
        List<Long> handles = new ArrayList<>();
        for (int left = units; left > 0; left -= size) {
            long handle = slabs.take(size, 0);
            if (handle == Slabs.NONE_FREE && slabs.refill(size)) {
                handle = slabs.take(size, 0);
                assertNotEquals(Slabs.NONE_FREE, handle, "a slab has come, with no slot for size " + size);
            }
            if (handle != Slabs.NONE_FREE) {
                handles.add(handle);
            }
        }
        return handles;
    }

    private long inSlabs() {
        return SlabTable.word(slabs.head(), SlabTable.SLAB_UNITS);
    }

    private long empty() {
        long units = 0;
        for (int row = SlabTable.FIRST_ROW; row < SlabTable.half(slabs.head(), SlabTable.FRESH_ROW); row++) {
            units += slabs.isSlab(row) && slabs.isEmpty(row) ? slabs.units(row) : 0;
        }
        return units;
    }
}
