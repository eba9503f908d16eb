package io.github.offsetallocator.contract;

import io.github.offsetallocator.BesideOthers;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.RetireQueue;
import io.github.offsetallocator.SegmentArena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A queue of retired blocks for each counter: what waits for one doesn't wait for another.
@BesideOthers
class RetireQueueTest {
    @TempDir
    Path directory;

    private static RetireQueue queue(Face face) {
        return face instanceof AllocatorFace allocator ? allocator.allocator.newRetireQueue() : ((ArenaFace) face).arena.newRetireQueue();
    }

    @Test
    @Help(5)
    void oneCounterDoesNotWaitForAnother() {
        try (OffsetAllocator allocator = OffsetAllocator.create(100)) {
            RetireQueue graphics = allocator.newRetireQueue();
            RetireQueue transfer = allocator.newRetireQueue();
            long a = allocator.allocate(10);
            long b = allocator.allocate(10);
            long c = allocator.allocate(10);
            graphics.retire(a, 1001);
            transfer.retire(b, 4);
            allocator.retire(c, 2000);
            Check.equal(3, allocator.retired(), "retired in all");
            Check.equal(1, graphics.retired(), "retired");
            Check.equal(1, transfer.reclaim(4), "reclaimed");
            Check.equal(0, transfer.retired(), "retired");
            Check.equal(0, graphics.reclaim(1000), "reclaimed");
            Check.equal(0, allocator.reclaim(1999), "reclaimed");
            Check.equal(1, graphics.reclaim(1001), "reclaimed");
            Check.equal(1, allocator.reclaim(2000), "reclaimed");
            Check.equal(100, allocator.storageReport().largestFreeRegion(), "free");
            allocator.verify();
        }
    }

    /// Random blocks in four queues, against lists.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Help(5)
    void eachQueueIsInItsOwnOrder(Subject subject) {
        try (Face face = subject.open(directory)) {
            SplittableRandom random = new SplittableRandom(5);
            int queues = 4;
            RetireQueue[] queue = new RetireQueue[queues];
            List<List<Long>> values = new ArrayList<>();
            long[] clock = {0, Long.MAX_VALUE - 20, -400, 1000};
            for (int i = 0; i < queues; i++) {
                queue[i] = queue(face);
                values.add(new ArrayList<>());
            }
            for (int i = 0; i < 4000; i++) {
                int at = random.nextInt(queues);
                if (random.nextInt(3) < 2) {
                    long block = face.allocate(1 + random.nextInt(100), 1);
                    if (block != OffsetAllocator.NO_SPACE) {
                        clock[at] += random.nextInt(3) - 1;
                        queue[at].retire(block, clock[at]);
                        long before = values.get(at).isEmpty() ? clock[at] : values.get(at).getLast();
                        values.get(at).add(Long.compareUnsigned(before, clock[at]) > 0 ? before : clock[at]);
                        Check.refused(() -> face.free(block));
                        int other = (at + 1) % queues;
                        Check.refused(() -> queue[other].retire(block, 1));
                    }
                } else {
                    long completed = clock[at] - random.nextInt(4);
                    int expected = 0;
                    while (!values.get(at).isEmpty() && Long.compareUnsigned(values.get(at).getFirst(), completed) <= 0) {
                        values.get(at).removeFirst();
                        expected++;
                    }
                    Check.equal(expected, queue[at].reclaim(completed), "reclaimed, call " + i);
                }
                Check.equal(values.get(at).size(), queue[at].retired(), "retired");
                if (i % 97 == 0) {
                    face.verify();
                    Check.equal(values.stream().mapToInt(List::size).sum(), face.retired(), "retired in all");
                    long[] waiting = {0};
                    face.forEachRegion((_, _, allocation) -> waiting[0] += allocation == RegionVisitor.RETIRED ? 1 : 0);
                    Check.equal(face.retired(), waiting[0], "retired regions");
                }
            }
            for (RetireQueue each : queue) {
                each.reclaim(-1);
            }
            Check.equal(0, face.retired(), "left");
            Check.equal(face.capacity(), face.totalFree(), "free");
            face.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Subject.class)
    @Help(5)
    void aResetEmptiesEveryQueue(Subject subject) {
        try (Face face = subject.open(directory)) {
            RetireQueue one = queue(face);
            RetireQueue other = queue(face);
            one.retire(face.allocate(1, 1), 5);
            face.reset();
            Check.equal(0, one.retired(), "retired");
            Check.equal(0, one.reclaim(-1), "reclaimed");
            other.retire(face.allocate(1, 1), 3);
            Check.equal(1, other.reclaim(3), "reclaimed");
            one.retire(face.allocate(1, 1), 2);
            Check.equal(1, one.reclaim(2), "reclaimed");
            face.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Subject.class)
    @Help(5)
    void afterCloseAQueueIsRefused(Subject subject) {
        Face face = subject.open(directory);
        RetireQueue queue = queue(face);
        long block = face.allocate(1, 1);
        queue.retire(block, 1);
        face.close();
        Check.thrown(IllegalStateException.class, () -> queue.retire(block, 1));
        Check.thrown(IllegalStateException.class, () -> queue.reclaim(1));
        Check.thrown(IllegalStateException.class, queue::retired);
    }

    /// Wrong handles, and those of another allocator.
    @Test
    @Help(5)
    void onlyLiveBlocksOfItsOwnAllocator() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 16); SegmentArena other = SegmentArena.ofShared(1 << 16)) {
            RetireQueue queue = arena.newRetireQueue();
            long foreign = other.tryAllocate(10, 1);
            long freed = arena.tryAllocate(10, 1);
            arena.free(freed);
            for (long wrong : new long[] {foreign, freed, 0, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
                Check.refused(() -> queue.retire(wrong, 1));
            }
            Check.equal(0, queue.retired(), "retired");
            Check.equal(1, other.allocations(), "live in the other one");
        }
    }

    /// Each of several threads has a timeline of its own.
    @Test
    @Help(5)
    void threadsWithATimelineEach() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            Elsewhere.together(3, index -> {
                RetireQueue queue = arena.newRetireQueue();
                for (int i = 1; i <= 5000; i++) {
                    long block = arena.tryAllocate(1 + i * index % 2000, 1);
                    if (block != SegmentArena.NO_SPACE) {
                        queue.retire(block, i);
                    }
                    if (i % 16 == 0 || block == SegmentArena.NO_SPACE) {
                        queue.reclaim(i);
                        Check.equal(0, queue.retired(), "retired");
                    }
                }
                queue.reclaim(-1);
            });
            Check.equal(0, arena.retired(), "retired");
            Check.equal(arena.byteSize(), arena.storageReport().totalFreeSpace(), "free");
            arena.verify();
        }
    }
}
