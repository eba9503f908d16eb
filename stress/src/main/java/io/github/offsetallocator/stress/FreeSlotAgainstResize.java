package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a change of size reaches the next owner of a slot: one thread changes the size of a block within its slot, the other
/// frees it and takes the slot again.
@JCStressTest
@Outcome(
        id = {"done, 256, in order", "refused, 256, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "Changed before it was freed, or refused.")
@Outcome(id = ".*, 250, .*", expect = Expect.FORBIDDEN, desc = "The next owner's block has changed.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeSlotAgainstResize {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(256, 1);
    private long next;

    /// Fills the slab and the bins, so that the slot is what the next one gets.
    public FreeSlotAgainstResize() {
        for (int i = 0; i < 3; i++) {
            arena.tryAllocate(256, 1);
        }
        ArenaPool.fillTheBins(arena);
    }

    @Actor
    public void resize(LLL_Result r) {
        r.r1 = Calls.resize(arena, block, 250);
    }

    @Actor
    public void freeAndAllocate() {
        arena.free(block);
        next = arena.tryAllocate(256, 1);
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r2 = next == SegmentArena.NO_SPACE ? Calls.NO_ROOM : arena.size(next);
        r.r3 = POOL.giveBack(arena);
    }
}
