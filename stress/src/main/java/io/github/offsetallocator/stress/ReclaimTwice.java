package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a retired block is reclaimed by both of two threads, or by neither.
@JCStressTest
@Outcome(id = {"1, 0, in order", "0, 1, in order"}, expect = Expect.ACCEPTABLE, desc = "One was faster.")
@Outcome(id = "1, 1, .*", expect = Expect.FORBIDDEN, desc = "It was freed twice.")
@Outcome(id = "0, 0, .*", expect = Expect.FORBIDDEN, desc = "It was left behind though its value was reached.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class ReclaimTwice {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();

    /// Leaves one retired block behind.
    public ReclaimTwice() {
        arena.retire(arena.tryAllocate(64, 1), 7);
    }

    @Actor
    public void one(LLL_Result r) {
        r.r1 = arena.reclaim(7);
    }

    @Actor
    public void other(LLL_Result r) {
        r.r2 = arena.reclaim(8);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = arena.allocations() == 0 && arena.retired() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
