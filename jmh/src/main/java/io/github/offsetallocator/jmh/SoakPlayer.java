package io.github.offsetallocator.jmh;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// The JVM in which one subject works for [GcSoak]. It asks for a collection before the operations that count and for
/// another after them, so that [GcLog] finds those between.
final class SoakPlayer {
    private static final long WARM_UP_OPERATIONS = 10 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// @param bytesPerOperation bytes on the Java heap, exact, as the JVM counts them for the thread
    record Answer(long operations, double nanosPerOperation, double bytesPerOperation) {}

    public static void main(String[] args) {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        long operations = Long.parseLong(args[2]);
        FastThreads.run(() -> {
            Check.run(script, kind);
            try (Subject subject = kind.open(script.slotCount(), script.pool())) {
                replay(script, subject, Math.min(operations, WARM_UP_OPERATIONS));
                System.gc();
                Answer answer = measure(script, subject, operations);
                System.gc();
                System.out.println(Json.line(answer));
            }
        });
    }

    private static Answer measure(Script script, Subject subject, long operations) {
        long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
        long before = System.nanoTime();
        long done = replay(script, subject, operations);
        long after = System.nanoTime();
        long bytesAfter = THREADS.getCurrentThreadAllocatedBytes();
        return new Answer(done, (double) (after - before) / done, (double) (bytesAfter - bytesBefore) / done);
    }

    /// Whole replays, until so many operations are done.
    private static long replay(Script script, Subject subject, long operations) {
        long done = 0;
        while (done < operations) {
            script.replay(subject);
            done += script.operations();
        }
        return done;
    }
}
