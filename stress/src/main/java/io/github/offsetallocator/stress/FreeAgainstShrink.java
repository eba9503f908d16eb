package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a block shrinks after it was freed: then its tail would be freed twice.
@JCStressTest
@Outcome(id = "freed, done, in order", expect = Expect.ACCEPTABLE, desc = "It shrank, then the rest was freed.")
@Outcome(id = "freed, refused, in order", expect = Expect.ACCEPTABLE, desc = "It was freed first.")
@Outcome(id = "refused, .*", expect = Expect.FORBIDDEN, desc = "The handle stays valid when a block shrinks.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstShrink {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(256, 1);

    @Actor
    public void free(LLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void shrink(LLL_Result r) {
        r.r2 = Calls.resize(arena, block, 128);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
