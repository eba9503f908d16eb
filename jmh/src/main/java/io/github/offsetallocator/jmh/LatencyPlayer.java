package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;
import java.util.NavigableMap;
import org.HdrHistogram.Histogram;

/// The JVM in which the operations of one subject are timed one by one for [Latency].
///
/// ```
///  check | warm-up, thrown away | a new allocator, a new histogram: operations, replay after replay | percentiles
/// ```
///
/// The allocator is new when the timing starts, so what it does as it grows is in the figures.
final class LatencyPlayer {
    private static final long LONGEST = 10_000_000_000L;
    private static final int DIGITS = 3;
    private static final long WARM_UP_OPERATIONS = 10 << 20;

    /// @param percentiles nanoseconds
    record Answer(NavigableMap<Double, Long> percentiles) {}

    public static void main(String[] args) {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        long operations = Long.parseLong(args[2]);
        FastThreads.run(() -> {
            Check.run(script, kind);
            time(script, kind, Math.min(operations, WARM_UP_OPERATIONS));
            System.out.println(Json.line(new Answer(Latency.percentiles(time(script, kind, operations)))));
        });
    }

    private static Histogram time(Script script, Kind kind, long operations) {
        Histogram histogram = new Histogram(LONGEST, DIGITS);
        try (Subject subject = kind.open(script.slotCount(), script.pool())) {
            while (histogram.getTotalCount() < operations) {
                replay(script, subject, histogram);
            }
        }
        return histogram;
    }

    private static void replay(Script script, Subject subject, Histogram histogram) {
        for (int i = 0; i < script.operations(); i++) {
            int slot = script.slot(i);
            int bytes = script.bytes(i);
            long before = System.nanoTime();
            if (slot >= 0) {
                subject.allocate(slot, bytes);
            } else {
                subject.free(slot & ~Trace.FREE);
            }
            long after = System.nanoTime();
            histogram.recordValue(after - before);
        }
    }
}
