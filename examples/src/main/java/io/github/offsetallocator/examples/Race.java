package io.github.offsetallocator.examples;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntConsumer;

/// Times subjects on one workload, in turn, round by round, so that whatever else the machine does meets all of them.
///
/// ```
///  warm-up         | round 0             | round 1             |  ...
///  a b c d a b c d | a: t  b: t  c: t .. | a: t  b: t  c: t .. |  median of each
/// ```
///
/// Bytes on the Java heap are what the JVM counts for this thread, exact to the byte; asking for the count allocates
/// nothing.
final class Race {
    private static final long WARM_UP_NANOS = 1_200_000_000L;
    private static final long TIMED_NANOS = 2_500_000_000L;
    private static final int FEWEST_ROUNDS = 7;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Workload work;
    private final Map<Subject.Way, Subject> subjects;

    /// What was measured of one subject.
    ///
    /// @param nanos     median time of an operation
    /// @param heapBytes median bytes on the Java heap of an operation
    record Result(double nanos, double heapBytes) {}

    /// @param rounds  timed replays of each subject
    /// @param results of each subject
    record Outcome(int rounds, Map<Subject.Way, Result> results) {}

    Race(Workload work, Map<Subject.Way, Subject> subjects) {
        this.work = work;
        this.subjects = subjects;
    }

    /// Runs for a fixed time, and at least [#FEWEST_ROUNDS] rounds.
    ///
    /// @param roundDone called with the number of timed rounds so far, 0 while it warms up
    Outcome run(IntConsumer roundDone) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < WARM_UP_NANOS) {
            roundDone.accept(0);
            subjects.values().forEach(subject -> subject.replay(work));
        }
        Map<Subject.Way, double[]> nanos = new EnumMap<>(Subject.Way.class);
        Map<Subject.Way, double[]> heapBytes = new EnumMap<>(Subject.Way.class);
        int rounds = 0;
        start = System.nanoTime();
        while (rounds < FEWEST_ROUNDS || System.nanoTime() - start < TIMED_NANOS) {
            for (Map.Entry<Subject.Way, Subject> entry : subjects.entrySet()) {
                Subject subject = entry.getValue();
                long heapBefore = THREADS.getCurrentThreadAllocatedBytes();
                long before = System.nanoTime();
                subject.replay(work);
                long after = System.nanoTime();
                long heapAfter = THREADS.getCurrentThreadAllocatedBytes();
                append(nanos, entry.getKey(), rounds, after - before);
                append(heapBytes, entry.getKey(), rounds, heapAfter - heapBefore);
            }
            roundDone.accept(++rounds);
        }
        Map<Subject.Way, Result> results = new EnumMap<>(Subject.Way.class);
        for (Subject.Way way : subjects.keySet()) {
            results.put(way, new Result(median(nanos.get(way), rounds), median(heapBytes.get(way), rounds)));
        }
        return new Outcome(rounds, results);
    }

    private void append(Map<Subject.Way, double[]> samples, Subject.Way way, int round, long total) {
        double[] sofar = samples.computeIfAbsent(way, _ -> new double[FEWEST_ROUNDS]);
        if (round == sofar.length) {
            sofar = Arrays.copyOf(sofar, 2 * round);
            samples.put(way, sofar);
        }
        sofar[round] = (double) total / work.operations();
    }

    private static double median(double[] samples, int count) {
        double[] sorted = Arrays.copyOf(samples, count);
        Arrays.sort(sorted);
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    }
}
