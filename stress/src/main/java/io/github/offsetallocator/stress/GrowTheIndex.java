package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/// Forbids that a thread which frees a slice by its segment meets the index while another one's slices make it grow, which
/// moves it: the first must find its slice.
@JCStressTest
@Outcome(id = "freed, 192 found", expect = Expect.ACCEPTABLE, desc = "Nothing noticed.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The index has lost a slice in the move.")
@State
public class GrowTheIndex {
    private static final int SLICES = 192;

    // An arena of its own for each state: the index never shrinks. Its size on the heap is what jcstress counts when it
    // decides how many states there can be at a time.
    private final SegmentArena arena = SegmentArena.ofShared(MemorySegment.ofArray(new long[SLICES * 16]));
    private final MemorySegment slice = arena.allocate(16, 1);
    private final MemorySegment[] slices = new MemorySegment[SLICES];

    /// Fills the index to shortly before it grows.
    public GrowTheIndex() {
        for (int i = 0; i < SLICES - 4; i++) {
            slices[i] = arena.allocate(16, 1);
        }
    }

    @Actor
    public void grow() {
        for (int i = SLICES - 4; i < SLICES; i++) {
            slices[i] = arena.allocate(16, 1);
        }
    }

    @Actor
    public void free(LL_Result r) {
        r.r1 = Calls.free(arena, slice);
    }

    @Arbiter
    public void end(LL_Result r) {
        int found = 0;
        for (MemorySegment each : slices) {
            found += Calls.free(arena, each).equals(Calls.FREED) ? 1 : 0;
        }
        r.r2 = found + " found";
        arena.close();
    }
}
