package io.github.offsetallocator.internal.watch;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.tables.Happenings;

/// Tells of an allocator's plans. It has no name and counts units, so nothing else is told of it. One serves all.
public final class PlanWatch implements Happenings {
    private static final PlanWatch WATCH = new PlanWatch();

    private PlanWatch() {}

    /// Lets an allocator tell of its plans.
    public static void watch(Engine engine) {
        engine.tally().tell(WATCH);
    }

    @Override
    public void compactionPlanned(long target, int moves) {
        EventSink.SINK.compactionPlanned(target, moves);
    }

    @Override
    public void compactionDone(int moves) {
        EventSink.SINK.compactionDone(moves);
    }
}
