package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a write to a slice during a close ends in anything but success or the JDK's exception for memory that is
/// closed, and that a slice can be written to when close has returned.
@JCStressTest
@Outcome(id = {"done, done, refused", "refused, done, refused"}, expect = Expect.ACCEPTABLE, desc = "Before or after the end.")
@Outcome(id = ".*, done, done", expect = Expect.FORBIDDEN, desc = "The memory outlives the arena.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "Close fails because of a plain write.")
@State
public class CloseAgainstAccess {
    private final SegmentArena arena = SegmentArena.ofShared(1024);
    private final MemorySegment slice = arena.allocate(64, 8);

    @Actor
    public void write(LLL_Result r) {
        r.r1 = Calls.done(() -> slice.set(ValueLayout.JAVA_LONG, 0, 1));
    }

    @Actor
    public void close(LLL_Result r) {
        r.r2 = Calls.done(arena::close);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = Calls.done(() -> slice.set(ValueLayout.JAVA_LONG, 0, 2));
    }
}
