package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that two `freeAll` with one block in common both succeed, or that each stops the other, or that one which is
/// refused has freed anything.
@JCStressTest
@Outcome(
        id = {"freed, refused, 1 live, in order", "refused, freed, 1 live, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "One was faster, the other freed nothing.")
@Outcome(id = "freed, freed, .*", expect = Expect.FORBIDDEN, desc = "A double free was not seen.")
@Outcome(id = "refused, refused, .*", expect = Expect.FORBIDDEN, desc = "Each was refused because of the other, who freed nothing.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAllAgainstFreeAll {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long a = arena.tryAllocate(64, 1);
    private final long b = arena.tryAllocate(64, 1);
    private final long c = arena.tryAllocate(64, 1);

    @Actor
    public void firstTwo(LLLL_Result r) {
        r.r1 = Calls.freeAll(arena, a, b);
    }

    @Actor
    public void lastTwo(LLLL_Result r) {
        r.r2 = Calls.freeAll(arena, c, b);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.allocations() + " live";
        r.r4 = POOL.giveBack(arena);
    }
}
