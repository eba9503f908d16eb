package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.slabs.Slabs;
import java.lang.foreign.MemorySegment;

/// Makes room where there seems to be none: free slots in slabs are units and blocks that a request can have.
///
/// ```
///   no region fits            give back empty slabs, then dissolve others, the emptiest first, until one fits; in a growable arena
///                             others only if no chunk comes
///   the limit of blocks       dissolve slabs until one block more is allowed: their free slots count as blocks
/// ```
final class Room {
    private final OneThread engine;

    // What the search is for; fields, so that a refusal makes no garbage.
    private long wantedSize;
    private long wantedAlignment;
    private final Slabs.Enough fits = this::fitsNow;
    private final Slabs.Enough hasBlock;

    Room(OneThread engine) {
        this.engine = engine;
        hasBlock = engine::hasBlock;
    }

    /// Dissolves slabs until a request fits, but where a chunk may come. Returns the table.
    MemorySegment forRegion(long size, long alignment) {
        if (engine.slabs() != null && size <= engine.most()) {
            want(size, alignment);
            if (!engine.slabs().giveBackEmpty(fits) && !engine.regions().hasChunks() && size <= engine.freeUnits()) {
                engine.slabs().dissolve(fits);
            }
        }
        return engine.regions().ready(alignment == 1 ? 2 : 4);
    }

    /// Dissolves slabs until a request fits for which no chunk comes. Returns whether it does.
    boolean withoutAChunk(long size, long alignment) {
        want(size, alignment);
        return engine.slabs() != null && size <= engine.most() && size <= engine.freeUnits() && engine.slabs().dissolve(fits);
    }

    private void want(long size, long alignment) {
        wantedSize = size;
        wantedAlignment = alignment;
    }

    private boolean fitsNow() {
        return engine.regions().fits(wantedSize, wantedAlignment, engine.phase);
    }

    /// Dissolves slabs until one block more is allowed.
    boolean forBlock() {
        return engine.slabs() != null && engine.slabs().dissolve(hasBlock);
    }
}
