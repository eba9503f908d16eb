package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// As [FreeAllAgainstFree], with slots: of what `freeAll` has marked no other thread may free any.
@JCStressTest
@Outcome(
        id = "freed, refused, 0 live, in order",
        expect = Expect.ACCEPTABLE,
        desc = "All three at once, then the second was gone.")
@Outcome(id = "refused, freed, 2 live, in order", expect = Expect.ACCEPTABLE, desc = "The second first; then of the three none.")
@Outcome(id = "freed, freed, .*", expect = Expect.FORBIDDEN, desc = "A double free was not seen.")
@Outcome(id = "refused, freed, .*", expect = Expect.FORBIDDEN, desc = "Some were freed though one was refused.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAllAgainstFreeOfSlot {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long a = arena.tryAllocate(256, 1);
    private final long b = arena.tryAllocate(256, 1);
    private final long c = arena.tryAllocate(256, 1);

    @Actor
    public void all(LLLL_Result r) {
        r.r1 = Calls.freeAll(arena, b, a, c);
    }

    @Actor
    public void second(LLLL_Result r) {
        r.r2 = Calls.free(arena, b);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.allocations() + " live";
        r.r4 = POOL.giveBack(arena);
    }
}
