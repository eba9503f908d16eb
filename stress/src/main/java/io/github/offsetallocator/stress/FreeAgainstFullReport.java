package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.StorageReportFull;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a report of all bins while a block is being freed finds more free regions than there can be, or none.
@JCStressTest
@Outcome(id = "freed, 1, in order", expect = Expect.ACCEPTABLE, desc = "The report was made after, or what is free already was one region.")
@Outcome(id = "freed, 2, in order", expect = Expect.ACCEPTABLE, desc = "The report was made before, or the freed block is kept as it is.")
@Outcome(id = "freed, 3, in order", expect = Expect.ACCEPTABLE, desc = "The block is a slot of a slab, whose free slots count beside the regions around it.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class FreeAgainstFullReport {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long block = arena.tryAllocate(128, 1);

    @Actor
    public void free(LLL_Result r) {
        r.r1 = Calls.free(arena, block);
    }

    @Actor
    public void report(LLL_Result r) {
        StorageReportFull report = arena.storageReportFull();
        int regions = 0;
        for (int bin = 0; bin < report.bins(); bin++) {
            regions += report.count(bin);
        }
        r.r2 = regions;
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
