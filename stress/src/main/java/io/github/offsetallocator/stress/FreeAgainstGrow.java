package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a block grows after it was freed: then bytes that belong to no one would belong to it.
@JCStressTest
@Outcome(id = "freed, done, in order", expect = Expect.ACCEPTABLE, desc = "It grew, then it was freed as a whole.")
@Outcome(id = "freed, refused, in order", expect = Expect.ACCEPTABLE, desc = "It was freed first.")
@Outcome(id = "refused, .*", expect = Expect.FORBIDDEN, desc = "The handle stays valid when a block grows.")
@Outcome(id = ".*, no room, .*", expect = Expect.FORBIDDEN, desc = "There is room behind it.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstGrow {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);

    @Actor
    public void free(LLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void grow(LLL_Result r) {
        r.r2 = Calls.resize(arena, block, 512);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
