package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// As [FreeTwice], but one of the two has allocated the block itself: it frees with a plain write while it holds the stripe
/// that owns the block, the other one with an atomic operation and a look at that stripe. Forbids that both succeed, or
/// that the owner is refused though the other one has not seen the block.
@JCStressTest
@Outcome(
        id = {"freed, refused, in order", "refused, freed, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "One was faster, the other was told.")
@Outcome(id = "freed, none, in order", expect = Expect.ACCEPTABLE, desc = "The other one came before there was a block.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "Freed twice, or never, or the arena is out of order.")
@State
public class FreeByOwnerAndAnother {
    private static final ArenaPool POOL = ArenaPool.roomy();

    /// How long one waits for the other, so that they free at the same moment most of the time.
    private static final int PATIENCE = 1000;

    private final SegmentArena arena = POOL.take();
    private volatile long block;
    private volatile boolean seen;

    @Actor
    public void owner(LLL_Result r) {
        arena.free(arena.tryAllocate(64, 1)); // so that the next one comes from a stripe of this thread's own
        long own = arena.tryAllocate(64, 1);
        block = own;
        for (int i = 0; !seen && i < PATIENCE; i++) {
            Thread.onSpinWait();
        }
        r.r1 = Calls.free(arena, own);
    }

    @Actor
    public void another(LLL_Result r) {
        for (int i = 0; block == 0 && i < PATIENCE; i++) {
            Thread.onSpinWait();
        }
        seen = true;
        r.r2 = block == 0 ? "none" : Calls.free(arena, block);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
