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

/// As [WriteBeforeFree], where the next owner gets the very slot, by a compare-and-set of his own and no lock. The slab and the
/// bins are full. On x86 only the compiler could break this; a processor with a weaker order is needed for the rest.
@JCStressTest
@Outcome(id = "1, 2, in order", expect = Expect.ACCEPTABLE, desc = "The new owner found the old one's write, and his own stays.")
@Outcome(id = "no room, 1, in order", expect = Expect.ACCEPTABLE, desc = "The slot was not free yet.")
@Outcome(id = "0, .*", expect = Expect.FORBIDDEN, desc = "The old owner's write was not published by his free.")
@Outcome(id = ".*, 1, .*", expect = Expect.FORBIDDEN, desc = "The old owner's write came after the new owner's.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class WriteBeforeFreeOfSlot {
    private static final ArenaPool POOL = ArenaPool.slabs();

    private final SegmentArena arena = POOL.take();
    private final MemorySegment memory = arena.backing();
    private final long block = arena.tryAllocate(256, 1);
    private final long at = arena.offset(block);

    /// Fills the slab and the bins.
    public WriteBeforeFreeOfSlot() {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 0);
        for (int i = 0; i < 3; i++) {
            arena.tryAllocate(256, 1);
        }
        ArenaPool.fillTheBins(arena);
    }

    @Actor
    public void oldOwner() {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 1);
        arena.free(block);
    }

    @Actor
    public void newOwner(LLL_Result r) {
        if (arena.tryAllocate(256, 1) == SegmentArena.NO_SPACE) {
            r.r1 = Calls.NO_ROOM;
        } else {
            r.r1 = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 2);
        }
    }

    @Arbiter
    public void end(LLL_Result r) {
        r.r2 = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        r.r3 = POOL.giveBack(arena);
    }
}
