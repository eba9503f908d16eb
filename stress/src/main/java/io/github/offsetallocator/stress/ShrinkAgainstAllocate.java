package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that the tail which a shrinking block leaves is lost, or handed out while it still belongs to the block.
@JCStressTest
@Outcome(id = "done, granted, in order", expect = Expect.ACCEPTABLE, desc = "The tail was free first.")
@Outcome(id = "done, no room, in order", expect = Expect.ACCEPTABLE, desc = "The block was still whole.")
@Outcome(id = ".*overlap.*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class ShrinkAgainstAllocate {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(1024, 1);
    private long tail;

    @Actor
    public void shrink(LLL_Result r) {
        r.r1 = Calls.resize(arena, block, 512);
    }

    @Actor
    public void allocate(LLL_Result r) {
        tail = arena.tryAllocate(512, 1);
        r.r2 = Calls.grant(tail);
    }

    @Arbiter
    public void end(LLL_Result r) {
        boolean overlap = tail != SegmentArena.NO_SPACE && !Calls.apart(arena, block, tail);
        r.r3 = overlap ? "overlap" : POOL.giveBack(arena);
    }
}
