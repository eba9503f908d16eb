package io.github.offsetallocator.internal.engine;

import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The stack may end at every call. What comes after goes on, and nothing is left at the end.
class StrikeTest {
    @ParameterizedTest
    @ValueSource(strings = {"plan", "drop", "commit", "walk", "grow", "close", "closeGrowable", "resetGrowable", "checked"})
    @SuppressWarnings("unchecked")
    void aCallThatIsStruckAnywhereHindersNoLaterOne(String what) throws ReflectiveOperationException {
        Class<?> scenario = new StrikeLoader().loadClass(StrikeScenario.class.getName());
        ((Consumer<String>) scenario.getConstructor().newInstance()).accept(what);
    }
}
