package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// As [AllocateSlotAgainstReset], with slices of zeros, which take several steps: a block that the reset ends in between is none that
/// a caller is told of.
@JCStressTest
@Outcome(id = "granted, done, refused, in order", expect = Expect.ACCEPTABLE, desc = "Allocated before the reset.")
@Outcome(id = "granted, done, freed, in order", expect = Expect.ACCEPTABLE, desc = "Allocated after the reset.")
@Outcome(id = "no room, .*", expect = Expect.FORBIDDEN, desc = "There is room before and after.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateSegmentAgainstReset {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private MemorySegment slice;

    @Actor
    public void allocate(LLLL_Result r) {
        try {
            slice = arena.allocateZeroed(256, 1);
            r.r1 = Calls.GRANTED;
        } catch (RuntimeException e) {
            r.r1 = e.toString();
        }
    }

    @Actor
    public void reset(LLLL_Result r) {
        r.r2 = Calls.done(arena::reset);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r3 = Calls.free(arena, slice);
        r.r4 = arena.allocations() == 0 ? POOL.giveBack(arena) : "still live";
    }
}
