package io.github.offsetallocator.contract;

import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// All that is random, for as long as `-Dcontract.minutes` says, with seeds that are new each time.
@EnabledIfSystemProperty(named = "contract.minutes", matches = ".+")
class LongRunTest {
    private static final long MINUTE = 60_000_000_000L;

    @TempDir
    Path directory;

    @Test
    void forLong() throws Exception {
        long first = Long.getLong("contract.seed", ThreadLocalRandom.current().nextLong(1L << 48));
        System.out.println("contract: seeds from " + first + " on");
        long end = System.nanoTime() + (long) (Switches.MINUTES * MINUTE);
        long runs = 0;
        for (long seed = first; System.nanoTime() < end; seed++, runs++) {
            for (Subject subject : Subject.values()) {
                boolean closely = seed % 3 == 0;
                ContractTest.drive(subject, seed, Math.min(subject.spec().operations(), closely ? 2000 : 20_000), closely ? 1 : 1009, directory);
                if (subject.spec().can(Can.ANY_THREAD)) {
                    ManyThreadsTest.drive(subject, seed, 30, directory);
                }
            }
            if (runs % 4 == 3) {
                failures(seed);
            }
        }
        System.out.println("contract: " + runs + " seeds for each of " + Subject.values().length + " subjects, none failed");
    }

    /// In other JVMs, so each of these prints its own seed when it fails.
    private static void failures(long seed) {
        for (String mode : new String[] {"-Xint", "as-it-comes"}) {
            OverflowTest.ends("deep", mode, seed, 300, "GOOD", "REFERENCE", "NATIVE", "NATIVE_TIGHT", "ZEROED", "NATIVE_SHARED",
                    "NATIVE_SHARED_TIGHT", "ZEROED_SHARED");
            OverflowTest.ends("deep-beside", mode, seed, 100, "NATIVE_SHARED", "NATIVE_SHARED_TIGHT");
            OverflowTest.ends("parse", mode, seed, 30, "NATIVE", "NATIVE_SHARED", "GOOD");
        }
        MemoryEndsTest.heap("calls", seed, 15, "NATIVE", "NATIVE_SHARED", "ZEROED_SHARED");
        MemoryEndsTest.heap("beside", seed, 15, "NATIVE_SHARED", "NATIVE_SHARED_TIGHT");
    }
}
