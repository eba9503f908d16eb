package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// As [AllocateTheLastBlock], with one free slot in a slab and nothing else.
@JCStressTest
@Outcome(id = {"granted, no room, in order", "no room, granted, in order"}, expect = Expect.ACCEPTABLE, desc = "One was faster.")
@Outcome(id = "granted, granted, .*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = "no room, no room, .*", expect = Expect.FORBIDDEN, desc = "Each was refused because of the other, who got nothing.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateTheLastSlot {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    /// Fills the slab and the bins, and frees one slot.
    public AllocateTheLastSlot() {
        long block = arena.tryAllocate(256, 1);
        for (int i = 0; i < 3; i++) {
            arena.tryAllocate(256, 1);
        }
        ArenaPool.fillTheBins(arena);
        arena.free(block);
    }

    @Actor
    public void one(LLL_Result r) {
        r.r1 = Calls.grant(arena.tryAllocate(256, 1));
    }

    @Actor
    public void other(LLL_Result r) {
        r.r2 = Calls.grant(arena.tryAllocate(256, 1));
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
