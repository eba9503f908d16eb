package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a block grows over its neighbour before that is free, or that space is lost while both meet.
@JCStressTest
@Outcome(id = "done, freed, 1024, in order", expect = Expect.ACCEPTABLE, desc = "The neighbour was free first.")
@Outcome(id = "no room, freed, 512, in order", expect = Expect.ACCEPTABLE, desc = "The neighbour was still there.")
@Outcome(id = "done, freed, 512, .*", expect = Expect.FORBIDDEN, desc = "It says that it grew but it did not.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class GrowAgainstFreeOfNeighbour {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(512, 1);
    private final long neighbour = arena.tryAllocate(512, 1);

    @Actor
    public void grow(LLLL_Result r) {
        r.r1 = Calls.resize(arena, block, 1024);
    }

    @Actor
    public void free(LLLL_Result r) {
        r.r2 = Calls.free(arena, neighbour);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.size(block);
        r.r4 = POOL.giveBack(arena);
    }
}
