package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a walk sees a gap, an overlap or an end too soon while a block is being freed.
@JCStressTest
@Outcome(
        id = {"freed, 1024 in order, 2 live, in order", "freed, 1024 in order, 1 live, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "The whole, as it was before or after.")
@Outcome(id = ".*gap.*", expect = Expect.FORBIDDEN, desc = "The walk jumped.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstWalk {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(128, 1);

    /// Puts a block behind it.
    public FreeAgainstWalk() {
        arena.tryAllocate(64, 1);
    }

    @Actor
    public void free(LLLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void walk(LLLL_Result r) {
        Walk walk = new Walk();
        arena.forEachRegion(walk);
        r.r2 = walk.extent();
        r.r3 = walk.live();
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r4 = POOL.giveBack(arena);
    }
}
