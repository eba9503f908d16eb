package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a free during a close ends in anything but success or the refusal of a closed arena, and that close fails.
@JCStressTest
@Outcome(id = {"freed, done, refused", "refused, done, refused"}, expect = Expect.ACCEPTABLE, desc = "Before or after the end.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "Neither before nor after.")
@State
public class FreeAgainstClose {
    private final SegmentArena arena = ArenaPool.single(1024);
    private final long block = arena.tryAllocate(64, 1);

    @Actor
    public void free(LLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void close(LLL_Result r) {
        r.r2 = Calls.done(arena::close);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = Calls.free(arena, block);
    }
}
