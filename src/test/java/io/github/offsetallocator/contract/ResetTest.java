package io.github.offsetallocator.contract;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/// After a reset an allocator is as a new one, but that it refuses the handles of before.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResetTest {
    static final EnumSet<Subject> SHARED = EnumSet.allOf(Subject.class);
    static final EnumSet<Subject> OTHERS = EnumSet.allOf(Subject.class);

    static {
        SHARED.removeIf(subject -> !subject.spec().can(Can.ANY_THREAD));
        OTHERS.removeIf(SHARED::contains);
    }

    @TempDir
    Path directory;

    @ParameterizedTest
    @FieldSource("OTHERS")
    @Fault(11)
    void noTagOutlivesAReset(Subject subject) {
        noTagOutlives(subject);
    }

    @ParameterizedTest
    @FieldSource("SHARED")
    @Fault(11)
    void noTagOutlivesAResetAmongThreads(Subject subject) {
        noTagOutlives(subject);
    }

    private void noTagOutlives(Subject subject) {
        for (int way = 0; way < 8; way++) {
            try (Face face = subject.open(directory)) {
                SplittableRandom random = new SplittableRandom(way);
                for (int round = 0; round < 6; round++) {
                    churn(face, random, 300);
                    fillAndRetire(face, way % 4, round % 2 == 0 ? 200 : 2000);
                    face.reset();
                    Check.equal(0, face.retired(), "retired");
                    Check.equal(0, face.reclaim(-1), "reclaimed");
                }
            }
        }
    }

    /// Allocates all there is, and leaves a tag or the value of a retired block in whatever keeps them.
    private static void fillAndRetire(Face face, int way, int most) {
        for (int blocks = 0; blocks < most; blocks++) {
            boolean last = blocks == most - 1;
            long block = face.allocate(last ? Math.max(1, face.largestFree()) * face.unit() : 1, 1);
            if (block == OffsetAllocator.NO_SPACE) {
                return;
            }
            Check.equal(0, face.tag(block), "the tag of a new block");
            if (way != 0) {
                face.setTag(block, 88);
            }
            if (way != 1) {
                face.retire(block, 77);
            }
        }
    }

    /// All kinds of blocks come and go, and each has no tag.
    private static void churn(Face face, SplittableRandom random, int calls) {
        long most = Math.max(2, Math.min(face.capacity(), 1 << 16) / 2);
        long[] blocks = new long[40];
        for (int i = 0; i < calls; i++) {
            int at = random.nextInt(blocks.length);
            if (blocks[at] > 0) {
                face.free(blocks[at]);
            }
            long units = random.nextInt(8) == 0 ? 1 + random.nextLong(most) : 1 + random.nextLong(Math.min(4, most));
            blocks[at] = face.allocate(units * face.unit(), 1);
            if (blocks[at] > 0) {
                Check.equal(0, face.tag(blocks[at]), "the tag of a new block");
            }
        }
        for (long block : blocks) {
            if (block > 0) {
                face.free(block);
            }
        }
    }

    /// The same calls find the same places, whatever went before.
    @ParameterizedTest
    @FieldSource("OTHERS")
    @Fault(11)
    void afterAResetItIsAsNew(Subject subject) {
        isAsNew(subject);
    }

    @ParameterizedTest
    @FieldSource("SHARED")
    @Fault(11)
    void afterAResetASharedOneIsAsNew(Subject subject) {
        isAsNew(subject);
    }

    private void isAsNew(Subject subject) {
        Assumptions.assumeTrue(subject.spec().can(Can.ONE_PIECE) || subject.spec().can(Can.ALIGN_FREELY), "where chunks lie differs");
        try (Face fresh = subject.open(directory); Face used = subject.open(directory)) {
            use(used, new SplittableRandom(5), 2000, null);
            used.reset();
            long[] offsets = new long[1000];
            use(fresh, new SplittableRandom(6), offsets.length, offsets);
            long[] after = new long[offsets.length];
            use(used, new SplittableRandom(6), after.length, after);
            for (int i = 0; i < offsets.length; i++) {
                Check.equal(offsets[i], after[i], "the offset of call " + i);
            }
            Check.equal(fresh.totalFree(), used.totalFree(), "free");
            Check.equal(fresh.largestFree(), used.largestFree(), "the largest");
            used.verify();
        }
    }

    private static void use(Face face, SplittableRandom random, int calls, long[] offsets) {
        long[] blocks = new long[50];
        for (int i = 0; i < calls; i++) {
            int at = random.nextInt(blocks.length);
            if (blocks[at] > 0) {
                if (random.nextInt(8) == 0) {
                    face.retire(blocks[at], i);
                } else {
                    face.free(blocks[at]);
                }
            }
            blocks[at] = face.allocate(1 + random.nextInt(1 << random.nextInt(1, 10)), 1L);
            if (offsets != null) {
                offsets[i] = blocks[at] == OffsetAllocator.NO_SPACE ? -1 : face.offset(blocks[at]);
            }
            if (blocks[at] > 0 && random.nextInt(4) == 0) {
                face.resize(blocks[at], 1 + random.nextInt(600));
            }
        }
    }

    /// Whether it lies in a slab or in the bins, what was given out before a reset has no place and no size after it.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(23)
    void whatWasBeforeAResetHasNoPlace(boolean shared) {
        try (SegmentArena arena = shared ? SegmentArena.ofShared(8 << 20) : SegmentArena.ofConfined(8 << 20)) {
            long[] blocks = new long[200];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = arena.tryAllocate(i % 2 == 0 ? 64 : 20_000, 1);
            }
            for (int after = 0; after < 2; after++) {
                arena.reset();
                for (long block : blocks) {
                    Check.thrown(IllegalStateException.class, "not live here", () -> arena.offset(block));
                    Check.thrown(IllegalStateException.class, "not live here", () -> arena.size(block));
                }
                arena.tryAllocate(20_000, 1);
            }
        }
    }

    /// Slabs that are dissolved after a reset, where blocks of before it have left their names: all are found by address, and
    /// the search for them ends.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(20)
    void blocksAreFoundByAddressAfterAReset(boolean shared) {
        try (SegmentArena arena = shared ? SegmentArena.ofShared(8 << 20) : SegmentArena.ofConfined(8 << 20)) {
            for (int round = 0; round < 40; round++) {
                SplittableRandom random = new SplittableRandom(round);
                MemorySegment[] slices = new MemorySegment[1000];
                for (int i = 0; i < slices.length; i++) {
                    slices[i] = arena.allocate(1 + i * 37 % 700, 1);
                    arena.allocate(1);
                }
                for (MemorySegment slice : slices) {
                    if (random.nextBoolean()) {
                        Check.equal(slice.address(), arena.address(arena.allocationOf(slice)), "the address");
                        arena.free(slice);
                    } else {
                        arena.free(arena.reallocate(slice, 3000, 1));
                    }
                }
                arena.verify();
                arena.reset();
            }
        }
    }
}
