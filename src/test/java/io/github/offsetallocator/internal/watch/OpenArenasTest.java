package io.github.offsetallocator.internal.watch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.engine.Settings;
import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.TableMemory;
import org.junit.jupiter.api.Test;

/// How many arenas are open is nothing to the one that is opened or closed.
class OpenArenasTest {
    private static final int MANY = 10_000;
    private static final int SOME = 500;

    @Test
    void oneIsOpenedAndClosedAsFastBesideMany() {
        Engine engine = Engine.of(new Settings(1 << 10, FitPolicy.GOOD, 100, false, true, true, 0, TableMemory.Threads.CONFINED));
        for (int i = 0; i < 5; i++) {
            time(engine); // until it is compiled
        }
        long alone = Math.min(time(engine), time(engine));
        ArenaWatch[] open = new ArenaWatch[MANY];
        for (int i = 0; i < MANY; i++) {
            open[i] = watch(engine);
        }
        long beside = Math.min(time(engine), time(engine));
        for (ArenaWatch watch : open) {
            EventSink.SINK.closed(watch);
        }
        engine.close(() -> {});
        assertTrue(beside < 20 * alone, () -> alone + " ns alone, " + beside + " beside " + MANY);
    }

    private static ArenaWatch watch(Engine engine) {
        return new ArenaWatch("some", engine, 4, ArenaWatch.Detection.OFF, false, true);
    }

    private static long time(Engine engine) {
        long start = System.nanoTime();
        for (int i = 0; i < SOME; i++) {
            EventSink.SINK.closed(watch(engine));
        }
        return System.nanoTime() - start;
    }
}
