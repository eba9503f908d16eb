package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/// A block that gets another size is the same whether it stayed or moved: kept bytes, zeros where it is new, its tag.
class InPlaceOrMovedTest {
    static final EnumSet<Subject> ZEROED = subjects(true);
    static final EnumSet<Subject> ARENAS = subjects(false);

    /// How a size is changed.
    enum Way { RESIZE, REALLOCATE, REALLOCATE_SLICE }

    @TempDir
    Path directory;

    private static EnumSet<Subject> subjects(boolean zeroed) {
        EnumSet<Subject> some = EnumSet.noneOf(Subject.class);
        for (Subject subject : Subject.values()) {
            if (subject.spec().can(Can.SEGMENTS) && (!zeroed || subject.spec().isZeroed()) && subject.spec().largestSize() < 1 << 20
                    && subject.spec().largestSize() >= 1 << 12) {
                some.add(subject);
            }
        }
        return some;
    }

    /// Changes the size, and returns the handle.
    private static long change(SegmentArena arena, long allocation, long size, Way way) {
        return switch (way) {
            case RESIZE -> {
                Check.that(arena.resize(allocation, size), "no room");
                yield allocation;
            }
            case REALLOCATE -> arena.reallocate(allocation, size, 1);
            case REALLOCATE_SLICE -> arena.allocationOf(arena.reallocate(arena.segment(allocation), size, 1));
        };
    }

    private static void shrinkAndGrow(SegmentArena arena, long large, long small, long again, Way way) {
        long allocation = arena.tryAllocate(large, 1);
        Content.checkZero(arena.segment(allocation), 0, large);
        arena.segment(allocation).fill((byte) -1);
        long shrunk = change(arena, allocation, small, way);
        long grown = change(arena, shrunk, again, way);
        MemorySegment bytes = arena.segment(grown);
        Check.equal(again, bytes.byteSize(), "the size");
        for (long at = 0; at < Math.min(small, again); at++) {
            Check.equal(-1, bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at), "a kept byte");
        }
        Content.checkZero(bytes, Math.min(small, again), again);
        arena.free(grown);
    }

    @ParameterizedTest
    @FieldSource("ZEROED")
    @Fault(3)
    void whatABlockGrowsByIsZero(Subject subject) {
        for (Way way : Way.values()) {
            try (ArenaFace face = (ArenaFace) subject.open(directory)) {
                long granule = face.arena.granule();
                shrinkAndGrow(face.arena, 6144, 3072, 6144, way);
                shrinkAndGrow(face.arena, granule, granule - 15, granule, way);
                shrinkAndGrow(face.arena, granule, 0, granule, way);
                shrinkAndGrow(face.arena, 4 * granule, 1, 4 * granule, way);
                shrinkAndGrow(face.arena, 3 * granule + 1, 2 * granule - 1, 2 * granule + 1, way);
                SplittableRandom random = new SplittableRandom(3);
                for (int i = 0; i < 300; i++) {
                    long large = random.nextLong(1L << random.nextInt(1, 13));
                    shrinkAndGrow(face.arena, large, random.nextLong(large + 1), random.nextLong(large + 200), way);
                }
                face.verify();
            }
        }
    }

    /// 97 bytes use 112: those between are no one's, and must be zero when they become someone's.
    @ParameterizedTest
    @EnumSource(Way.class)
    @Fault(3)
    void whatABlockGrowsByWithinItsGranuleIsZero(Way way) {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(4096).zeroed().build()) {
            for (int from = 0; from <= 112; from++) {
                arena.backing().fill((byte) 0x55);
                long allocation = arena.tryAllocate(from, 1);
                arena.segment(allocation).fill((byte) -1);
                long grown = change(arena, allocation, 112, way);
                Content.checkZero(arena.segment(grown), from, 112);
                arena.free(grown);
            }
        }
    }

    /// A block that grows takes the place of one that was freed.
    @ParameterizedTest
    @FieldSource("ZEROED")
    @Fault(3)
    void whatWasAnotherBlocksIsZero(Subject subject) {
        for (Way way : Way.values()) {
            try (ArenaFace face = (ArenaFace) subject.open(directory)) {
                SegmentArena arena = face.arena;
                long granule = arena.granule();
                long one = arena.tryAllocate(3 * granule, 1);
                long two = arena.tryAllocate(5 * granule, 1);
                arena.segment(one).fill((byte) 1);
                arena.segment(two).fill((byte) 2);
                arena.free(two);
                one = change(arena, one, 6 * granule, way);
                Content.checkZero(arena.segment(one), 3 * granule, 6 * granule);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("ARENAS")
    @Fault(4)
    void aMoveKeepsTheTag(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            long granule = arena.granule();
            int moved = 0;
            for (long tag : new long[] {1, -1, Long.MIN_VALUE, 0x1234_5678_9ABC_DEF0L, 0}) {
                for (boolean bySlice : new boolean[] {false, true}) {
                    long allocation = arena.tryAllocate(granule, 1);
                    arena.setTag(allocation, tag);
                    long wall = arena.tryAllocate(granule, 1);
                    long other = bySlice
                            ? arena.allocationOf(arena.reallocate(arena.segment(allocation), 9 * granule, 1))
                            : arena.reallocate(allocation, 9 * granule, 1);
                    moved += other != allocation ? 1 : 0;
                    Check.equal(tag, arena.tag(other), "the tag after a move");
                    Check.equal(0, arena.tag(arena.tryAllocate(granule, 1)), "the tag of the next block");
                    arena.free(other);
                    arena.free(wall);
                }
            }
            Check.that(moved > 0, "none moved");
        }
    }

    /// A move that there's no room for loses nothing.
    @ParameterizedTest
    @FieldSource("ARENAS")
    @Fault({4, 22})
    void aMoveThatIsRefusedKeepsAll(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            long size = 3 * arena.granule() - 5;
            long allocation = arena.tryAllocate(size, 1);
            arena.setTag(allocation, 99);
            Content.fill(arena.segment(allocation), 42);
            while (arena.tryAllocate(1, 1) > 0) {
                // until it is full
            }
            Check.equal(SegmentArena.NO_SPACE, arena.reallocate(allocation, 4 * arena.granule(), 1), "no room");
            Check.equal(SegmentArena.NO_SPACE, arena.reallocate(allocation, Long.MAX_VALUE, 1), "no room");
            Check.thrown(io.github.offsetallocator.OutOfSpaceException.class,
                    () -> arena.reallocate(arena.segment(allocation), 4 * arena.granule(), 1));
            Check.equal(99, arena.tag(allocation), "the tag");
            Content.check(arena.segment(allocation), 42, size, size);
            Check.that(arena.resize(allocation, 1), "shrinking can't fail");
            Check.equal(99, arena.tag(allocation), "the tag");
            arena.verify();
        }
    }
}
