package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// As [AllocateAgainstReset], with slots: no slot may be taken for good in a slab that the reset has ended.
@JCStressTest
@Outcome(id = "granted, done, refused, in order", expect = Expect.ACCEPTABLE, desc = "Allocated before the reset.")
@Outcome(id = "granted, done, freed, in order", expect = Expect.ACCEPTABLE, desc = "Allocated after the reset.")
@Outcome(id = "no room, .*", expect = Expect.FORBIDDEN, desc = "There is room before and after.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateSlotAgainstReset {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private long block;

    @Actor
    public void allocate(LLLL_Result r) {
        block = arena.tryAllocate(256, 1);
        r.r1 = Calls.grant(block);
    }

    @Actor
    public void reset(LLLL_Result r) {
        r.r2 = Calls.done(arena::reset);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = Calls.free(arena, block);
        r.r4 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
