package io.github.offsetallocator.internal.engine;

import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Threads share a durable arena and are all stopped, each wherever it is, as a kill would stop them. A copy of the file is opened each time:
/// what calls that have returned have made is there, and of those under way all or nothing.
class StopTest {
    private static final int SEEDS = Integer.getInteger("stop.seeds", 2);
    /// To load the library once more takes longer than to use it.
    private static final StopLoader LOADER = new StopLoader();

    static LongStream seeds() {
        return LongStream.range(0, SEEDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatCallsHaveMadeIsInTheFile(long seed) throws ReflectiveOperationException {
        Class<?> loaded = LOADER.loadClass(StopScenario.class.getName());
        ((LongConsumer) loaded.getConstructor().newInstance()).accept(seed);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatGrowsAndMovesIsInTheFile(long seed) throws ReflectiveOperationException {
        Class<?> loaded = LOADER.loadClass(StopGrowthScenario.class.getName());
        ((LongConsumer) loaded.getConstructor().newInstance()).accept(seed);
    }
}
