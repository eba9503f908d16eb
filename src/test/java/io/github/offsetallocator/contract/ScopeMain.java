package io.github.offsetallocator.contract;

import io.github.offsetallocator.NativeCall;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A JVM of its own, with native access or without, since the first restricted call of anyone changes that. Argument: whether
/// slices are expected to die with their scope.
final class ScopeMain {
    private ScopeMain() {}

    public static void main(String[] arguments) {
        boolean die = Boolean.parseBoolean(arguments[0]);
        SegmentArena closed = SegmentArena.ofConfined(1 << 20);
        MemorySegment slice = oneSlice(closed);
        Check.that(isDead(slice) == die, "the slice is " + (die ? "still accessible" : "dead"));
        Arena open = closed.scope();
        MemorySegment kept = open.allocate(100);
        closed.close();
        Check.that(isDead(kept), "a slice has outlived the memory");
        Check.thrown(IllegalStateException.class, () -> open.allocate(1));
        grows();
        try (Arena arena = Arena.ofConfined(); SegmentArena pool = SegmentArena.ofConfined(arena.allocate(1 << 10))) {
            Check.that(!isDead(oneSlice(pool)), "a borrowed segment's life was changed");
        }
        try (SegmentArena pool = SegmentArena.ofShared(1 << 20)) {
            Check.that(!isDead(oneSlice(pool)), "a shared slice has died");
        }
        isRefused(die);
        System.out.println("slices checked=1");
    }

    /// A pool's close that is refused has ended slices that live apart from its memory, and nothing else. The native call comes last: it gives
    /// native access to those who had none.
    private static void isRefused(boolean die) {
        try (SegmentArena pool = SegmentArena.ofConfined(1 << 12)) {
            MemorySegment used = pool.allocate(8);
            Arena scope = pool.scope();
            MemorySegment kept = scope.allocate(10);
            try {
                NativeCall.over(used, () -> Check.thrown(IllegalStateException.class, pool::close));
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
            Check.that(!isDead(used), "what the call uses is dead");
            Check.that(isDead(kept) == die, "a slice of the scope is " + (die ? "still accessible" : "dead"));
            if (!die) {
                scope.allocate(5);
            }
            scope.close();
            Check.equal(1, pool.allocations(), "live");
        }
    }

    /// A slice that has no other lifetime must not outlive its chunk, whoever frees it.
    private static void grows() {
        try (SegmentArena pool = SegmentArena.builder().growable(1 << 12, 1 << 16).build()) {
            Arena scope = pool.scope();
            MemorySegment slice = scope.allocate(1 << 14);
            long before = pool.byteSize();
            pool.free(slice);
            pool.trim();
            Check.equal(before, pool.byteSize(), "a chunk went back under an open scope");
            Check.equal(SegmentArena.NO_SPACE, pool.tryAllocate(1 << 16, 1), "room that only that chunk could make");
            slice.set(ValueLayout.JAVA_BYTE, 5, (byte) 1);
            pool.reset();
            slice.set(ValueLayout.JAVA_BYTE, 5, (byte) 1);
            scope.close();
            Check.equal(0, pool.byteSize() >> 14, "what is kept");
            Check.that(isDead(slice), "accessible, though its chunk has gone");
        }
    }

    private static MemorySegment oneSlice(SegmentArena pool) {
        try (Arena scope = pool.scope()) {
            MemorySegment slice = scope.allocate(100);
            Check.that(slice.scope().isAlive() && scope.scope().isAlive(), "alive");
            return slice;
        }
    }

    private static boolean isDead(MemorySegment slice) {
        try {
            slice.get(ValueLayout.JAVA_BYTE, 0);
            return false;
        } catch (IllegalStateException closed) {
            return true;
        }
    }
}
