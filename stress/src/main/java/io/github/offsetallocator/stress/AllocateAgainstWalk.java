package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a walk sees a gap, an overlap or an end too soon while a block is being allocated.
@JCStressTest
@Outcome(
        id = {"granted, 1024 in order, 1 live, in order", "granted, 1024 in order, 2 live, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "The whole, as it was before or after.")
@Outcome(id = ".*gap.*", expect = Expect.FORBIDDEN, desc = "The walk jumped.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateAgainstWalk {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();

    /// Leaves one block and one that was freed.
    public AllocateAgainstWalk() {
        long freed = arena.tryAllocate(128, 1);
        arena.tryAllocate(64, 1);
        arena.free(freed);
    }

    @Actor
    public void allocate(LLLL_Result r) {
        r.r1 = Calls.grant(arena.tryAllocate(128, 1));
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
