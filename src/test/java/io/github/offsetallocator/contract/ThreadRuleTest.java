package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// A confined arena belongs to the thread that made it. Not by accident: every call that could change something says so,
/// also where there is nothing to change. A call that only reads says so too, or returns what is right.
class ThreadRuleTest {
    static final EnumSet<Subject> CONFINED = EnumSet.allOf(Subject.class);

    static {
        CONFINED.removeIf(subject -> !subject.spec().can(Can.SEGMENTS) || subject.spec().can(Can.ANY_THREAD));
    }

    @TempDir
    Path directory;

    @ParameterizedTest
    @FieldSource("CONFINED")
    @Fault(12)
    void noOtherThreadChangesIt(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            changesAreRefused(subject, arena, 0, "nothing live");
            long block = arena.tryAllocate(1, 1);
            changesAreRefused(subject, arena, block, "one live");
            while (arena.tryAllocate(1, 1) > 0 && arena.allocations() < 1000) {
                // until it is full, or has much
            }
            changesAreRefused(subject, arena, block, "many live");
            arena.retire(block, 5);
            changesAreRefused(subject, arena, block, "one retired");
            Check.equal(1, arena.retired(), "retired");
            arena.reset();
            changesAreRefused(subject, arena, block, "after a reset");
            arena.verify();
        }
    }

    private static void changesAreRefused(Subject subject, SegmentArena arena, long block, String when) {
        Map<String, Check.Action> calls = new LinkedHashMap<>();
        calls.put("tryAllocate", () -> arena.tryAllocate(1, 1));
        calls.put("tryAllocate aligned", () -> arena.tryAllocate(1, subject.spec().largestAlignment()));
        calls.put("tryAllocate of more than there is", () -> arena.tryAllocate(1L << 50, 1));
        calls.put("tryAllocate of much more, aligned", () -> arena.tryAllocate(Long.MAX_VALUE, subject.spec().largestAlignment()));
        calls.put("allocate", () -> arena.allocate(1, 1));
        calls.put("allocate of more than there is", () -> arena.allocate(1L << 50, 1));
        calls.put("reclaim", () -> arena.reclaim(0));
        calls.put("reclaim all", () -> arena.reclaim(-1));
        calls.put("reset", arena::reset);
        calls.put("freeAll of none", () -> arena.freeAll(new long[0], 0, 0));
        calls.put("trim", arena::trim);
        calls.put("scope", arena::scope);
        calls.put("close", arena::close);
        if (block != 0 && arena.retired() == 0 && arena.allocations() > 0) {
            calls.put("free", () -> arena.free(block));
            MemorySegment slice = arena.segment(block);
            long address = arena.address(block);
            calls.put("free by slice", () -> arena.free(slice));
            calls.put("free by address", () -> arena.freeAt(address));
            calls.put("a byte", () -> arena.access().setByte(block, 0, (byte) 1));
            calls.put("freeAll", () -> arena.freeAll(new long[] {block}, 0, 1));
            calls.put("resize", () -> arena.resize(block, 1));
            calls.put("resize to more than there is", () -> arena.resize(block, Long.MAX_VALUE));
            calls.put("reallocate", () -> arena.reallocate(block, 1, 1));
            calls.put("retire", () -> arena.retire(block, 1));
            calls.put("setTag", () -> arena.setTag(block, 0));
        }
        calls.forEach((name, call) -> {
            Throwable thrown = Elsewhere.thrown(call);
            Check.that(thrown instanceof WrongThreadException, () -> when + ", " + name + " from another thread: " + thrown);
        });
    }

    @ParameterizedTest
    @FieldSource("CONFINED")
    @Fault(12)
    @Help(9)
    void anotherThreadReadsWhatIsRightOrIsRefused(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            long block = arena.tryAllocate(1, 1);
            arena.tryAllocate(1, 1);
            long live = arena.allocations();
            right("allocations", live, arena::allocations);
            right("retired", 0, arena::retired);
            right("byteSize", arena.byteSize(), arena::byteSize);
            right("granule", arena.granule(), arena::granule);
            right("size", 1, () -> arena.size(block));
            right("offset", arena.offset(block), () -> arena.offset(block));
            right("tag", 0, () -> arena.tag(block));
            right("free", arena.storageReport().totalFreeSpace(), () -> arena.storageReport().totalFreeSpace());
            right("the address", arena.address(block), () -> arena.address(block));
            right("words", arena.toString().hashCode(), () -> arena.toString().hashCode());
            int[] visited = {0};
            right("visited", live, () -> {
                visited[0] = 0;
                arena.forEachAllocation(_ -> visited[0]++);
                return visited[0];
            });
            Check.equal(live, arena.allocations(), "live");
            arena.verify();
        }
    }

    private interface Reading {
        long read() throws Throwable;
    }

    private static void right(String what, long expected, Reading reading) {
        long[] seen = {0};
        Throwable thrown = Elsewhere.thrown(() -> seen[0] = reading.read());
        if (thrown == null) {
            Check.equal(expected, seen[0], what + ", seen from another thread");
        } else {
            Check.that(thrown instanceof WrongThreadException, () -> what + " from another thread: " + thrown);
        }
    }
}
