package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a block is freed and lives on elsewhere: another block behind it makes it move when it grows, and a free of
/// the old handle comes between the copy and the end.
@JCStressTest
@Outcome(id = "freed, refused, 1 live, in order", expect = Expect.ACCEPTABLE, desc = "It was freed first; no copy is left.")
@Outcome(id = "refused, done, 2 live, in order", expect = Expect.ACCEPTABLE, desc = "It moved first, and the old handle was refused.")
@Outcome(id = "freed, done, .*", expect = Expect.FORBIDDEN, desc = "What was freed lives on.")
@Outcome(id = "refused, refused, .*", expect = Expect.FORBIDDEN, desc = "Each was refused because of the other, who did nothing.")
@Outcome(id = "freed, refused, 2 live, .*", expect = Expect.FORBIDDEN, desc = "The copy was left behind.")
@Outcome(id = ".*, no room, .*", expect = Expect.FORBIDDEN, desc = "There is room elsewhere.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstReallocate {
    private static final ArenaPool POOL = ArenaPool.roomy();

    /// More than there can be before the other block: between the two may lie what was carved ahead.
    private static final int LARGER = 2000;

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(64, 1);

    /// Puts a block behind it, so that it has to move.
    public FreeAgainstReallocate() {
        arena.tryAllocate(64, 1);
    }

    @Actor
    public void free(LLLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void reallocate(LLLL_Result r) {
        try {
            r.r2 = arena.reallocate(block, LARGER, 1) == SegmentArena.NO_SPACE ? Calls.NO_ROOM : Calls.DONE;
        } catch (IllegalStateException notLive) {
            r.r2 = Calls.refused(notLive, "not live here");
        }
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = arena.allocations() + " live";
        r.r4 = POOL.giveBack(arena);
    }
}
