package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a block grows into what another thread is being given, and that each is refused because of the other.
@JCStressTest
@Outcome(id = {"done, no room, in order", "no room, granted, in order"}, expect = Expect.ACCEPTABLE, desc = "One was faster.")
@Outcome(id = "done, granted, .*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = "no room, no room, .*", expect = Expect.FORBIDDEN, desc = "Each was refused because of the other, who got nothing.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class GrowAgainstAllocate {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(512, 1);

    @Actor
    public void grow(LLL_Result r) {
        r.r1 = Calls.resize(arena, block, 1024);
    }

    @Actor
    public void allocate(LLL_Result r) {
        r.r2 = Calls.grant(arena.tryAllocate(512, 1));
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
