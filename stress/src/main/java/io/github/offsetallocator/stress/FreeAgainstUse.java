package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a handle which was freed and whose block has a new owner tells anything of him: with one call the old owner
/// is told where his block is, or refused, but never what the new one has.
@JCStressTest
@Outcome(
        id = {"64, 0, in order", "refused, 0, in order", "64, refused, in order", "refused, refused, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "His own size and offset, or none.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The size or offset of the next owner.")
@State
public class FreeAgainstUse {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);
    private final long behind = arena.tryAllocate(64, 1);

    @Actor
    public void freeAndAllocate() {
        arena.free(behind);
        arena.free(block);
        arena.tryAllocate(33, 1);
        arena.tryAllocate(50, 1);
        arena.tryAllocate(64, 1);
    }

    @Actor
    public void use(LLL_Result r) {
        try {
            r.r1 = arena.size(block);
        } catch (IllegalStateException notLive) {
            r.r1 = Calls.refused(notLive, "not live here");
        }
        try {
            r.r2 = arena.offset(block);
        } catch (IllegalStateException notLive) {
            r.r2 = Calls.refused(notLive, "not live here");
        }
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
