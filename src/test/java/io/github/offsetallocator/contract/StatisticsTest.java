package io.github.offsetallocator.contract;

import io.github.offsetallocator.ArenaStatistics;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `statistics()`: what it promises, for every kind of arena, asked by the thread that works on it and by another.
class StatisticsTest {
    static final EnumSet<Subject> ARENAS = EnumSet.allOf(Subject.class);

    static {
        ARENAS.removeIf(subject -> !subject.spec().can(Can.SEGMENTS));
        // What the engine refuses before a growable arena grows is counted as refused, and its size changes.
        ARENAS.removeIf(subject -> subject.name().contains("GROWABLE"));
    }

    @TempDir
    Path directory;

    /// What the numbers have to be, counted by hand.
    private static final class Count {
        long used;
        long peak;
        long live;
        long total;
        long refused;

        void check(SegmentArena arena, boolean isShared, ArenaStatistics seen, String when) {
            Check.equal(arena.byteSize(), seen.byteSize(), when + ": the capacity");
            Check.equal(used, seen.usedBytes(), when + ": used");
            Check.equal(arena.byteSize() - used, seen.freeBytes(), when + ": free");
            Check.equal(live, seen.liveAllocations(), when + ": live");
            Check.equal(total, seen.totalAllocations(), when + ": in all");
            Check.equal(refused, seen.refusedAllocations(), when + ": refused");
            Check.equal(arena.metadataSize(), seen.metadataBytes(), when + ": metadata");
            if (!isShared) {
                Check.equal(peak, seen.peakUsedBytes(), when + ": the peak");
            }
            Check.that(seen.peakUsedBytes() >= peak && seen.peakUsedBytes() <= seen.byteSize(), () -> when + ": the peak is " + seen + ", not " + peak);
            Check.that(seen.largestFreeBytes() <= arena.storageReport().largestFreeRegion(), () -> when + ": the largest is " + seen);
        }
    }

