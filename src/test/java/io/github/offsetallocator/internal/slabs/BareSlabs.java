package io.github.offsetallocator.internal.slabs;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.Arena;

/// Slabs over regions of their own, without an engine, and without pages to find them by.
final class BareSlabs implements AutoCloseable {
    final Arena common = Arena.ofShared();
    final Regions regions;
    final Slabs slabs;

    BareSlabs(int units, TableMemory.Threads threads) {
        regions = new Regions(units, FitPolicy.GOOD, units, false, new TableMemory(threads, common), null);
        slabs = Slabs.of(regions, null, units, 0, new TableMemory(threads, common));
    }

    @Override
    public void close() {
        slabs.close();
        regions.close();
        common.close();
    }
}
