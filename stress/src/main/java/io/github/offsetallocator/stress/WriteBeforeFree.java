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

/// Forbids that the next owner of a block finds it as it was before the last writes of the old owner, or that those come after
/// his own: the old owner writes 1 and frees, the next one allocates the whole, reads and writes 2. All writes are plain.
@JCStressTest
@Outcome(id = "1, 2, in order", expect = Expect.ACCEPTABLE, desc = "The new owner found the old one's write, and his own stays.")
@Outcome(id = "no room, 1, in order", expect = Expect.ACCEPTABLE, desc = "The block was not free yet.")
@Outcome(id = "0, .*", expect = Expect.FORBIDDEN, desc = "The old owner's write was not published by his free.")
@Outcome(id = ".*, 1, .*", expect = Expect.FORBIDDEN, desc = "The old owner's write came after the new owner's.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "The arena is out of order.")
@State
public class WriteBeforeFree {
    private static final ArenaPool POOL = ArenaPool.roomy();

    private final SegmentArena arena = POOL.take();
    private final long whole = arena.byteSize();
    private final MemorySegment memory = arena.backing();
    private final long block = arena.tryAllocate(64, 1);
    private final long at = arena.offset(block);

    /// What is there at first.
    public WriteBeforeFree() {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 0);
    }

    @Actor
    public void oldOwner() {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, 1);
        arena.free(block);
    }

    @Actor
    public void newOwner(LLL_Result r) {
        if (arena.tryAllocate(whole, 1) == SegmentArena.NO_SPACE) {
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
