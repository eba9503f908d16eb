package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.engine.Shadow.Call;
import io.github.offsetallocator.internal.engine.Shadow.Kind;
import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.FailingSource;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Memory for tables runs out: the call fails, nothing else does, and it succeeds when there is memory again.
@ResourceLock("source of table memory")
class FailingMemoryTest {
    /// Calls that take nothing, so that they must not fail.
    private static final Set<Kind> NEVER_FAIL = EnumSet.of(Kind.FREE, Kind.FREE_AT, Kind.FREE_ALL, Kind.RETIRE, Kind.FREE_RETIRED, Kind.END_PLAN, Kind.RESET);

    private final FailingSource source = new FailingSource();
    private final Map<Kind, Integer> failures = new EnumMap<>(Kind.class);

    @AfterEach
    void restore() {
        source.close();
    }

    private static Settings settings(boolean hasSlabs, boolean byOffset, boolean preallocated, Threads threads) {
        return new Settings(1 << 20, FitPolicy.GOOD, preallocated ? 1000 : 1 << 20, preallocated, hasSlabs, byOffset, 0, threads);
    }

    /// Each request of each call fails once.
    @ParameterizedTest
    @CsvSource({"true, false, false", "true, true, false", "false, true, false", "true, true, true", "false, false, true"})
    void aCallThatFailsHasChangedNothing(boolean hasSlabs, boolean byOffset, boolean all) {
        for (long seed = 1; seed <= 3; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Shadow shadow = new Shadow(settings(hasSlabs, byOffset, false, Threads.CONFINED), new long[] {3, 70, 152}, seed);
            for (int round = 0; round < 4; round++) {
                for (int i = 0; i < 400; i++) {
                    make(shadow, i % 3 > 0 ? Kind.SMALL : Kind.POPULAR, random, all);
                }
                for (int i = 0; i < 300; i++) {
                    make(shadow, Kind.values()[random.nextInt(Kind.values().length - 1)], random, all);
                }
                while (shadow.count() > 20 && round < 3) {
                    make(shadow, random.nextInt(4) > 0 ? Kind.FREE : Kind.FREE_RETIRED, random, all);
                }
            }
            shadow.check();
            shadow.end(true);
            shadow.engine.close(() -> {});
            assertEquals(0, source.openArenas());
        }
        assertTrue(source.failures() > 5, () -> source.failures() + " requests have failed, calls " + failures);
        assertTrue(failures.size() > 1 && failures.getOrDefault(Kind.TAG, 0) > 1, failures::toString);
    }

    private void make(Shadow shadow, Kind kind, SplittableRandom random, boolean all) {
        Call call = shadow.prepare(kind, random);
        if (call != null) {
            make(shadow, call, all);
        }
    }

    /// Makes a call again and again, until it has succeeded. Returns how often it had failed.
    private int make(Shadow shadow, Call call, boolean all) {
        int n = 1;
        for (; fails(n, all, () -> shadow.run(call)); n++) {
            failures.merge(call.kind, 1, Integer::sum);
            assertFalse(NEVER_FAIL.contains(call.kind), () -> call + " has failed");
            assertTrue(n < 10, () -> call + " fails for ever");
            shadow.check();
        }
        shadow.done(call);
        return n - 1;
    }

    /// Makes a call while the `n`-th request fails. (JUnit would end at an OutOfMemoryError that it sees.)
    private boolean fails(int n, boolean all, Runnable call) {
        source.fail(n, all ? Long.MAX_VALUE : n);
        try {
            call.run();
            return false;
        } catch (OutOfMemoryError e) {
            return true;
        } finally {
            source.calm();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void growing(boolean all) {
        Shadow shadow = new Shadow(settings(true, true, false, Threads.CONFINED), new long[] {3}, 1);
        for (int i = 0; i < 30; i++) {
            shadow.make(Kind.SMALL);
        }
        int failed = 0;
        for (long capacity = 1 << 22; capacity < 1L << 32; capacity <<= 2) {
            Call call = new Call(Kind.GROW);
            call.value = capacity;
            failed += make(shadow, call, all);
            shadow.check();
        }
        assertTrue(failed > 2, "failed " + failed);
        shadow.engine.close(() -> {});
        assertEquals(0, source.openArenas());
    }

    @Test
    void retiring() {
        OneThread engine = new OneThread(settings(true, false, false, Threads.CONFINED));
        Retired queue = engine.newRetired();
        int failed = 0;
        for (int i = 1; i <= 5000; i++) {
            long handle = engine.allocate(1 + i % 7, 0);
            int value = i;
            if (fails(1, true, () -> queue.retire(handle, value))) {
                failed++;
                engine.verify();
                assertTrue(engine.isLive(handle));
                queue.retire(handle, value);
            }
            assertEquals(i, queue.count());
            assertEquals(i, engine.retired());
        }
        assertTrue(failed >= 3, "failed " + failed);
        assertFalse(fails(1, true, () -> assertEquals(5000, queue.reclaim(5000))));
        engine.verify();
        engine.close(() -> {});
        assertEquals(0, source.openArenas());
    }

    @Test
    void anEngineThatIsHalfBuiltLeavesNothingOpen() {
        for (Threads threads : Threads.values()) {
            for (int what = 0; what < 8; what++) {
                Settings settings = settings((what & 1) != 0, (what & 2) != 0, (what & 4) != 0, threads);
                long requests = build(settings);
                for (int n = 1; n <= requests; n++) {
                    assertTrue(fails(n, false, () -> Engine.of(settings)), settings::toString);
                    assertEquals(0, source.openArenas(), settings + ", request " + n);
                }
                assertEquals(requests, build(settings));
            }
        }
    }

    private long build(Settings settings) {
        long before = source.requests();
        Engine engine = Engine.of(settings);
        long requests = source.requests() - before;
        assertTrue(source.openArenas() > 0);
        engine.verify();
        engine.close(() -> {});
        assertEquals(0, source.openArenas(), settings + ", closed");
        return requests;
    }
}
