package io.github.offsetallocator.contract;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.FlushRanges;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A handle is good for the allocator that gave it out, and for no other, however alike they are used.
class HandleTest {
    private static final long SEED = Long.getLong("contract.seed", 11);

    @TempDir
    Path directory;

    /// Two of a kind do the same calls; each is then shown all handles of the other.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(1)
    void twinsRefuseEachOthersHandles(Subject subject) {
        try (ContractDriver one = new ContractDriver(subject, SEED, directory); ContractDriver other = new ContractDriver(subject, SEED, directory)) {
            for (int round = 0; round < 8; round++) {
                one.run(100, 50);
                other.run(100, 50);
                one.refuseForeign(other);
                other.refuseForeign(one);
            }
            one.finish();
            other.finish();
        }
    }

    /// Those that are used one after the other, in the place of one another.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(1)
    void aSuccessorRefusesTheHandlesOfTheClosedOne(Subject subject) {
        Set<Long> before = new HashSet<>();
        for (int round = 0; round < 4; round++) {
            try (Face face = subject.open(directory)) {
                Set<Long> now = new HashSet<>();
                for (int i = 0; i < 50; i++) {
                    long allocation = face.allocate(1, 1);
                    if (allocation != OffsetAllocator.NO_SPACE) {
                        now.add(allocation);
                    }
                }
                int live = now.size();
                for (long old : before) {
                    Check.that(!now.contains(old), "the same handle again");
                    Check.refused(() -> face.free(old));
                    Check.refused(() -> face.size(old));
                    Check.refused(() -> face.setTag(old, 1));
                    Check.refused(() -> face.retire(old, 1));
                    Check.refused(() -> face.resize(old, 0));
                    Check.refused(() -> face.freeAll(new long[] {old}, 0, 1));
                }
                Check.equal(live, face.allocations(), "live");
                face.verify();
                before.addAll(now);
            }
        }
    }

    /// Different sizes, kinds of arena and threads: what matters is the order of the calls alone.
    @Test
    @Fault(1)
    void tenThousandForeignHandlesAreRefused() {
        try (SegmentArena small = SegmentArena.ofConfined(1 << 20); SegmentArena large = SegmentArena.ofShared(16 << 20);
                SegmentArena like = SegmentArena.ofShared(16 << 20); OffsetAllocator offsets = OffsetAllocator.create(1 << 20)) {
            long[] ofLike = new long[10_000];
            for (int i = 0; i < ofLike.length; i++) {
                small.tryAllocate(16, 1);
                large.tryAllocate(32, 1);
                offsets.allocate(1);
                ofLike[i] = like.tryAllocate(32, 1);
            }
            int live = large.allocations();
            for (long foreign : ofLike) {
                Check.refused(() -> small.free(foreign));
                Check.refused(() -> large.free(foreign));
                Check.refused(() -> large.segment(foreign));
                Check.refused(() -> large.reallocate(foreign, 100, 1));
                Check.refused(() -> offsets.free(foreign));
            }
            Check.equal(live, large.allocations(), "live");
        }
    }

    @Test
    @Fault(1)
    void whatIsBuiltOnHandlesRefusesForeignOnes() {
        try (OffsetAllocator one = OffsetAllocator.create(1000); OffsetAllocator other = OffsetAllocator.create(1000);
                SegmentArena arena = SegmentArena.ofConfined(1000); SegmentArena another = SegmentArena.ofConfined(1000)) {
            for (OffsetAllocator each : new OffsetAllocator[] {one, other}) {
                long first = each.allocate(10);
                each.allocate(10);
                each.free(first);
            }
            CompactionPlan plan = one.planCompaction();
            CompactionPlan foreign = other.planCompaction();
            Check.refused(() -> plan.commit(foreign.moves().getFirst()));
            Check.refused(() -> plan.drop(foreign.moves().getFirst()));
            plan.close();
            foreign.close();
            arena.tryAllocate(100, 1);
            long there = another.tryAllocate(100, 1);
            FlushRanges ranges = FlushRanges.of(arena, 16);
            Check.refused(() -> ranges.add(there));
            Check.equal(0, ranges.count(), "ranges");
        }
    }

