package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids what is known as ABA: one thread takes the two blocks that were freed last and gives the first back, while the
/// other takes the first and believes that the second is still the next one.
@JCStressTest
@Outcome(id = "granted, granted, in order", expect = Expect.ACCEPTABLE, desc = "Blocks of their own.")
@Outcome(id = ".*overlap.*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = ".*no room.*", expect = Expect.FORBIDDEN, desc = "Refused, though there is room for all.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class TakeTwoGiveOneBack {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private long a;
    private long b;
    private long c;

    /// Leaves two freed blocks behind.
    public TakeTwoGiveOneBack() {
        long first = arena.tryAllocate(64, 1);
        long second = arena.tryAllocate(64, 1);
        arena.free(first);
        arena.free(second);
    }

    @Actor
    public void takeTwo(LLL_Result r) {
        long back = arena.tryAllocate(64, 1);
        a = arena.tryAllocate(64, 1);
        arena.free(back);
        r.r1 = Calls.grant(a);
    }

    @Actor
    public void takeOne(LLL_Result r) {
        b = arena.tryAllocate(64, 1);
        r.r2 = Calls.grant(b);
    }

    @Arbiter
    public void end(LLL_Result r) {
        c = arena.tryAllocate(64, 1);
        boolean apart = Calls.apart(arena, a, b) && Calls.apart(arena, a, c) && Calls.apart(arena, b, c);
        r.r3 = apart ? POOL.giveBack(arena) : "overlap";
    }
}
