package io.github.offsetallocator.examples;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/// The JVM in which one subject replays one trace for [Race]. It warms up, says `ready`, and then, for each line on standard
/// input, replays for a while and answers with two numbers.
///
/// ```
///  Rival WAY TRACE DIRECTORY      [warm-up] ready  .  [replay] 6.71 0.0  .  .  [replay] 6.69 0.0  .  .
/// ```
///
/// Time is what the thread had of a core, not what others had of it. Bytes on the Java heap are what the JVM counts for
/// this thread, exact to the byte; asking for the counts allocates nothing.
final class Rival {
    static final String READY = "ready";

    private static final long WARM_UP_NANOS = 2_000_000_000L;
    private static final int SAMPLE_OPERATIONS = 1_000_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Rival() {}

    public static void main(String[] args) throws IOException {
        Workload work = Workload.of(Trace.recorded(args[1]));
        try (Subject subject = Subject.Way.valueOf(args[0]).open(work, Path.of(args[2]))) {
            long start = THREADS.getCurrentThreadCpuTime();
            while (THREADS.getCurrentThreadCpuTime() - start < WARM_UP_NANOS) {
                subject.replay(work);
            }
            System.out.println(READY);
            BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
            while (orders.readLine() != null) {
                System.out.println(sample(work, subject));
            }
        }
    }

    /// Nanoseconds and bytes of an operation, the mean of as many replays as make a million operations.
    private static String sample(Workload work, Subject subject) {
        int replays = Math.ceilDiv(SAMPLE_OPERATIONS, work.operations());
        double operations = (double) replays * work.operations();
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        long nanos = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < replays; i++) {
            subject.replay(work);
        }
        nanos = THREADS.getCurrentThreadCpuTime() - nanos;
        bytes = THREADS.getCurrentThreadAllocatedBytes() - bytes;
        return nanos / operations + " " + bytes / operations;
    }
}