    /// A retired block is live for no handle, not even one of a later or an earlier generation of its slot.
    @ParameterizedTest
    @EnumSource(Subject.class)
    void noHandleNamesARetiredBlock(Subject subject) {
        try (Face face = subject.open(directory)) {
            List<Long> retired = new ArrayList<>();
            Set<Long> others = new HashSet<>();
            for (int i = 0; i < 20; i++) {
                long allocation = face.allocate(i % 3 == 1 ? 3 * face.unit() : 1, 1);
                if (allocation == OffsetAllocator.NO_SPACE) {
                    break;
                }
                if (i % 2 == 0) {
                    face.retire(allocation, 7);
                    retired.add(allocation);
                } else {
                    others.add(allocation);
                }
            }
            Check.that(!retired.isEmpty(), "nothing was retired");
            refuseNear(face, retired, others);
            // A block that is larger than all free regions makes slabs dissolve: what waits moves to nodes of its own.
            long most = subject.spec().can(Can.ONE_PIECE) ? face.totalFree() * face.unit() : subject.spec().largestCapacity();
            Check.equal(OffsetAllocator.NO_SPACE, face.allocate(most + 1, 1), "more than is free");
            long rest = face.allocate(face.largestFree() * face.unit(), 1);
            refuseNear(face, retired, others);
            Check.equal(retired.size(), face.reclaim(7), "reclaimed");
            refuseNear(face, retired, others);
            Check.equal(others.size() + (rest == OffsetAllocator.NO_SPACE ? 0 : 1), face.allocations(), "live");
            face.verify();
        }
    }

    private static void refuseNear(Face face, List<Long> handles, Set<Long> live) {
        for (long handle : handles) {
            for (long generation = -4; generation <= 4; generation++) {
                for (long sign : new long[] {0, Long.MIN_VALUE}) {
                    long forged = handle + (generation << 32) ^ sign;
                    if (!live.contains(forged)) {
                        Check.refused(() -> face.free(forged));
                        Check.refused(() -> face.size(forged));
                        Check.refused(() -> face.offset(forged));
                        Check.refused(() -> face.tag(forged));
                        Check.refused(() -> face.retire(forged, 9));
                        Check.refused(() -> face.resize(forged, 1));
                        Check.refused(() -> face.freeAll(new long[] {forged}, 0, 1));
                    }
                }
            }
        }
        face.verify();
    }

    /// No handle has the sign bit. One that is made up with it names no block, not even one that the same call has named already.
    @ParameterizedTest
    @EnumSource(Subject.class)
    void aHandleWithTheSignBitIsRefusedBesideItsTwin(Subject subject) {
        try (Face face = subject.open(directory)) {
            List<Long> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                long allocation = face.allocate(i % 3 == 1 ? 3 * face.unit() : 1, 1);
                if (allocation != OffsetAllocator.NO_SPACE) {
                    all.add(allocation);
                }
            }
            for (int round = 0; round < 2; round++) {
                for (long handle : all) {
                    long forged = handle | Long.MIN_VALUE;
                    Check.refused(() -> face.free(forged));
                    Check.refused(() -> face.freeAll(new long[] {handle, forged}, 0, 2));
                    Check.refused(() -> face.freeAll(new long[] {forged, handle}, 0, 2));
                    face.size(handle);
                }
                Check.equal(all.size(), face.allocations(), "live");
                face.verify();
                // A block that is larger than all free regions makes slabs dissolve.
                face.allocate((subject.spec().can(Can.ONE_PIECE) ? face.totalFree() * face.unit() : subject.spec().largestCapacity()) + 1, 1);
            }
            face.freeAll(all.stream().mapToLong(Long::longValue).toArray(), 0, all.size());
            Check.equal(0, face.allocations(), "live");
            face.verify();
        }
    }

    /// Handles of before a reset, which are as foreign as those of another arena.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(1)
    void aResetMakesHandlesForeign(Subject subject) {
        try (Face face = subject.open(directory)) {
            Set<Long> before = new HashSet<>();
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 20; i++) {
                    long allocation = face.allocate(1, 1);
                    if (allocation != OffsetAllocator.NO_SPACE) {
                        Check.that(before.add(allocation), "the same handle again");
                    }
                }
                int live = face.allocations();
                Check.that(live > 0, "nothing was allocated");
                face.reset();
                long now = face.allocate(1, 1);
                for (long old : before) {
                    Check.refused(() -> face.free(old));
                    Check.refused(() -> face.offset(old));
                }
                Check.equal(1, face.allocations(), "live");
                face.free(now);
            }
        }
    }
}
