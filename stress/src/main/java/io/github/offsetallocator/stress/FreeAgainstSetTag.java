package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a tag which is set with a handle that was freed reaches the next owner of the block.
@JCStressTest
@Outcome(
        id = {"0, done, 0, in order", "0, refused, 0, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "The new owner finds no tag, whether the old one could set his or not.")
@Outcome(id = "7, .*", expect = Expect.FORBIDDEN, desc = "The new owner finds the old one's tag.")
@Outcome(id = ".*, 7, .*", expect = Expect.FORBIDDEN, desc = "The old owner's tag came after the new owner.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstSetTag {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);
    private long next;

    @Actor
    public void freeAndAllocate(LLLL_Result r) {
        arena.free(block);
        next = arena.tryAllocate(64, 1);
        r.r1 = arena.tag(next);
    }

    @Actor
    public void setTag(LLLL_Result r) {
        r.r2 = Calls.done(() -> arena.setTag(block, 7));
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.tag(next);
        r.r4 = POOL.giveBack(arena);
    }
}
