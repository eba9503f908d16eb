package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.TablePlaces;
import java.util.concurrent.ThreadLocalRandom;

/// What an engine is made of.
///
/// @param capacity     units
/// @param policy       which free region a request gets
/// @param maxBlocks    how many blocks can be live at once
/// @param preallocated whether all metadata is taken at once
/// @param hasSlabs     whether small blocks come from slabs
/// @param byOffset     whether blocks can be found by their offset
/// @param phase        what is added to an offset before it is compared with an alignment
/// @param threads      who may call
/// @param places       where the tables lie that say what is live
/// @param walls        what keeps apart the parts of a range that gets memory in chunks, or null for one that has all from the start
public record Settings(long capacity, FitPolicy policy, int maxBlocks, boolean preallocated, boolean hasSlabs,
        boolean byOffset, long phase, TableMemory.Threads threads, TablePlaces places, Walls walls) {
    public Settings(long capacity, FitPolicy policy, int maxBlocks, boolean preallocated, boolean hasSlabs, boolean byOffset, long phase,
            TableMemory.Threads threads, TablePlaces places) {
        this(capacity, policy, maxBlocks, preallocated, hasSlabs, byOffset, phase, threads, places, null);
    }

    /// With tables in native memory.
    public Settings(long capacity, FitPolicy policy, int maxBlocks, boolean preallocated, boolean hasSlabs, boolean byOffset, long phase,
            TableMemory.Threads threads) {
        this(capacity, policy, maxBlocks, preallocated, hasSlabs, byOffset, phase, threads, TablePlaces.ofNative(threads));
    }

    /// Where generations start: anywhere, so that the handle of another allocator is not live here.
    int salt() {
        return ThreadLocalRandom.current().nextInt(1, Header.MAX_GENERATION);
    }
}
