package io.github.offsetallocator.internal.slabs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where slots are to be found by offset, a slab of whole pages starts with a page, so that a slot is found in the page in which it starts.
class SlabPagesTest {
    private static final long SEED = 20_261_127;
    private static final int UNITS = 1 << 16;

    private final Arena common = Arena.ofShared();
    private Regions regions;
    private PageMap pages;
    private Slabs slabs;

    private void make(TableMemory.Threads threads, long phase) {
        regions = new Regions(UNITS, FitPolicy.GOOD, UNITS, false, new TableMemory(threads, common), null);
        pages = new PageMap(UNITS, false, new TableMemory(threads, common));
        slabs = Slabs.of(regions, pages, UNITS, phase, new TableMemory(threads, common));
    }

    @AfterEach
    void close() {
        slabs.close();
        pages.close();
        regions.close();
        common.close();
    }

    @ParameterizedTest
    @EnumSource(TableMemory.Threads.class)
    void slabsStartWithAPage(TableMemory.Threads threads) {
        make(threads, 0);
        SplittableRandom random = new SplittableRandom(SEED);
        int seen = 0;
        for (int i = 0; i < 200; i++) {
            hold(1 + random.nextInt(40));
            long handle = refillAndTake(1 + random.nextInt(SlabTable.SMALL));
            if (handle != Slabs.NONE_FREE && isOfWholePages(shapeOf(handle))) {
                assertEquals(0, SlabTable.offset(shapeOf(handle)) % PageMap.PAGE_UNITS);
                seen++;
            }
        }
        assertTrue(seen > 20, seen + " slabs of whole pages");
    }

    /// Slots that would reach into one page more are left out, unless that halves the slab.
    @ParameterizedTest
    @EnumSource(TableMemory.Threads.class)
    void slabsHaveWholePages(TableMemory.Threads threads) {
        make(threads, 0);
        for (int size = 1; size <= 32; size++) {
            long shape = shapeOf(refillAndTake(size));
            int slots = PageMap.PAGE_UNITS / Integer.lowestOneBit(size); // of the fewest whole pages
            assertTrue(isOfWholePages(shape) || slots > SlabTable.slots(shape), "size " + size + ", slots " + SlabTable.slots(shape));
        }
    }

    /// No gap that their own size has no use for is left between slabs of one size.
    @Test
    void othersLieSideBySide() {
        make(TableMemory.Threads.CONFINED, 0);
        long[] shapes = new long[5];
        for (int i = 0; i < shapes.length; i++) {
            long handle = refillAndTake(13);
            shapes[i] = shapeOf(handle);
            while (slabs.take(13, 0) != Slabs.NONE_FREE) { // until it is full
            }
        }
        assertTrue(!isOfWholePages(shapes[0]));
        for (int i = 1; i < shapes.length; i++) {
            long end = SlabTable.offset(shapes[i - 1]) + (long) SlabTable.slots(shapes[i - 1]) * SlabTable.size(shapes[i - 1]);
            assertEquals(end, SlabTable.offset(shapes[i]));
        }
    }

    private static boolean isOfWholePages(long shape) {
        return SlabTable.slots(shape) * SlabTable.size(shape) % PageMap.PAGE_UNITS == 0;
    }

    /// No free region has room from a page on.
    @ParameterizedTest
    @EnumSource(TableMemory.Threads.class)
    void oneThatCanNotStartsElsewhere(TableMemory.Threads threads) {
        make(threads, 0);
        hold(1);
        int[] gaps = new int[UNITS / 128 - 1];
        for (int i = 0; i < gaps.length; i++) {
            gaps[i] = hold(70);
            hold(58);
        }
        hold(127);
        for (int gap : gaps) {
            regions.give(regions.table(), gap);
        }
        long handle = refillAndTake(1);
        assertNotEquals(Slabs.NONE_FREE, handle);
        assertTrue(isOfWholePages(shapeOf(handle)));
        assertEquals(1, SlabTable.offset(shapeOf(handle)) % PageMap.PAGE_UNITS);
    }

    /// Memory that starts at an odd address: that slots serve aligned requests comes first.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5})
    void alignedSlotsComeFirst(long phase) {
        make(TableMemory.Threads.CONFINED, phase);
        for (int size = 1; size <= 32; size++) {
            long natural = Math.min(4, Integer.lowestOneBit(size));
            long handle = refillAndTake(size);
            assertNotEquals(Slabs.NONE_FREE, handle);
            long offset = SlabTable.offset(shapeOf(handle));
            assertEquals(0, (offset + phase) % natural);
            assertTrue(phase % natural != 0 || !isOfWholePages(shapeOf(handle)) || offset % PageMap.PAGE_UNITS == 0, "size " + size + " at " + offset);
        }
    }

    /// A region that stays, as that of a block does.
    private int hold(long units) {
        int node = regions.take(regions.ready(2), units);
        NodeTable.setLinks(regions.table(), node, NodeState.UNUSED);
        return node;
    }

    private long refillAndTake(int size) {
        for (int i = 0; i < 20; i++) {
            slabs.refill(size);
        }
        return slabs.take(size, 0);
    }

    private long shapeOf(long handle) {
        return slabs.shape(SlabTable.slotOf(handle) >>> 6);
    }
}
