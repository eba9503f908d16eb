package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Cuts every kind of call short after each of its stores. What is live must stay so, and what was in hand must be as before
/// or as after the call.
@Execution(ExecutionMode.CONCURRENT)
class CutShortTest {
    private static final int FIRST_SEED = 2;
    private static final int SEEDS = Integer.getInteger("cut.seeds", 1);

    /// One for each thread that runs tests: to load the library once more takes longer than to use it.
    private static final ThreadLocal<CutLoader> LOADER = ThreadLocal.withInitial(CutLoader::new);

    @ParameterizedTest
    @ValueSource(strings = {"SLABS", "PAGES", "LARGE_SIZES", "FEW_BLOCKS", "NO_SLABS", "REFERENCE", "WHOLE_RANGE", "ANY_THREAD", "ANY_THREAD_LARGE", "TWO_STRIPES"})
    void whatIsLiveStaysLive(String world) throws Throwable {
        int cuts = 0;
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            cuts += run(world, seed);
        }
        int all = cuts;
        assertTrue(cuts > 100 * SEEDS, () -> all + " cuts");
    }

    private static int run(String world, long seed) throws Throwable {
        Method run = LOADER.get().loadClass(CutScenario.class.getName()).getDeclaredMethod("run", String.class, long.class);
        run.setAccessible(true);
        try {
            return (int) run.invoke(null, world, seed);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
