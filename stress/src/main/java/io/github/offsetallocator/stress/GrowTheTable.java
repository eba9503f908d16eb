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

/// Forbids that a thread which uses a handle meets the metadata while another one's allocations make it grow, which moves
/// it: the first must find its block where it is, and free it.
@JCStressTest
@Outcome(id = "0, 16, freed, 1024 live", expect = Expect.ACCEPTABLE, desc = "Nothing noticed.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The handle was lost in the move.")
@State
public class GrowTheTable {
    private static final int BLOCKS = 1024;

    // An arena of its own for each state: the metadata never shrinks. Its size on the heap is what jcstress counts when
    // it decides how many states there can be at a time.
    private final SegmentArena arena = SegmentArena.ofShared(MemorySegment.ofArray(new long[BLOCKS * 16]));
    private final long block = arena.tryAllocate(16, 1);
    private final long[] blocks = new long[BLOCKS];

    /// Fills the table to shortly before it grows.
    public GrowTheTable() {
        for (int i = 0; i < BLOCKS - 330; i++) {
            blocks[i] = arena.tryAllocate(16, 1);
        }
    }

    @Actor
    public void grow() {
        for (int i = BLOCKS - 330; i < BLOCKS; i++) {
            blocks[i] = arena.tryAllocate(16, 1);
        }
    }

    @Actor
    public void use(LLLL_Result r) {
        r.r1 = arena.offset(block);
        r.r2 = arena.size(block);
        r.r3 = Calls.free(arena, block);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        arena.verify();
        r.r4 = arena.allocations() + " live";
        arena.close();
    }
}
