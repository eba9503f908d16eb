package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that the slot which one thread frees is given out before, is lost, or is known to its old handle afterwards. The
/// slab and the bins are full, so that the other thread can get no other place.
@JCStressTest
@Outcome(id = "freed, the same, refused, in order", expect = Expect.ACCEPTABLE, desc = "Given out again, to the new handle only.")
@Outcome(id = "freed, no room, refused, in order", expect = Expect.ACCEPTABLE, desc = "It was not free yet.")
@Outcome(id = ".*, another, .*", expect = Expect.FORBIDDEN, desc = "A place that was taken was given out.")
@Outcome(id = ".*, .*, freed, .*", expect = Expect.FORBIDDEN, desc = "The old handle frees the new block.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeSlotAgainstAllocate {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(256, 1);
    private final long at = arena.offset(block);
    private long next;

    /// Fills the slab and the bins.
    public FreeSlotAgainstAllocate() {
        for (int i = 0; i < 3; i++) {
            arena.tryAllocate(256, 1);
        }
        ArenaPool.fillTheBins(arena);
    }

    @Actor
    public void free(LLLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void allocate(LLLL_Result r) {
        next = arena.tryAllocate(256, 1);
        r.r2 = next == SegmentArena.NO_SPACE ? Calls.NO_ROOM : arena.offset(next) == at ? "the same" : "another";
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = Calls.free(arena, block);
        if (next == SegmentArena.NO_SPACE) {
            next = arena.tryAllocate(256, 1);
        }
        r.r4 = next == SegmentArena.NO_SPACE ? "hidden" : arena.offset(next) != at ? "elsewhere" : POOL.giveBack(arena);
    }
}
