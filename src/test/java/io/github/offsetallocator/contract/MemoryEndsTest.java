package io.github.offsetallocator.contract;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Memory ends: that of the Java heap, and native memory. The caller gets an OutOfMemoryError, nothing has changed, and all
/// goes on when there is memory again.
@Execution(ExecutionMode.CONCURRENT)
class MemoryEndsTest {
    private static final long SEED = Long.getLong("contract.seed", 22);
    private static final List<String> SMALL = List.of("-Xmx12m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    /// The fewest native memory for the JVM itself, so that what ends is ours.
    private static final List<String> FRUGAL = List.of("-XX:TieredStopAtLevel=1", "-Xmx64m", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=8m",
            "-XX:CompressedClassSpaceSize=16m", "-XX:-UsePerfData", "-Xshare:auto");

    /// What the JVM and the arena take, in KiB, or 0 as long as that isn't known.
    private static long size;

    private static void heap(String what, int batches, String... subjects) {
        heap(what, SEED, batches, subjects);
    }

    static void heap(String what, long seed, int batches, String... subjects) {
        String[] arguments = Stream.concat(Stream.of(what, "" + seed, "" + batches), Stream.of(subjects)).toArray(String[]::new);
        Fork.Result result = Fork.run(HeapMain.class, 90 * subjects.length, SMALL, arguments);
        if (result.exit() != 0) {
            throw new AssertionError("it ended with " + result.exit() + ":\n" + result.output());
        }
        Check.that(result.number("failures") >= batches / HeapMain.FAILS, () -> "too few failures to say anything:\n" + result.output());
    }

    @ParameterizedTest
    @ValueSource(strings = {"GOOD", "NATIVE", "NATIVE_SHARED", "NATIVE_TIGHT", "ZEROED_SHARED", "GROWABLE_SHARED"})
    @Fault(22)
    void theHeapIsFull(String subject) {
        heap("calls", 6, subject);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GOOD", "REFERENCE", "NATIVE", "NATIVE_SHARED", "GROWABLE", "DURABLE"})
    @Fault(22)
    void theHeapIsFullAtTheFirstReset(String subject) {
        Fork.Result result = Fork.run(HeapMain.class, 90, SMALL, "reset", "0", "0", subject);
        Check.equal(0, result.exit(), "the status of\n" + result.output());
    }

    @Test
    void theHeapIsFullWhenAChunkIsOpened() {
        heap("chunk", 5, "GROWABLE_SHARED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NATIVE_SHARED", "NATIVE_SHARED_TIGHT"})
    @Fault(22)
    void theHeapIsFullForTwoThreads(String subject) {
        heap("beside", 6, subject);
    }

    /// Runs under a limit that leaves so many MiB beyond what the JVM and the arena take. A JVM that could not go on itself
    /// says nothing about the library, so it gets more.
    private static void limited(String what, boolean shared) {
        Assumptions.assumeTrue(OS.LINUX.isCurrentOs(), "the size of the process comes from /proc");
        if (size == 0) {
            size = Fork.run(NativeMain.class, 60, FRUGAL, "size").number("kibibytes");
        }
        Check.that(size > 0, "the size of the process is not known");
        String last = "";
        for (int mebibytes = 96; mebibytes <= 192; mebibytes += 48) {
            Fork.Result result = Fork.runUnder("ulimit -v " + (size + (mebibytes << 10)), NativeMain.class, 90, FRUGAL, what, "" + shared);
            if (result.exit() == 0) {
                Check.that(result.number("failures") >= 0, result.output());
                return;
            }
            if (!result.hasCrashed()) {
                throw new AssertionError("it ended with " + result.exit() + ":\n" + result.output());
            }
            last = result.output();
        }
        throw new AssertionError("the JVM itself can't go on:\n" + last);
    }

    @ParameterizedTest
    @CsvSource({"handles, false", "handles, true"})
    @Fault({8, 19, 22})
    void nativeMemoryEndsForHandles(String what, boolean shared) {
        limited(what, shared);
    }

    @ParameterizedTest
    @CsvSource({"slices, false", "slices, true"})
    @Fault({5, 19, 22})
    void nativeMemoryEndsForSlices(String what, boolean shared) {
        limited(what, shared);
    }

    @Test
    @Fault(8)
    void whatWasEnoughIsEnoughWhereThereIsNoMore() {
        limited("again", false);
    }
}
