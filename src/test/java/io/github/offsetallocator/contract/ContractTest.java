package io.github.offsetallocator.contract;

import io.github.offsetallocator.BesideOthers;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The contract, for every [Subject]: some ten thousand random calls of every kind each. [LongRunTest] makes many more.
@BesideOthers
class ContractTest {
    private static final long SEED = Long.getLong("contract.seed", 20260913);

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Subject.class)
    void keepsTheContract(Subject subject) throws Exception {
        drive(subject, SEED, subject.spec().operations(), 211, directory);
    }

    @ParameterizedTest
    @EnumSource(Subject.class)
    void keepsItVerifiedAfterEveryCall(Subject subject) throws Exception {
        drive(subject, SEED + 1, Math.min(1500, subject.spec().operations() / 4), 1, directory);
    }

    @ParameterizedTest
    @EnumSource(Subject.class)
    void keepsItFromEverySeed(Subject subject) throws Exception {
        for (int seed = 0; seed < 5; seed++) {
            drive(subject, SEED + 100 + seed, Math.min(1000, subject.spec().operations() / 10), 97, directory);
        }
    }

    /// One call after the other, from one thread, or from three in turns where that's allowed.
    static void drive(Subject subject, long seed, int operations, int verifyEvery, Path directory) throws Exception {
        try (ContractDriver driver = new ContractDriver(subject, seed, directory)) {
            if (subject.spec().can(Can.ANY_THREAD)) {
                driveInTurns(driver, operations, verifyEvery);
            } else {
                driver.run(operations, verifyEvery);
            }
            driver.finish();
        }
    }

    private static void driveInTurns(ContractDriver driver, int operations, int verifyEvery) throws Exception {
        ExecutorService[] threads = new ExecutorService[3];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
        }
        try {
            int turns = Math.min(operations / 10, 200);
            for (int turn = 0; turn < turns; turn++) {
                threads[turn * turn % threads.length].submit(() -> driver.run(operations / turns, verifyEvery)).get(60, TimeUnit.SECONDS);
            }
        } finally {
            for (ExecutorService thread : threads) {
                thread.shutdownNow();
            }
        }
    }
}
