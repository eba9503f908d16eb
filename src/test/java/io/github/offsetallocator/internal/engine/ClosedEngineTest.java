package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A call that comes when another thread has closed the engine ends, and what it throws says so: nothing walks through closed tables.
class ClosedEngineTest {
    private static final Set<String> CALLS = Set.of("allocate", "allocateSlot", "free", "freeSlot", "freeAt", "find", "offset", "size", "tag", "resize", "retire", "reset",
            "blocks", "retired", "freeUnits", "largestFree", "freeRegions", "capacity", "openUnits", "metadataSize", "verify", "trimTables", "ensureRecovered");
    private static final Set<String> TAKE_UNITS = Set.of("find", "freeAt");

    @ParameterizedTest
    @CsvSource({"CONFINED, false", "CONFINED, true", "ANY, false", "ANY, true"})
    void everyCallEnds(Threads threads, boolean hasSlabs) {
        Engine engine = Engine.of(new Settings(1 << 20, FitPolicy.GOOD, 1 << 16, false, hasSlabs, true, 0, threads));
        long handle = 0;
        for (int i = 0; i < 100; i++) {
            handle = engine.allocate(8, 0);
        }
        engine.close(() -> {});
        int called = 0;
        for (Method method : Engine.class.getMethods()) {
            List<Class<?>> types = List.of(method.getParameterTypes());
            if (!CALLS.contains(method.getName()) || !Set.of(long.class, int.class).containsAll(types)) {
                continue;
            }
            Object[] arguments = types.stream().map(type -> type == int.class ? (Object) 0 : 1L).toArray();
            if (arguments.length > 0 && arguments[0] instanceof Long && !TAKE_UNITS.contains(method.getName())) {
                arguments[0] = handle;
            }
            called++;
            String what = method.getName() + Arrays.toString(arguments);
            boolean isConfined = threads == Threads.CONFINED;
            Throwable thrown = isConfined ? thrown(engine, method, arguments) // which belongs to this thread
                    : assertTimeoutPreemptively(Duration.ofSeconds(20), () -> thrown(engine, method, arguments), what);
            assertTrue(thrown == null || thrown instanceof IllegalStateException && thrown.getMessage().contains("closed"),
                    () -> what + ": " + thrown);
        }
        assertTrue(called > 20, called + " methods");
    }

    private static Throwable thrown(Engine engine, Method method, Object[] arguments) {
        try {
            method.invoke(engine, arguments);
            return null;
        } catch (InvocationTargetException e) {
            return e.getCause();
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}
