package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a block which is retired while another thread reclaims is lost, or freed before its value is reached.
@JCStressTest
@Outcome(id = "done, 0, 1, in order", expect = Expect.ACCEPTABLE, desc = "Retired, and reclaimed when its value was reached.")
@Outcome(id = ".*, 1, .*", expect = Expect.FORBIDDEN, desc = "Reclaimed before its value was reached.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class RetireAgainstReclaim {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);

    @Actor
    public void retire(LLLL_Result r) {
        r.r1 = Calls.done(() -> arena.retire(block, 7));
    }

    @Actor
    public void reclaim(LLLL_Result r) {
        r.r2 = arena.reclaim(6);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.reclaim(7);
        r.r4 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
