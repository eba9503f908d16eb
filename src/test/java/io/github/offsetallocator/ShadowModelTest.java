package io.github.offsetallocator;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A million random calls of every kind and both fits, against the [ShadowModel].
class ShadowModelTest {
    private static final long SEED = Long.getLong("seed", 20260913);

    @ParameterizedTest
    @EnumSource(Fit.class)
    void aMillionOperations(Fit fit) {
        drive(1, () -> OffsetAllocator.builder(100_000).fit(fit), 100_000, 2_000_000, 4096, 1_000_000, 1009);
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void verifiedAfterEveryOperation(Fit fit) {
        drive(8, () -> OffsetAllocator.builder(3000).fit(fit), 3000, 4000, 256, 15_000, 1);
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void fewAllocationsAtMost(Fit fit) {
        drive(4, () -> OffsetAllocator.builder(50_000).fit(fit).maxAllocations(37), 50_000, 60_000, 2048, 50_000, 101);
    }

    @ParameterizedTest
    @EnumSource(Fit.class)
    void atTheTopOfTheUnsignedRange(Fit fit) {
        long top = OffsetAllocator.MAX_CAPACITY;
        drive(4, () -> OffsetAllocator.builder(top - 5000).fit(fit), top - 5000, top, 1 << 30, 50_000, 101);
    }

    @Test
    void inRealTime() {
        drive(4, () -> OffsetAllocator.builder(40_000).maxAllocations(2000).realTime(), 40_000, 50_000, 512, 50_000, 101);
    }

    @Test
    void withShallowQuickLists() {
        drive(4, () -> OffsetAllocator.builder(10_000).quickLists(7, 3), 10_000, 20_000, 64, 50_000, 31);
    }

    private static void drive(int seeds, Supplier<OffsetAllocator.Builder> builder, long capacity, long largestCapacity,
            int largestSize, int operations, int verifyEvery) {
        for (int i = 0; i < seeds; i++) {
            new ShadowModelDriver(SEED + i, builder.get(), capacity, largestCapacity, largestSize).run(operations, verifyEvery);
        }
    }
}
