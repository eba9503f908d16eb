package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that the second of two closes fails, or that the memory is closed twice.
@JCStressTest
@Outcome(id = "done, done, refused", expect = Expect.ACCEPTABLE, desc = "Closed, once.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "Closing twice is allowed.")
@State
public class CloseTwice {
    private final SegmentArena arena = SegmentArena.ofShared(1024);

    @Actor
    public void one(LLL_Result r) {
        r.r1 = Calls.done(arena::close);
    }

    @Actor
    public void other(LLL_Result r) {
        r.r2 = Calls.done(arena::close);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = Calls.done(() -> arena.tryAllocate(1, 1));
    }
}
