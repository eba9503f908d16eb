package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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

    /// What was loaded and is used by no test now. To load the library once more takes longer than to use it.
    private static final Queue<CutLoader> UNUSED = new ConcurrentLinkedQueue<>();

    @ParameterizedTest
    @ValueSource(strings = {"SLABS", "PAGES", "LARGE_SIZES", "FEW_BLOCKS", "NO_SLABS", "REFERENCE", "WHOLE_RANGE", "ANY_THREAD", "ANY_THREAD_LARGE", "TWO_STRIPES"})
    void whatIsLiveStaysLive(String world) throws Throwable {
        CutLoader unused = UNUSED.poll();
        CutLoader loader = unused == null ? new CutLoader() : unused;
        int cuts = 0;
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            cuts += run(loader, world, seed);
        }
        UNUSED.add(loader);
        int all = cuts;
        assertTrue(cuts > 100 * SEEDS, () -> all + " cuts");
    }

    private static int run(CutLoader loader, String world, long seed) throws Throwable {
        Method run = loader.loadClass(CutScenario.class.getName()).getDeclaredMethod("run", String.class, long.class);
        run.setAccessible(true);
        try {
            return (int) run.invoke(null, world, seed);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
