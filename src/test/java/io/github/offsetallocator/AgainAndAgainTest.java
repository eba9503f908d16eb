package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A program that frees everything and runs again finds as much room as the first time. What an allocator has learned of it, and the slabs that
/// it keeps, must not lie between the large blocks of the next run.
///
/// ```
///   a run    40 times: 300 small blocks, which stay; 30 of a hundred sizes that are each asked for seldom, which go soon;
///                      one of nearly a quarter of the pool, which goes at once
///            then all go
/// ```
class AgainAndAgainTest {
    private static final long SEED = 20_261_127;
    private static final int RUNS = 20;
    /// The most that is live in a run.
    private static final int PEAK = 329_000;
    private static final int LARGE = 80_000;

    @ParameterizedTest
    @ValueSource(doubles = {1.05, 1.1, 1.2})
    void anAllocator(double pool) {
        try (OffsetAllocator allocator = OffsetAllocator.create((long) (pool * PEAK))) {
            runs(allocator::allocate, allocator::free);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1.05, 1.1, 1.2})
    void aConfinedArena(double pool) {
        try (SegmentArena arena = SegmentArena.ofConfined((long) (pool * PEAK) << 4)) {
            runs(units -> arena.tryAllocate(units << 4, 16), arena::free);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1.06, 1.1, 1.2})
    void aSharedArena(double pool) {
        try (SegmentArena arena = SegmentArena.ofShared((long) (pool * PEAK) << 4)) {
            runs(units -> arena.tryAllocate(units << 4, 16), arena::free);
        }
    }

    private static void runs(LongUnaryOperator allocate, LongConsumer free) {
        for (int run = 0; run < RUNS; run++) {
            int number = run;
            run(units -> {
                long handle = allocate.applyAsLong(units);
                assertNotEquals(OffsetAllocator.NO_SPACE, handle, () -> "run " + number + " found no room for " + units + " units");
                return handle;
            }, free);
        }
    }

    private static void run(LongUnaryOperator allocate, LongConsumer free) {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Long> small = new ArrayList<>();
        Deque<Long> seldom = new ArrayDeque<>();
        for (int phase = 0; phase < 40; phase++) {
            for (int i = 0; i < 300; i++) {
                small.add(allocate.applyAsLong(1 + random.nextInt(40)));
                if (i % 10 == 0) {
                    seldom.add(allocate.applyAsLong(65 + random.nextInt(120)));
                }
                if (seldom.size() > 20) {
                    free.accept(seldom.remove());
                }
            }
            free.accept(allocate.applyAsLong(LARGE));
        }
        small.forEach(free::accept);
        seldom.forEach(free::accept);
    }
}