    @ParameterizedTest
    @FieldSource("ARENAS")
    void numbersAreExactForTheirThreadAndForOthers(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            boolean isShared = subject.spec().can(Can.ANY_THREAD);
            Count count = new Count();
            SplittableRandom random = new SplittableRandom(17);
            long[] blocks = new long[64];
            for (int i = 0; i < 4000; i++) {
                step(face, count, random, blocks);
                if (i % 100 == 0) {
                    count.check(arena, isShared, arena.statistics(), "call " + i);
                }
                if (i % 1000 == 0) {
                    ArenaStatistics[] seen = new ArenaStatistics[1];
                    Elsewhere.run(() -> seen[0] = arena.statistics());
                    count.check(arena, isShared, seen[0], "call " + i + ", another thread");
                }
            }
            arena.verify();
            count.check(arena, isShared, arena.statistics(), "at the end");
        }
    }

    private static void step(ArenaFace face, Count count, SplittableRandom random, long[] blocks) {
        SegmentArena arena = face.arena;
        int at = random.nextInt(blocks.length);
        int kind = random.nextInt(200);
        if (kind == 0) {
            arena.reset();
            java.util.Arrays.fill(blocks, 0);
            count.used = 0;
            count.live = 0;
        } else if (kind == 1 && blocks[at] > 0) {
            arena.retire(blocks[at], 1);
            count.live--;
            long units = count.used;
            arena.reclaim(1);
            count.used = arena.byteSize() - arena.storageReport().totalFreeSpace();
            Check.that(count.used < units, "what was retired is not free");
            blocks[at] = 0;
        } else if (kind < 12 && blocks[at] > 0) {
            long size = 1 + random.nextInt(1 << random.nextInt(1, 11));
            long before = face.units(arena.size(blocks[at])) * face.unit();
            if (arena.resize(blocks[at], size)) {
                count.used += face.units(size) * face.unit() - before;
            }
        } else if (blocks[at] > 0) {
            count.used -= face.units(arena.size(blocks[at])) * face.unit();
            count.live--;
            arena.free(blocks[at]);
            blocks[at] = 0;
        } else {
            long size = 1 + random.nextInt(1 << random.nextInt(1, 11));
            long alignment = Math.min(1L << random.nextInt(8), face.arena.backing().isNative() ? 128 : 1);
            blocks[at] = arena.tryAllocate(size, alignment);
            if (blocks[at] == OffsetAllocator.NO_SPACE) {
                count.refused++;
            } else {
                count.used += face.units(size) * face.unit();
                count.live++;
                count.total++;
            }
        }
        count.peak = Math.max(count.peak, count.used);
    }

    /// One that asks all the time sees no nonsense, and nobody is the worse for it.
    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "NATIVE_SHARED", "MAPPED", "ARENA_REFERENCE", "ARENA_REFERENCE_SHARED", "NATIVE_TIGHT", "NATIVE_SHARED_TIGHT"})
    void anotherThreadSeesNoNonsense(Subject subject) throws InterruptedException {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            boolean[] end = {false};
            Throwable[] wrong = {null};
            Thread poller = Thread.ofPlatform().start(() -> {
                try {
                    long total = 0;
                    long peak = 0;
                    while (!isSet(end)) {
                        ArenaStatistics seen = arena.statistics();
                        Check.equal(seen.byteSize(), seen.usedBytes() + seen.freeBytes(), "used and free");
                        Check.that(seen.usedBytes() >= 0 && seen.usedBytes() <= seen.peakUsedBytes(), seen::toString);
                        Check.that(seen.liveAllocations() >= 0 && seen.liveAllocations() <= seen.totalAllocations(), seen::toString);
                        long before = total;
                        Check.that(seen.totalAllocations() >= before, () -> seen + " after a total of " + before);
                        Check.that(seen.liveAllocations() <= 200, seen::toString);
                        total = seen.totalAllocations();
                        peak = Math.max(peak, seen.peakUsedBytes());
                    }
                } catch (Throwable e) {
                    wrong[0] = e;
                }
            });
            SplittableRandom random = new SplittableRandom(18);
            long[] blocks = new long[200];
            for (int i = 0; i < 300_000; i++) {
                int at = random.nextInt(blocks.length);
                if (blocks[at] > 0) {
                    arena.free(blocks[at]);
                    blocks[at] = 0;
                } else {
                    blocks[at] = arena.tryAllocate(1 + random.nextInt(500), 1);
                }
            }
            synchronized (end) {
                end[0] = true;
            }
            poller.join();
            Check.that(wrong[0] == null, () -> String.valueOf(wrong[0]));
            arena.verify();
        }
    }

    /// Who asks all the time gets numbers that are a few milliseconds old, and then the right ones again.
    @Test
    void theCountOfAPollerIsNotOldForLong() throws InterruptedException {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            for (int i = 0; i < 500; i++) {
                arena.tryAllocate(64, 1);
                Check.equal(i + 1, arena.statistics().liveAllocations(), "asked now and then");
            }
            for (int i = 0; i < 5000; i++) {
                arena.statistics();
            }
            int late = 0;
            for (int i = 500; i < 600; i++) {
                arena.tryAllocate(64, 1);
                long seen = arena.statistics().liveAllocations();
                late += seen < i + 1 ? 1 : 0;
                Check.that(seen >= 500 && seen <= i + 1, () -> "live: " + seen);
            }
            Check.that(late > 0, "a poller makes the arena count each time");
            Thread.sleep(20);
            Check.equal(600, arena.statistics().liveAllocations(), "later");
            Check.equal(600 * 64, arena.statistics().usedBytes(), "later"); // enough time for two
            Check.equal(600, arena.allocations(), "exact at any time");
        }
    }

    private static boolean isSet(boolean[] flag) {
        synchronized (flag) {
            return flag[0];
        }
    }

    @ParameterizedTest
    @FieldSource("ARENAS")
    void afterCloseItIsRefused(Subject subject) {
        ArenaFace face = (ArenaFace) subject.open(directory);
        face.close();
        Throwable thrown = Elsewhere.thrown(face.arena::statistics);
        Check.that(thrown instanceof IllegalStateException, () -> "after close: " + thrown);
    }

    /// Chunks that go back don't lower the peak.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void thePeakOutlivesItsChunks(boolean isShared) {
        SegmentArena.Builder builder = SegmentArena.builder().growable(64 << 10, 1 << 20);
        try (SegmentArena arena = isShared ? builder.shared().build() : builder.build()) {
            arena.free(arena.tryAllocate(300_000, 1));
            arena.trim();
            Check.equal(300_000, arena.statistics().peakUsedBytes(), "the peak");
            arena.tryAllocate(100, 1);
            Check.equal(300_000, arena.statistics().peakUsedBytes(), "the peak");
        }
    }

    /// The peak is that of one moment, not of slots and regions each for itself.
    @Test
    void thePeakIsThatOfOneMoment() {
        try (SegmentArena arena = SegmentArena.ofConfined(64 << 20)) {
            long[] small = new long[10_000];
            for (int i = 0; i < small.length; i++) {
                small[i] = arena.tryAllocate(64, 1);
            }
            arena.freeAll(small, 0, small.length);
            long large = arena.tryAllocate(1 << 20, 1);
            Check.equal(1 << 20, arena.statistics().peakUsedBytes(), "the peak");
            arena.tryAllocate(64, 1);
            arena.free(large);
            Check.equal((1 << 20) + 64, arena.statistics().peakUsedBytes(), "the peak");
        }
    }

    /// A resize that finds no room dissolves no slab: its free slots don't become a free region that nobody tells of.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResizeThatFailsMakesNothingFree(boolean shared) {
        try (SegmentArena arena = shared ? SegmentArena.ofShared(8 << 20) : SegmentArena.ofConfined(8 << 20)) {
            long[] handles = new long[200];
            for (int i = 0; i < handles.length; i++) {
                handles[i] = arena.tryAllocate(1024, 1);
            }
            for (int size = 60_000; size > 0; size >>= 1) {
                while (arena.tryAllocate(size, 1) > 0) {}
            }
            int row = (int) handles[handles.length - 70] >>> 6; // one slab
            long kept = 0;
            for (long handle : handles) {
                if ((int) handle < 0 && (int) handle >>> 6 == row) {
                    if (kept == 0) {
                        kept = handle;
                    } else {
                        arena.free(handle);
                    }
                }
            }
            long largest = arena.storageReport().largestFreeRegion();
            Check.that(!arena.resize(kept, 1 << 20), "resized");
            Check.equal(largest, arena.storageReport().largestFreeRegion(), "the largest free region before and after");
            Check.equal(largest, arena.statistics().largestFreeBytes(), "the largest free region");
        }
    }
}
