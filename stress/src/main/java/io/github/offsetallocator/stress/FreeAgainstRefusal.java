package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a refusal, which lowers the bound of what can be had, hides what another thread frees meanwhile: one asks
/// for too much, the other frees a block and asks for one of that size.
@JCStressTest
@Outcome(id = "granted, no room, in order", expect = Expect.ACCEPTABLE, desc = "One frees and allocates, the other is refused.")
@Outcome(id = "no room, .*", expect = Expect.FORBIDDEN, desc = "The refusal has hidden the freed block.")
@Outcome(id = ".*, granted, .*", expect = Expect.FORBIDDEN, desc = "More was handed out than there is.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstRefusal {
    private static final ArenaPool POOL = new ArenaPool(4096);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(2048, 1);

    /// Fills the rest.
    public FreeAgainstRefusal() {
        arena.tryAllocate(2048, 1);
    }

    @Actor
    public void freeAndAllocate(LLL_Result r) {
        arena.free(block);
        r.r1 = Calls.grant(arena.tryAllocate(2048, 1));
    }

    @Actor
    public void askForTooMuch(LLL_Result r) {
        r.r2 = Calls.grant(arena.tryAllocate(2500, 1));
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
