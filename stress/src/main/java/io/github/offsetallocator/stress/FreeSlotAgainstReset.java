package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// As [FreeAgainstReset], with a slot, and what it could do to those who come after: the old handle must free nothing of theirs,
/// and the sizes that have no slabs any more must get their blocks.
@JCStressTest
@Outcome(
        id = {"freed, done, 4 live, in order", "refused, done, 4 live, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "Freed one by one or with all; then the handle is dead.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeSlotAgainstReset {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(256, 1);

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
        for (int i = 0; i < 8; i++) {
            long next = arena.tryAllocate(256, 1);
            if (i % 2 == 0) {
                arena.free(next);
            }
        }
        boolean dead = Calls.free(arena, block).equals(Calls.REFUSED);
        r.r3 = arena.allocations() + " live";
        r.r4 = dead ? POOL.giveBack(arena) : "freed again";
    }
}
