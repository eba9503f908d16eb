package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that a report while a block is being allocated counts anything but what was free before or is after, and that a
/// report keeps the request from being met.
@JCStressTest
@Outcome(id = "granted, 1024, in order", expect = Expect.ACCEPTABLE, desc = "The report was made before.")
@Outcome(id = "granted, 896, in order", expect = Expect.ACCEPTABLE, desc = "The report was made after.")
@Outcome(id = "no room, .*", expect = Expect.FORBIDDEN, desc = "The report hid the free space.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class AllocateAgainstReport {
    private static final ArenaPool POOL = new ArenaPool(1024);

    private final SegmentArena arena = POOL.take();

    /// Leaves a freed block of each of some sizes behind: they are merged for a report, which takes a while.
    public AllocateAgainstReport() {
        long[] blocks = new long[8];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = arena.tryAllocate(16 * (i + 1), 1);
        }
        arena.freeAll(blocks, 0, blocks.length);
    }

    @Actor
    public void allocate(LLL_Result r) {
        r.r1 = Calls.grant(arena.tryAllocate(128, 1));
    }

    @Actor
    public void report(LLL_Result r) {
        r.r2 = arena.storageReport().totalFreeSpace();
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
