package io.github.offsetallocator.internal.engine;

import java.util.function.Consumer;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The stack may end at every call. What comes after goes on, and nothing is left at the end.
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = "log", mode = ResourceAccessMode.READ)
class StrikeTest {
    /// One for each thread that runs tests: to load the library once more takes longer than to use it.
    private static final ThreadLocal<StrikeLoader> LOADER = ThreadLocal.withInitial(StrikeLoader::new);

    @ParameterizedTest
    @ValueSource(strings = {"plan", "drop", "commit", "walk", "grow", "growSlabs", "close", "closeGrowable", "resetGrowable", "checked", "closeNative", "closeDurable"})
    void aCallThatIsStruckAnywhereHindersNoLaterOne(String what) throws ReflectiveOperationException {
        run(StrikeScenario.class, what);
    }

    @ParameterizedTest
    @ValueSource(strings = {"scope", "reset", "growable", "retire", "durableCalls"})
    void aCallOfAnArenaThatIsStruckAnywhereHindersNoLaterOne(String what) throws ReflectiveOperationException {
        run(StrikeArenas.class, what);
    }

    @ParameterizedTest
    @ValueSource(strings = {"makeRoom", "trimAfterReset"})
    void aSearchForRoomThatIsStruckAnywhereHindersNoLaterOne(String what) throws ReflectiveOperationException {
        run(StrikeRoom.class, what);
    }

    @ParameterizedTest
    @ValueSource(strings = {"allocator", "native", "nativeShared", "checked", "growable", "mapped", "durable", "durableAgain"})
    void aBuildThatIsStruckAnywhereLeavesNothing(String what) throws ReflectiveOperationException {
        run(StrikeBuilds.class, what);
    }

    @SuppressWarnings("unchecked")
    private static void run(Class<?> scenario, String what) throws ReflectiveOperationException {
        Class<?> loaded = LOADER.get().loadClass(scenario.getName());
        ((Consumer<String>) loaded.getConstructor().newInstance()).accept(what);
    }
}
