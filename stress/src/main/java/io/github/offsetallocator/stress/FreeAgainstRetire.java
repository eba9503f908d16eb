package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a block is both freed and retired, or neither.
@JCStressTest
@Outcome(id = "freed, refused, 0 reclaimed, in order", expect = Expect.ACCEPTABLE, desc = "It was freed first.")
@Outcome(id = "refused, done, 1 reclaimed, in order", expect = Expect.ACCEPTABLE, desc = "It was retired first, and its time came.")
@Outcome(id = "freed, done, .*", expect = Expect.FORBIDDEN, desc = "It was freed twice.")
@Outcome(id = "refused, refused, .*", expect = Expect.FORBIDDEN, desc = "Each was refused because of the other, who did nothing.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstRetire {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);

    @Actor
    public void free(LLLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void retire(LLLL_Result r) {
        r.r2 = Calls.done(() -> arena.retire(block, 7));
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.reclaim(7) + " reclaimed";
        r.r4 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
