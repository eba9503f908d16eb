package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// As [FreeAgainstRefusal], with a small block that is kept for the next request of its size, and a request that only the
/// merged space can meet: freed blocks are given back before anything is refused.
@JCStressTest
@Outcome(id = "granted, no room, in order", expect = Expect.ACCEPTABLE, desc = "One frees and gets the whole, the other came too soon.")
@Outcome(id = "no room, granted, in order", expect = Expect.ACCEPTABLE, desc = "The other was faster.")
@Outcome(id = "no room, no room, .*", expect = Expect.FORBIDDEN, desc = "What was freed stayed hidden.")
@Outcome(id = "granted, granted, .*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeSmallAgainstRefusal {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private final long block = arena.tryAllocate(64, 1);

    @Actor
    public void freeAndAllocate(LLL_Result r) {
        arena.free(block);
        r.r1 = Calls.grant(arena.tryAllocate(whole, 1));
    }

    @Actor
    public void allocate(LLL_Result r) {
        r.r2 = Calls.grant(arena.tryAllocate(whole, 1));
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
