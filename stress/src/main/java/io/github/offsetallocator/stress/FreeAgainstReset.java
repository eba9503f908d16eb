package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a free which comes during a reset frees something after it, or is lost in a way that leaves disorder.
@JCStressTest
@Outcome(
        id = {"freed, done, 1024 free, in order", "refused, done, 1024 free, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "Freed one by one or with all; then the handle is dead.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstReset {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);

    @Actor
    public void free(LLLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void reset(LLLL_Result r) {
        r.r2 = Calls.done(arena::reset);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.storageReport().totalFreeSpace() + " free";
        r.r4 = Calls.free(arena, block).equals(Calls.FREED) ? "freed again" : POOL.giveBack(arena);
    }
}
