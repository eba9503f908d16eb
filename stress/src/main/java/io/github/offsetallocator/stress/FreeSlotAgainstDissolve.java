package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/// Forbids that a free is lost, or made twice, while the slab is dissolved: one thread frees two slots of it, the other asks for
/// so much that it must be dissolved before the request is granted or refused. A third block stays live through all of it.
@JCStressTest
@Outcome(
        id = {"freed, freed, granted, freed, in order", "freed, freed, no room, freed, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "Both were freed, as slots or as regions.")
@Outcome(id = ".*refused.*", expect = Expect.FORBIDDEN, desc = "A live handle was refused.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeSlotAgainstDissolve {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long first = arena.tryAllocate(256, 1);
    private final long second = arena.tryAllocate(256, 1);
    private final long third = arena.tryAllocate(256, 1);
    private final long most = arena.byteSize() - 3 * 256;

    @Actor
    public void free(LLLLL_Result r) {
        r.r1 = Calls.free(arena, first);
        r.r2 = Calls.free(arena, second);
    }

    @Actor
    public void allocate(LLLLL_Result r) {
        r.r3 = Calls.grant(arena.tryAllocate(most, 1));
    }

    @Arbiter
    public void end(LLLLL_Result r) {
        String again = Calls.free(arena, first) + Calls.free(arena, second);
        r.r4 = Calls.free(arena, third);
        r.r5 = again.contains(Calls.FREED) ? "freed again" : POOL.giveBack(arena);
    }
}
