package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/// Forbids that a block is hidden which is freed at the moment when an arena that has been in use for a while begins to keep
/// freed blocks for the next request: the bound that was exact until then must be lifted before the first block is kept.
/// One thread's calls make it begin; the other frees a block and asks for the whole.
@JCStressTest
@Outcome(id = "granted, in order", expect = Expect.ACCEPTABLE, desc = "Everything is free, so the whole can be had.")
@Outcome(id = "no room, .*", expect = Expect.FORBIDDEN, desc = "The freed block is hidden by an old bound.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeWhenParkingBegins {
    private static final ArenaPool POOL = new ArenaPool(64 << 10);
    private static final int CALLS_BEFORE = 61;

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);

    /// Makes the arena's first calls but a few.
    public FreeWhenParkingBegins() {
        for (int i = 0; i < CALLS_BEFORE; i++) {
            arena.reclaim(0);
        }
    }

    @Actor
    public void call() {
        for (int i = 0; i < 4; i++) {
            arena.reclaim(0);
        }
    }

    @Actor
    public void freeAndAllocate(LL_Result r) {
        arena.free(block);
        r.r1 = Calls.grant(arena.tryAllocate(64 << 10, 1));
    }

    @Arbiter
    public void end(LL_Result r) {
        r.r2 = POOL.giveBack(arena);
    }
}
