package io.github.offsetallocator.contract;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// The contract among threads: calls of every kind while two others work on the same arena. Between batches all stand still,
/// and everything is looked at.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyThreadsTest {
    private static final long SEED = Long.getLong("contract.seed", 77);
    private static final int OTHERS = 2;

    static final EnumSet<Subject> SHARED = EnumSet.allOf(Subject.class);

    static {
        SHARED.removeIf(subject -> !subject.spec().can(Can.ANY_THREAD));
    }

    @TempDir
    Path directory;

    @ParameterizedTest
    @FieldSource("SHARED")
    void keepsTheContractAmongThreads(Subject subject) throws Exception {
        drive(subject, SEED, 120, directory);
    }

    static void drive(Subject subject, long seed, int batches, Path directory) throws Exception {
        ArenaFace face = (ArenaFace) subject.open(directory);
        FailureDriver driver = new FailureDriver(subject.spec(), face, FailureDriver.Rule.NOTHING_CHANGED, NoFailure.class, seed).besideOthers();
        List<Worker> others = new ArrayList<>();
        for (int i = 0; i < OTHERS; i++) {
            others.add(new Worker(face.arena, null));
        }
        try {
            for (int i = 0; i < batches; i++) {
                List<Call> calls = driver.ready(12);
                others.forEach(Worker::work);
                for (Call call : calls) {
                    try {
                        call.run(face, face.arena);
                    } catch (Throwable thrown) {
                        call.thrown = thrown;
                    }
                }
                List<Long> owned = new ArrayList<>();
                for (Worker other : others) {
                    owned.addAll(other.standStill());
                }
                driver.othersOwn(owned);
                driver.settle(calls);
            }
            others.forEach(Worker::freeAll);
            driver.othersOwn(List.of());
            driver.finish();
        } catch (Throwable failure) {
            throw new AssertionError(subject + ", -Dcontract.seed=" + seed + ": " + failure.getMessage() + "\n" + driver.lastCalls(), failure);
        } finally {
            others.forEach(Worker::close);
        }
    }

    /// Nothing throws this: no call may fail.
    private static final class NoFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
