package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that two neighbours which are freed at the same time stay apart, or hidden with the threads that freed them: the
/// whole can be had afterwards.
@JCStressTest
@Outcome(id = "freed, freed, granted, in order", expect = Expect.ACCEPTABLE, desc = "One region again.")
@Outcome(id = "freed, freed, no room, .*", expect = Expect.FORBIDDEN, desc = "A fitting region is hidden.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeNeighbours {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private final long left = arena.tryAllocate(512, 1);
    private final long right = arena.tryAllocate(512, 1);

    @Actor
    public void left(LLLL_Result r) {
        r.r1 = Calls.free(arena, left);
    }

    @Actor
    public void right(LLLL_Result r) {
        r.r2 = Calls.free(arena, right);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = Calls.grant(arena.tryAllocate(whole, 1));
        r.r4 = POOL.giveBack(arena);
    }
}
