package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// As [AllocateSlotAgainstDissolve], of slots with an alignment: no block is lost when the taker looks where its slot lies after the
/// slab has been dissolved, and none lies wrong.
@JCStressTest
@Outcome(
        id = "granted, granted, no room, in order",
        expect = Expect.ACCEPTABLE,
        desc = "Two slots taken, so there was no room for the rest.")
@Outcome(
        id = "granted, granted, granted, in order",
        expect = Expect.ACCEPTABLE,
        desc = "The rest was taken, and two blocks beside it.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateAlignedAgainstDissolve {
    private static final ArenaPool POOL = ArenaPool.slabsByOffset();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(256, 1);
    private final long most = arena.byteSize() - 8192;
    private long one;
    private long two;
    private long large;

    @Actor
    public void allocate(LLLL_Result r) {
        one = arena.tryAllocate(256, 256);
        two = arena.tryAllocate(256, 256);
        r.r1 = Calls.grant(one);
        r.r2 = Calls.grant(two);
    }

    @Actor
    public void allocateMuch(LLLL_Result r) {
        large = arena.tryAllocate(most, 1);
        r.r3 = Calls.grant(large);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        boolean apart = Calls.apart(arena, one, two) && Calls.apart(arena, one, block) && Calls.apart(arena, two, block)
                && (large == SegmentArena.NO_SPACE || Calls.apart(arena, large, one) && Calls.apart(arena, large, two));
        boolean all = arena.allocations() == (large == SegmentArena.NO_SPACE ? 3 : 4);
        boolean aligned = (arena.offset(one) & 255) == 0 && (arena.offset(two) & 255) == 0;
        r.r4 = !aligned ? "misplaced" : !apart ? "overlap" : !all ? "lost" : POOL.giveBack(arena);
    }
}
