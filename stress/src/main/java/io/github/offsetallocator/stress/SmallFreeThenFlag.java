package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// As [FreeThenFlag], with a small block that waits with the thread that freed it, while the other one asks for the whole:
/// such blocks are given back before anything is refused.
@JCStressTest
@Outcome(id = "told, granted, in order", expect = Expect.ACCEPTABLE, desc = "Free before.")
@Outcome(
        id = {"not told, granted, in order", "not told, no room, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "Not told yet, so it may be free or not.")
@Outcome(id = "told, no room, .*", expect = Expect.FORBIDDEN, desc = "The freed block is hidden.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class SmallFreeThenFlag {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private final long block = arena.tryAllocate(64, 1);
    private volatile boolean freed;

    @Actor
    public void free() {
        arena.free(block);
        freed = true;
    }

    @Actor
    public void allocate(LLL_Result r) {
        r.r1 = freed ? "told" : "not told";
        r.r2 = Calls.grant(arena.tryAllocate(whole, 1));
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
