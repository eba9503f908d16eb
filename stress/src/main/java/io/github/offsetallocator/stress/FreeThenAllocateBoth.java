package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that the bound with which impossible requests are refused hides a region that fits: each thread frees its
/// block and then asks for the whole. Whoever asks last must get it, unless the other has.
@JCStressTest
@Outcome(
        id = {"granted, no room, in order", "no room, granted, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "The one who came last, or both blocks were free for the first.")
@Outcome(id = "no room, no room, .*", expect = Expect.FORBIDDEN, desc = "A fitting region was hidden from the last one.")
@Outcome(id = "granted, granted, .*", expect = Expect.FORBIDDEN, desc = "The same bytes were handed out twice.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeThenAllocateBoth {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private final long left = arena.tryAllocate(512, 1);
    private final long right = arena.tryAllocate(512, 1);

    @Actor
    public void left(LLL_Result r) {
        arena.free(left);
        r.r1 = Calls.grant(arena.tryAllocate(whole, 1));
    }

    @Actor
    public void right(LLL_Result r) {
        arena.free(right);
        r.r2 = Calls.grant(arena.tryAllocate(whole, 1));
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
