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
import org.openjdk.jcstress.infra.results.LLLL_Result;

/// Forbids that a block is handed out in a chunk that goes back. One thread frees what is live in both chunks of a full arena, so that
/// one of them goes; the other asks for half a chunk, and writes to it.
@JCStressTest
@Outcome(
        id = {"freed, freed, granted, in order", "freed, freed, no room, in order"},
        expect = Expect.ACCEPTABLE,
        desc = "The block lies in a chunk that stays, or both chunks were still full.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "A block without memory, a chunk that is lost, or an arena out of order.")
@State
public class AllocateAgainstChunkThatGoes {
    private static final ArenaPool POOL = ArenaPool.growing();

    private final SegmentArena arena = POOL.take();
    private final long first = arena.tryAllocate(ArenaPool.CHUNK, 1);
    private final long second = arena.tryAllocate(ArenaPool.CHUNK, 1);

    @Actor
    public void free(LLLL_Result r) {
        r.r1 = Calls.free(arena, first);
        r.r2 = Calls.free(arena, second);
    }

    @Actor
    public void allocate(LLLL_Result r) {
        long allocation = arena.tryAllocate(ArenaPool.CHUNK / 2, 1);
        if (allocation != SegmentArena.NO_SPACE) {
            MemorySegment slice = arena.segment(allocation);
            slice.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            slice.set(ValueLayout.JAVA_BYTE, slice.byteSize() - 1, (byte) 1);
        }
        r.r3 = Calls.grant(allocation);
    }

    @Arbiter
    public void end(LLLL_Result r) {
        r.r4 = POOL.giveBack(arena);
    }
}
