package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;

/// What an arena does that has no room for a request but may become larger: it opens a chunk ([ChunkGrowth]), or takes more of its
/// file ([FileGrowth]).
abstract sealed class Growth permits ChunkGrowth, FileGrowth {
    final Engine engine;

    Growth(Engine engine) {
        this.engine = engine;
    }

    /// Granules that may have memory at once.
    abstract long limit();

    /// Allocates after the engine has refused: sees whether that is still so, and makes room. Counts the refusal if there is none.
    ///
    /// @param alignment units
    abstract long allocate(long units, long alignment, int slack);

    /// As [#allocate(long, long, int)], of a block that is to be filled before its caller has it: see [NewBlocks#allocate].
    long allocateNew(long units, long alignment, int slack) {
        return allocate(units, alignment, slack);
    }

    final long refuse(long units, long alignment) {
        engine.tally().refuse(units, alignment);
        return Engine.NO_SPACE;
    }

    /// Whether more memory would not help, since no more blocks may be live.
    final boolean isAtItsLimit() {
        return engine.blocks() + engine.retired() >= engine.maxBlocks();
    }

    /// Whether [#giveBack()] has something to do.
    boolean isDue() {
        return false;
    }

    /// Gives back memory that nothing is live in. Throws nothing, since what was freed is free.
    void giveBack() {}

    /// Gives back all such memory.
    void trim() {}

    /// Ends all memory; the engine is closed.
    void close() {}
}
