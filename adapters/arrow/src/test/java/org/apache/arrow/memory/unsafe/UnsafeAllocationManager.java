package org.apache.arrow.memory.unsafe;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.arrow.ArenaAllocationManager;
import org.apache.arrow.memory.AllocationManager;

/// Stands for Arrow's own class of this name, so that Arrow's own tests, which ask for allocators without saying where their memory comes
/// from, run in an arena.
public final class UnsafeAllocationManager {
    public static final SegmentArena ARENA = SegmentArena.builder().growable(16 << 20, 4L << 30).shared().build();

    /// Arrow asks for it by its name.
    public static final AllocationManager.Factory FACTORY = ArenaAllocationManager.factory(ARENA);

    private UnsafeAllocationManager() {}
}
