package io.github.offsetallocator.jmh;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.examples.Trace;
import java.util.SplittableRandom;

/// Two ways to measure what an allocator loses between its blocks. Neither depends on time or on the machine.
final class Fragmentation {
    /// Units of the pool for [#meanUse(Setting, long, long)].
    static final long POOL = 64 << 20;

    private static final int STEPS_OF_PEAK = 400;
    private static final int LOOK_ABOVE = 20;
    private static final int FEWEST_REFUSALS = 20_000;
    private static final int CHURNS = 5;
    private static final long SEED = 1;

    /// Whose fit.
    enum Setting {
        /// [Fit#REFERENCE], offset for offset the original.
        ORIGINAL("original"),
        /// The default: [Fit#GOOD] and quick lists.
        GOOD("good"),
        /// [Fit#GOOD] alone.
        GOOD_WITHOUT_QUICK_LISTS("good, no quick lists");

        private final String label;

        Setting(String label) {
            this.label = label;
        }

        OffsetAllocator open(long pool) {
            return switch (this) {
                case ORIGINAL -> OffsetAllocator.builder(pool).fit(Fit.REFERENCE).build();
                case GOOD -> OffsetAllocator.create(pool);
                case GOOD_WITHOUT_QUICK_LISTS -> OffsetAllocator.builder(pool).quickLists(0, 0).build();
            };
        }

        @Override
        public String toString() {
            return label;
        }
    }

    private Fragmentation() {}

    /// What [#smallestPool(Setting, Script)] is to what is live at most, in the mean over five churns, as one of them
    /// depends on where its peak happens to be. Of a recorded trace there is only one.
    static double overhead(Setting setting, Work work) {
        int scripts = work.isRecorded() ? 1 : CHURNS;
        double sum = 0;
        for (int seed = 1; seed <= scripts; seed++) {
            Script script = work.script(seed);
            sum += (double) smallestPool(setting, script) / (script.peak() >> 4);
        }
        return sum / scripts;
    }

    /// The smallest pool with which a script is never refused anything, nor with any larger one. A larger pool can do worse
    /// by chance, a little: so halving finds where to begin, and from 5 % above that, steps of a 400th of what is
    /// live at most lead down to the first pool that refuses.
    ///
    /// @return granules of 16 bytes
    static long smallestPool(Setting setting, Script script) {
        long peak = script.peak() >> 4;
        long step = Math.max(1, peak / STEPS_OF_PEAK);
        long refused = peak - 1;
        long enough = script.pool() >> 4;
        while (!completes(setting, script, enough)) {
            refused = enough;
            enough *= 2;
        }
        while (enough - refused > step) {
            long middle = (refused + enough) >>> 1;
            if (completes(setting, script, middle)) {
                enough = middle;
            } else {
                refused = middle;
            }
        }
        long pool = enough + peak / LOOK_ABOVE;
        while (pool - step >= peak && completes(setting, script, pool - step)) {
            pool -= step;
        }
        return pool;
    }

    private static boolean completes(Setting setting, Script script, long pool) {
        try (OffsetAllocator allocator = setting.open(pool)) {
            long[] handles = new long[script.slotCount()];
            for (int i = 0; i < script.operations(); i++) {
                int slot = script.slot(i) & ~Trace.FREE;
                if (script.slot(i) < 0) {
                    allocator.free(handles[slot]);
                } else {
                    handles[slot] = allocator.allocate(Subject.granules(script.bytes(i)));
                    if (handles[slot] == OffsetAllocator.NO_SPACE) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /// Asks for blocks of random size in a pool of [#POOL] units. Whenever one is refused, frees one of the live ones at
    /// random and goes on.
    ///
    /// ```
    ///  fill | refusals to settle | refusals measured: part of the pool in use at each, mean
    /// ```
    ///
    /// It settles for twice as many refusals as there can be blocks, so that each has had to go, and is measured over as
    /// many.
    ///
    /// @param smallest size, and
    /// @param largest  size, all between are equally frequent
    static double meanUse(Setting setting, long smallest, long largest) {
        SplittableRandom random = new SplittableRandom(SEED);
        int mostBlocks = (int) (POOL / smallest);
        int refusals = Math.max(FEWEST_REFUSALS, 2 * mostBlocks);
        long[] live = new long[mostBlocks];
        int count = 0;
        long used = 0;
        double sum = 0;
        try (OffsetAllocator allocator = setting.open(POOL)) {
            for (int seen = 0; seen < 2 * refusals; ) {
                long size = random.nextLong(smallest, largest + 1);
                long block = allocator.allocate(size);
                if (block != OffsetAllocator.NO_SPACE) {
                    used += size;
                    live[count++] = block;
                    continue;
                }
                if (seen++ >= refusals) {
                    sum += (double) used / POOL;
                }
                int victim = random.nextInt(count);
                used -= allocator.size(live[victim]);
                allocator.free(live[victim]);
                live[victim] = live[--count];
            }
            allocator.verify();
        }
        return sum / refusals;
    }
}
