package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that the index which finds allocations by their segments loses one of two that are entered at the same time.
@JCStressTest
@Outcome(id = "freed, freed, in order", expect = Expect.ACCEPTABLE, desc = "Both are found.")
@Outcome(id = ".*refused.*", expect = Expect.FORBIDDEN, desc = "The index has lost a slice.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateSegments {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private MemorySegment a;
    private MemorySegment b;

    @Actor
    public void one() {
        a = arena.allocate(64, 1);
    }

    @Actor
    public void other() {
        b = arena.allocate(100, 1);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r1 = Calls.free(arena, a);
        r.r2 = Calls.free(arena, b);
        r.r3 = POOL.giveBack(arena);
    }
}
