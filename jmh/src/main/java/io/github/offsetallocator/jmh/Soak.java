package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What does the garbage collector see of a billion operations, with a heap of 32 MiB? The JVM counts collections, their
/// time, and the bytes that the thread has allocated, to the byte.
///
/// Run: `java -jar jmh/target/benchmarks.jar soak`
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = "Collections and bytes per operation over a billion operations, with a heap of 32 MiB; minutes.")
final class Soak extends Runner {
    static final String BYTES = "B/op";

    private static final String HEAP = "-Xmx32m";
    private static final String COLLECTIONS = "collections";
    private static final String MILLIS = "ms in them";
    private static final String OPERATIONS = "operations";
    private static final long WARM_UP_OPERATIONS = 10 << 20;
    private static final int LESS_FOR_SEGMENTS = 10;

    @Option(names = "--work", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private Work work = Work.CC1PLUS;

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "1000000000",
            description = "Of those who should make no garbage; a tenth for the others (default: ${DEFAULT-VALUE}).")
    private long operations;

    Soak() {
        super(
                1,
                Kind.OFFSET_ALLOCATOR, Kind.ARENA, Kind.ARENA_SEGMENTS, Kind.NETTY_ADAPTIVE, Kind.NETTY_POOLED, Kind.CONFINED);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        String each = work.toString();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("work", each);
        settings.put("heap", HEAP + " " + Fork.COLLECTOR);
        Case only = new Case(each, List.of(work.name(), Long.toString(operations)));
        Results results = run("soak", settings, List.of(HEAP), List.of(only));
        Table table = new Table();
        table.row("", List.of(OPERATIONS, BYTES, COLLECTIONS, MILLIS));
        for (String subject : results.subjects()) {
            table.row(subject, List.of(
                    Table.number("%,.0f", results.median(each, subject, OPERATIONS)),
                    Table.number("%.4f", results.median(each, subject, BYTES)),
                    Table.number("%,.0f", results.median(each, subject, COLLECTIONS)),
                    Table.number("%,.0f", results.median(each, subject, MILLIS))));
        }
        System.out.println(table);
        return 0;
    }

    /// A fork, with a subject, the work and the number of operations.
    public static void main(String[] args) throws InterruptedException {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        long operations = Long.parseLong(args[2]);
        boolean withoutObjects = kind == Kind.OFFSET_ALLOCATOR || kind == Kind.ARENA;
        Fork.answer(() -> measure(kind, script, withoutObjects ? operations : operations / LESS_FOR_SEGMENTS));
    }

    private static Map<String, double[]> measure(Kind kind, Script script, long operations) {
        try (Subject subject = kind.open(script.slotCount(), script.pool(2))) {
            replay(script, subject, Math.min(operations, WARM_UP_OPERATIONS));
            System.gc();
            long collections = sum(GarbageCollectorMXBean::getCollectionCount);
            long millis = sum(GarbageCollectorMXBean::getCollectionTime);
            long bytes = Fork.THREADS.getCurrentThreadAllocatedBytes();
            long done = replay(script, subject, operations);
            bytes = Fork.THREADS.getCurrentThreadAllocatedBytes() - bytes;
            collections = sum(GarbageCollectorMXBean::getCollectionCount) - collections;
            millis = sum(GarbageCollectorMXBean::getCollectionTime) - millis;
            return Map.of(
                    OPERATIONS, new double[] {done},
                    BYTES, new double[] {(double) bytes / done},
                    COLLECTIONS, new double[] {collections},
                    MILLIS, new double[] {millis});
        }
    }

    private static long sum(ToLongFunction<GarbageCollectorMXBean> count) {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(count).sum();
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
