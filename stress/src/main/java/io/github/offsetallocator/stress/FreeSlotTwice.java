package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// As [FreeTwice], with a slot of a slab each time: one compare-and-set decides.
@JCStressTest
@Outcome(
        id = {"freed, refused, in order", "refused, freed, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "One was faster, the other was told.")
@Outcome(id = "freed, freed, .*", expect = Expect.FORBIDDEN, desc = "A double free was not seen.")
@Outcome(
        id = "refused, refused, .*",
        expect = Expect.FORBIDDEN,
        desc = "Each was refused because of the other, who freed nothing.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeSlotTwice {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(256, 1);

    @Actor
    public void one(LLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void other(LLL_Result r) {
        r.r2 = Calls.free(arena, block);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
