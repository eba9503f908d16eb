package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a small and a large request at the same time get bytes in common, or that one of them is refused.
@JCStressTest
@Outcome(id = "granted, granted, in order", expect = Expect.ACCEPTABLE, desc = "Blocks of their own.")
@Outcome(id = ".*overlap.*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = ".*no room.*", expect = Expect.FORBIDDEN, desc = "Refused, though there is room for both.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateDifferentSizes {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private long a;
    private long b;

    @Actor
    public void small(LLL_Result r) {
        a = arena.tryAllocate(20, 1);
        r.r1 = Calls.grant(a);
    }

    @Actor
    public void large(LLL_Result r) {
        b = arena.tryAllocate(2100, 1);
        r.r2 = Calls.grant(b);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = Calls.apart(arena, a, b) ? POOL.giveBack(arena) : "overlap";
    }
}
