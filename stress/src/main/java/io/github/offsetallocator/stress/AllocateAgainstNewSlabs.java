package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/// Forbids that a slot of one size is given out for another: the slabs go back to the bins and the same rows of the table become
/// slabs of another size, while another thread takes a slot and may still look at the old row.
@JCStressTest
@Outcome(
        id = {"64 at its place, in order", "no room, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "A block of the size asked for.")
@Outcome(id = "(?!64).* at its place, .*", expect = Expect.FORBIDDEN, desc = "A block of another size.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateAgainstNewSlabs {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private long block;

    @Actor
    public void allocate() {
        block = arena.tryAllocate(64, 1);
    }

    @Actor
    public void makeOthers() {
        long all = arena.tryAllocate(whole, 1);
        if (all != SegmentArena.NO_SPACE) {
            arena.free(all);
        }
        for (int i = 0; i < 6; i++) {
            arena.tryAllocate(32, 1);
        }
    }

    @Arbiter
    public void end(LL_Result r) {
        boolean none = block == SegmentArena.NO_SPACE;
        long[] found = {0, 0};
        if (!none) {
            long at = arena.offset(block);
            arena.forEachRegion((offset, size, allocation) -> {
                if (allocation == block) {
                    found[0] = size;
                    found[1] = offset == at ? 1 : 0;
                }
            });
        }
        r.r1 = none ? Calls.NO_ROOM : found[0] + (found[1] == 1 ? " at its place" : " elsewhere");
        r.r2 = POOL.giveBack(arena);
    }
}
