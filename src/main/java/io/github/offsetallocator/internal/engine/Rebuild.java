package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.PageMap;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/// Makes everything anew from what is live, after an error or when a file is opened again. O(nodes and slots).
///
/// ```
///   what was decided and cut short   ->  slabs: lists, sums  ->  regions: neighbours, bins  ->  counts  ->  not busy
///   a resize, a successor                                        the map of pages
/// ```
///
/// The busy word is 1 from the first store to the last. If an error strikes in here too, the next call starts again.
final class Rebuild {
    private Rebuild() {}

    static void of(OneThread engine) {
        Regions regions = engine.regions();
        Slabs slabs = engine.slabs();
        PageMap pages = engine.pages();
        MemorySegment t = regions.table();
        regions.beginLarge(t);
        engine.plan = null;
        regions.tally().start(Header.word(t, Header.LIVE)); // an error may have struck between the stores of these two sums
        Resizing.end(t);
        engine.batch.reveal();
        int slots = 0;
        IntConsumer entered = pages == null ? _ -> {} : node -> pages.enter(t, node);
        if (pages != null) {
            pages.clearChains();
        }
        if (slabs == null) {
            regions.rebuild(_ -> true, entered);
        } else {
            slabs.rebuild();
            regions.rebuild(slabs::holds, entered);
            slots = slabs.slots();
        }
        Header.setHalf(t, Header.BLOCKS, high(Header.word(t, Header.LIVE)) + slots);
        Header.setHalf(t, Header.RETIRED, Header.half(t, Header.RETIRED) + (slabs == null ? 0 : slabs.retired()));
        engine.openSlabs();
        engine.struck = false;
        engine.batch.end();
        Header.setHalf(t, Header.RESETTING, 0);
        Regions.end(t);
        regions.publish();
    }
}
