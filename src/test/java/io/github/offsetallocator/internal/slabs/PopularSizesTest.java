package io.github.offsetallocator.internal.slabs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A size above 64 units has slabs if it is asked for 16 times in 256 requests for sizes that have none.
class PopularSizesTest {
    private static final int UNITS = 1 << 20;
    private static final int OFTEN = 502;
    private static final int FIRST_SELDOM = 600;

    private final Arena common = Arena.ofShared();
    private Regions regions;
    private Slabs slabs;
    private int asked;

    private void make(TableMemory.Threads threads) {
        regions = new Regions(UNITS, FitPolicy.GOOD, UNITS, false, new TableMemory(threads, common), null);
        slabs = Slabs.of(regions, null, UNITS, 0, new TableMemory(threads, common));
    }

    @AfterEach
    void close() {
        slabs.close();
        regions.close();
        common.close();
    }

    @ParameterizedTest
    @EnumSource(TableMemory.Threads.class)
    void sizesThatAreAskedForSeldomHaveNone(TableMemory.Threads threads) {
        make(threads);
        askForSeldom(200 * 1000);
        assertEquals(SlabTable.SMALL, SlabTable.half(slabs.head(), SlabTable.LAST_CLASS), "classes");
    }

    @ParameterizedTest
    @EnumSource(TableMemory.Threads.class)
    void oneThatIsAskedForOftenHasSome(TableMemory.Threads threads) {
        make(threads);
        askForSeldom(250);
        for (int i = 0; i < 2 * 16; i++) { // counts start anew once meanwhile
            slabs.refill(OFTEN);
            askForSeldom(8);
        }
        assertNotEquals(Slabs.NONE_FREE, slabs.take(OFTEN, 0));
        assertEquals(SlabTable.SMALL + 1, SlabTable.half(slabs.head(), SlabTable.LAST_CLASS), "classes");
    }

    private void askForSeldom(int times) {
        for (int i = 0; i < times; i++) {
            slabs.refill(FIRST_SELDOM + asked++ % 200);
        }
    }
}
