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

/// Forbids that a thread which frees slices by their segments meets the index while another one's slices make it grow,
/// which moves it: the first must find its slices.
@JCStressTest
@Outcome(id = "64 freed, 4536 found", expect = Expect.ACCEPTABLE, desc = "Nothing noticed.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The index has lost a slice in the move.")
@State
public class GrowTheIndex {
    // The index is a number of tables, each of which grows when it has a few hundred slices.
    private static final int SLICES = 4600;
    private static final int BEFORE = 3600;
    private static final int FREED = 64;

    // Nobody writes to it.
    private static final MemorySegment MEMORY = MemorySegment.ofArray(new long[SLICES * 4]);

    // One for each state: the index never shrinks.
    private final SegmentArena arena = SegmentArena.ofShared(MEMORY);
    private final MemorySegment[] slices = new MemorySegment[SLICES];

    /// Fills the index to shortly before it grows.
    public GrowTheIndex() {
        allocate(0, BEFORE);
    }

    private void allocate(int from, int to) {
        for (int i = from; i < to; i++) {
            slices[i] = arena.allocate(16, 1);
        }
    }

    private int free(int from, int to) {
        int freed = 0;
        for (int i = from; i < to; i++) {
            freed += Calls.free(arena, slices[i]).equals(Calls.FREED) ? 1 : 0;
        }
        return freed;
    }

    @Actor
    public void grow() {
        allocate(BEFORE, SLICES);
    }

    @Actor
    public void freeSome(LL_Result r) {
        r.r1 = free(0, FREED) + " freed";
    }

    @Arbiter
    public void end(LL_Result r) {
        r.r2 = free(FREED, SLICES) + " found";
        arena.close();
    }
}
