package io.github.offsetallocator.contract;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The stack ends in the middle of a call, interpreted (where it can between any two instructions) and as it comes.
@Execution(ExecutionMode.CONCURRENT)
class OverflowTest {
    private static final long SEED = Long.getLong("contract.seed", 2);

    private static void ends(String what, String mode, int batches, String... subjects) {
        ends(what, mode, SEED, batches, subjects);
    }

    static void ends(String what, String mode, long seed, int batches, String... subjects) {
        List<String> options = new ArrayList<>(List.of("-Xmx256m", "-XX:+UseSerialGC", "-ea"));
        if (!mode.equals("as-it-comes")) {
            options.add(mode);
        }
        String[] arguments = Stream.concat(Stream.of(what, "" + seed, "" + batches), Stream.of(subjects)).toArray(String[]::new);
        Fork.Result result = Fork.run(OverflowMain.class, 200 * subjects.length, options, arguments);
        if (result.exit() != 0) {
            throw new AssertionError("it ended with " + result.exit() + ":\n" + result.output());
        }
        Check.that(result.number("failures") >= subjects.length * batches / 10, () -> "too few overflows to say anything:\n" + result.output());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "as-it-comes"})
    @Fault(2)
    void aRecursionThatFreesInFinally(String mode) {
        ends("parse", mode, 30, "NATIVE", "NATIVE_SHARED", "GOOD");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GOOD REFERENCE REAL_TIME", "NATIVE NATIVE_TIGHT ZEROED ARENA_FEW", "NATIVE_SHARED NATIVE_SHARED_TIGHT ZEROED_SHARED",
            "ARENA_REAL_TIME_SHARED ARENA_REFERENCE_SHARED", "GROWABLE GROWABLE_SHARED_TIGHT DURABLE_GROWS_SHARED"})
    @Fault(2)
    void anyCallInterpreted(String subjects) {
        ends("deep", "-Xint", 40, subjects.split(" "));
    }

    @Test
    @Fault(2)
    void anyCallAsItComes() {
        ends("deep", "as-it-comes", 300, "GOOD", "REFERENCE", "NATIVE", "NATIVE_TIGHT", "ZEROED", "NATIVE_SHARED", "NATIVE_SHARED_TIGHT", "ZEROED_SHARED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "as-it-comes"})
    @Fault(2)
    void anyCallBesideAnotherThread(String mode) {
        ends("deep-beside", mode, 20, "NATIVE_SHARED", "NATIVE_SHARED_TIGHT", "ARENA_REFERENCE_SHARED", "ZEROED_SHARED");
    }

    /// An allocator that keeps its promises passes.
    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "as-it-comes"})
    void thisTestLetsTheRightPass(String mode) {
        ends("toy", mode, 600, "toy");
    }
}
