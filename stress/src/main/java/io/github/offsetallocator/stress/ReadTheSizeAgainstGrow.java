package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a thread which asks for the size of a block while another one changes it is told one that it never had.
@JCStressTest
@Outcome(id = {"60, done, in order", "500, done, in order"}, expect = Expect.ACCEPTABLE, desc = "The old size or the new one.")
@Outcome(id = ".*, no room, .*", expect = Expect.FORBIDDEN, desc = "There is room behind it.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "A size made of both.")
@State
public class ReadTheSizeAgainstGrow {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(60, 1);

    @Actor
    public void ask(LLL_Result r) {
        r.r1 = arena.size(block);
    }

    @Actor
    public void grow(LLL_Result r) {
        r.r2 = Calls.resize(arena, block, 500);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
