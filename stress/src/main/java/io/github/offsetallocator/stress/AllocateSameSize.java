package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that two threads which ask for the same size at the same time get bytes in common. Both sizes are such that
/// freed blocks are kept for the next request, and one is kept, so both may want it.
@JCStressTest
@Outcome(id = "granted, granted, in order", expect = Expect.ACCEPTABLE, desc = "Blocks of their own.")
@Outcome(id = ".*overlap.*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = ".*no room.*", expect = Expect.FORBIDDEN, desc = "Refused, though there is room for both.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateSameSize {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private long a;
    private long b;

    /// Leaves one freed block behind.
    public AllocateSameSize() {
        arena.free(arena.tryAllocate(64, 1));
    }

    @Actor
    public void one(LLL_Result r) {
        a = arena.tryAllocate(64, 1);
        r.r1 = Calls.grant(a);
    }

    @Actor
    public void other(LLL_Result r) {
        b = arena.tryAllocate(64, 1);
        r.r2 = Calls.grant(b);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = Calls.apart(arena, a, b) ? POOL.giveBack(arena) : "overlap";
    }
}
