package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that an allocation during a close ends in anything but success or the refusal of a closed arena. That there were
/// no room would be a lie.
@JCStressTest
@Outcome(id = {"granted, done, refused", "refused, done, refused"}, expect = Expect.ACCEPTABLE, desc = "Before or after the end.")
@Outcome(id = "no room, .*", expect = Expect.FORBIDDEN, desc = "There is room as long as there is an arena.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "Neither before nor after.")
@State
public class AllocateAgainstClose {
    private final SegmentArena arena = ArenaPool.single(1024);

    @Actor
    public void allocate(LLL_Result r) {
        try {
            r.r1 = Calls.grant(arena.tryAllocate(64, 1));
        } catch (IllegalStateException closed) {
            r.r1 = Calls.refused(closed, "losed"); // ours or the JDK's
        }
    }

    @Actor
    public void close(LLL_Result r) {
        r.r2 = Calls.done(arena::close);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = Calls.done(() -> arena.tryAllocate(1, 1));
    }
}
