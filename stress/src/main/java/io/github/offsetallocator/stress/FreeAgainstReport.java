package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a report counts a block twice, or something that is neither free nor was, while it is being freed.
@JCStressTest
@Outcome(id = "freed, 896, in order", expect = Expect.ACCEPTABLE, desc = "The report was made before.")
@Outcome(id = "freed, 1024, in order", expect = Expect.ACCEPTABLE, desc = "The report was made after.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstReport {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(128, 1);

    @Actor
    public void free(LLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void report(LLL_Result r) {
        r.r2 = arena.storageReport().totalFreeSpace();
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
