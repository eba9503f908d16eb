package io.github.offsetallocator.contract;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A refusal says what would help.
class MessageTest {
    private static SegmentArena arena(boolean shared, long byteSize, int most) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(byteSize);
        builder = shared ? builder.shared() : builder;
        return (most > 0 ? builder.maxAllocations(most) : builder).build();
    }

    private static void says(Throwable refusal, String... words) {
        for (String word : words) {
            Check.that(refusal.getMessage().toLowerCase(Locale.ROOT).contains(word.toLowerCase(Locale.ROOT)),
                    () -> "\"" + word + "\" is not in: " + refusal.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(1)
    void theLimitOfBlocksIsNamed(boolean shared) {
        for (int most : new int[] {1, 2, 37}) {
            try (SegmentArena arena = arena(shared, 1 << 16, most)) {
                for (int i = 0; i < most; i++) {
                    arena.allocate(16);
                }
                says(Check.thrown(OutOfSpaceException.class, () -> arena.allocate(16)), "" + most, "maxAllocations");
                MemorySegment one = arena.segment(firstOf(arena));
                says(Check.thrown(OutOfSpaceException.class, () -> arena.reallocate(one, 1 << 15, 4096 << 3)), "" + most, "maxAllocations");
            }
        }
    }

    private static long firstOf(SegmentArena arena) {
        long[] first = {0};
        arena.forEachAllocation(allocation -> first[0] = first[0] == 0 ? allocation : first[0]);
        return first[0];
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(1)
    void retiredBlocksAreNamed(boolean shared) {
        try (SegmentArena arena = arena(shared, 4096, 0)) {
            for (int i = 0; i < 4; i++) {
                arena.retire(arena.tryAllocate(1024, 1), i);
            }
            says(Check.thrown(OutOfSpaceException.class, () -> arena.allocate(100)), "4", "retired", "reclaim");
        }
        try (SegmentArena arena = arena(shared, 4096, 3)) { // the limit is reached by retired blocks alone
            for (int i = 0; i < 3; i++) {
                arena.retire(arena.tryAllocate(16, 1), i);
            }
            says(Check.thrown(OutOfSpaceException.class, () -> arena.allocate(16)), "3", "retired", "reclaim");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(1)
    void noSpaceIsKnownWhenItIsUsedAsAHandle(boolean shared) {
        long none = SegmentArena.NO_SPACE;
        try (SegmentArena arena = arena(shared, 4096, 0)) {
            says(Check.refused(() -> arena.segment(none)), "NO_SPACE");
            says(Check.refused(() -> arena.free(none)), "NO_SPACE");
            says(Check.refused(() -> arena.offset(none)), "NO_SPACE");
            says(Check.refused(() -> arena.size(none)), "NO_SPACE");
            says(Check.refused(() -> arena.resize(none, 1)), "NO_SPACE");
            says(Check.refused(() -> arena.reallocate(none, 1, 1)), "NO_SPACE");
            says(Check.refused(() -> arena.setTag(none, 1)), "NO_SPACE");
            says(Check.refused(() -> arena.retire(none, 1)), "NO_SPACE");
        }
        try (OffsetAllocator allocator = OffsetAllocator.create(100)) {
            says(Check.refused(() -> allocator.free(none)), "NO_SPACE");
            says(Check.refused(() -> allocator.offset(none)), "NO_SPACE");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(1)
    void aHandleThatIsNamedTwiceIsToldFromOneThatIsNotLive(boolean shared) {
        try (SegmentArena arena = arena(shared, 1 << 16, 0)) {
            for (long size : new long[] {16, 8000}) { // in a slab and beside them
                long one = arena.tryAllocate(size, 1);
                long other = arena.tryAllocate(size, 1);
                long[] twice = {0, other, one, other};
                says(Check.refused(() -> arena.freeAll(twice, 1, 4)), "0x" + Long.toHexString(other), "twice", "1 and 3");
                arena.freeAll(twice, 1, 3);
                says(Check.refused(() -> arena.freeAll(twice, 1, 4)), "0x" + Long.toHexString(other), "not live");
            }
        }
    }

    @Test
    @Help(1)
    void aPointerOfSizeZeroAsBackingSaysWhatToDo() {
        MemorySegment pointer = MemorySegment.ofAddress(0x10000);
        says(Check.thrown(IllegalArgumentException.class, () -> SegmentArena.ofConfined(pointer)), "reinterpret");
        says(Check.thrown(IllegalArgumentException.class, () -> SegmentArena.ofShared(pointer)), "reinterpret");
        says(Check.thrown(IllegalArgumentException.class, () -> SegmentArena.builder().backing(pointer).granule(4096).build()), "reinterpret");
    }

    /// What would take 64 GiB has a limit of its own, or asks for one.
    @Test
    @Help(1)
    void realTimeNeedsNoLimitOrAsksForOne() {
        Fork.Result result = Fork.runUnder("ulimit -v 6000000", RealTimeMain.class, 60,
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CompressedClassSpaceSize=64m"));
        if (result.exit() != 0) {
            throw new AssertionError("it ended with " + result.exit() + ":\n" + result.output());
        }
    }

    /// The values are in every refusal.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(1)
    void noRoomSaysHowMuchThereIs(boolean shared) {
        try (SegmentArena arena = arena(shared, 4096, 0)) {
            arena.allocate(1024);
            OutOfSpaceException full = Check.thrown(OutOfSpaceException.class, () -> arena.allocate(3333, 8));
            says(full, "3333", "8", "3072");
            Check.equal(3333, full.requested(), "requested");
            Check.equal(3072, full.free(), "free");
            Check.equal(3072, full.largest(), "the largest");
        }
    }
}
