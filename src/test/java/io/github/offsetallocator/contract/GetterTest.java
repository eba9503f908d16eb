package io.github.offsetallocator.contract;

import io.github.offsetallocator.BesideOthers;
import io.github.offsetallocator.OffsetAllocator;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A getter changes nothing.
@BesideOthers
class GetterTest {
    @TempDir
    Path directory;

    /// Of two that do the same, one is asked everything all the time: both find the same places and take as much memory.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(14)
    void askingMakesNoDifference(Subject subject) {
        try (Face asked = subject.open(directory); Face other = subject.open(directory)) {
            SplittableRandom random = new SplittableRandom(14);
            long[] blocks = new long[100];
            long[] others = new long[blocks.length];
            for (int i = 0; i < 3000; i++) {
                int at = random.nextInt(blocks.length);
                if (blocks[at] > 0) {
                    asked.free(blocks[at]);
                    other.free(others[at]);
                }
                long size = 1 + random.nextInt(1 << random.nextInt(1, 11));
                blocks[at] = asked.allocate(size, 1);
                others[at] = other.allocate(size, 1);
                Check.equal(others[at] == OffsetAllocator.NO_SPACE ? 1 : 0, blocks[at] == OffsetAllocator.NO_SPACE ? 1 : 0, "refused, call " + i);
                if (blocks[at] > 0 && subject.spec().can(Can.ONE_PIECE)) { // where chunks lie in memory differs
                    Check.equal(other.offset(others[at]), asked.offset(blocks[at]), "the offset of call " + i);
                }
                ask(asked, blocks[at]);
            }
            if (asked instanceof AllocatorFace one && other instanceof AllocatorFace two) {
                Check.equal(two.allocator.metadataSize(), one.allocator.metadataSize(), "metadata");
            }
            if (subject.spec().can(Can.ONE_PIECE)) {
                Check.equal(other.totalFree(), asked.totalFree(), "free");
                Check.equal(other.largestFree(), asked.largestFree(), "the largest");
            }
        }
    }

    private static void ask(Face face, long block) {
        face.allocations();
        face.retired();
        face.capacity();
        face.totalFree();
        face.largestFree();
        face.report();
        face.toString();
        if (block > 0) {
            face.size(block);
            face.tag(block);
            if (face instanceof ArenaFace arena) {
                arena.arena.segment(block);
            }
        }
        if (face instanceof AllocatorFace allocator) {
            allocator.allocator.metadataSize();
        }
    }

    /// A visitor may read, whatever it is.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(14)
    void aVisitorMayAskForAnything(Subject subject) {
        try (Face face = subject.open(directory)) {
            for (int i = 0; i < 30; i++) {
                face.allocate(1 + i, 1);
            }
            int live = face.allocations();
            long free = face.totalFree();
            long largest = face.largestFree();
            int[] visited = {0};
            face.forEachRegion((_, _, allocation) -> {
                visited[0]++;
                ask(face, allocation);
                Check.equal(live, face.allocations(), "live");
                Check.equal(free, face.totalFree(), "free");
                Check.equal(largest, face.largestFree(), "the largest");
            });
            face.forEachAllocation(allocation -> ask(face, allocation));
            Check.that(visited[0] >= live && visited[0] > 0, "visited " + visited[0]);
        }
    }

    /// A walk in a walk reads too.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(14)
    void aVisitorMayWalk(Subject subject) {
        try (Face face = subject.open(directory)) {
            for (int i = 0; i < 10; i++) {
                face.allocate(1 + i, 1);
            }
            int live = face.allocations();
            int[] visited = {0};
            face.forEachAllocation(_ -> face.forEachAllocation(_ -> visited[0]++));
            Check.equal((long) live * live, visited[0], "visited");
            long block = face.allocate(1, 1);
            if (block > 0) {
                face.free(block);
            }
        }
    }
}
