package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/// Forbids that the last read of an owner sees what the next one writes, who allocates the whole.
@JCStressTest
@Outcome(id = {"1, granted, in order", "1, no room, in order"}, expect = Expect.ACCEPTABLE, desc = "He read what he wrote.")
@Outcome(id = "2, .*", expect = Expect.FORBIDDEN, desc = "He read what the next owner wrote, though he freed only afterwards.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class ReadBeforeFree {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private final MemorySegment memory = arena.backing();
    private final long block = arena.tryAllocate(64, 1);
    private final long at = arena.offset(block);

    /// What the first owner has written.
    public ReadBeforeFree() {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 1);
    }

    @Actor
    public void oldOwner(LLL_Result r) {
        r.r1 = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        arena.free(block);
    }

    @Actor
    public void newOwner(LLL_Result r) {
        long next = arena.tryAllocate(whole, 1);
        r.r2 = Calls.grant(next);
        if (next != SegmentArena.NO_SPACE) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 2);
        }
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r3 = POOL.giveBack(arena);
    }
}
