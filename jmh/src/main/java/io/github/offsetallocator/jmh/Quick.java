package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What does an operation cost, here and with the peers, on everything in [Work]? Whole traces, in CPU time of the thread:
/// on a machine that others use too, the time on the clock says more about them.
///
/// Run: `java -jar jmh/target/benchmarks.jar quick`
@Command(
        name = "quick",
        mixinStandardHelpOptions = true,
        description = "Nanoseconds per operation on all traces and churns, beside the peers; a quarter of an hour.")
final class Quick extends Runner {
    static final String NANOS = "ns/op";

    private static final long WARM_UP_NANOS = 1_000_000_000L;
    private static final int WARM_UP_OPERATIONS = 3_000_000;
    private static final long TIMED_NANOS = 500_000_000L;
    private static final int SAMPLE_OPERATIONS = 1_000_000;
    private static final int FEWEST_SAMPLES = 3;
    private static final int MOST_SAMPLES = 9;

    @Option(names = "--work", split = ",", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work = List.of(Work.values());

    @Option(
            names = "--pool",
            paramLabel = "TIMES",
            defaultValue = "2",
            description = "Size of the pool in multiples of what is live at most (default: ${DEFAULT-VALUE}).")
    private double pool;

    @Option(
            names = "--external",
            paramLabel = "NAME=COMMAND",
            description = "A program that takes part too; docs/benchmarks.md says what it has to read and print.")
    private Map<String, String> external = Map.of();

    Quick() {
        super(
                3,
                Kind.OFFSET_ALLOCATOR, Kind.OFFSET_REFERENCE, Kind.ARENA, Kind.ARENA_SEGMENTS, Kind.CONFINED, Kind.MALLOC,
                Kind.LWJGL, Kind.LWJGL_MIMALLOC, Kind.LWJGL_RPMALLOC, Kind.LWJGL_JEMALLOC, Kind.LWJGL_VMA,
                Kind.NETTY_ADAPTIVE, Kind.NETTY_POOLED, Kind.EHCACHE);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        external.forEach((name, command) -> invite(name, new External(command, pool)));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("time", "of the thread on the CPU");
        settings.put("pool", pool + " times what is live at most");
        Results results = run("quick", settings, Fork.TOUCHED_HEAP, work.stream()
                .map(each -> new Case(each.toString(), List.of(each.name(), Double.toString(pool))))
                .toList());
        System.out.println(Table.medians(results, NANOS, results.forks().keySet(), "%.1f"));
        System.out.println(Table.ratios(results, NANOS, results.forks().keySet()));
        return 0;
    }

    /// A fork, with a subject, the work and the size of the pool.
    public static void main(String[] args) throws InterruptedException {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        long pool = script.pool(Double.parseDouble(args[2]));
        Fork.answer(() -> Map.of(NANOS, measure(kind, script, pool)));
    }

    /// Nanoseconds per operation. Each number is the mean of as many replays as make a million operations.
    private static double[] measure(Kind kind, Script script, long pool) {
        try (Subject subject = kind.open(script.slotCount(), pool)) {
            Check.run(subject, script, pool);
        }
        try (Subject subject = kind.open(script.slotCount(), pool)) {
            long start = Fork.cpuNanos();
            for (long done = 0;
                    done < WARM_UP_OPERATIONS || Fork.cpuNanos() - start < WARM_UP_NANOS;
                    done += script.operations()) {
                script.replay(subject);
            }
            int replays = Math.ceilDiv(SAMPLE_OPERATIONS, script.operations());
            double[] nanos = new double[MOST_SAMPLES];
            int n = 0;
            start = Fork.cpuNanos();
            while (n < FEWEST_SAMPLES || n < MOST_SAMPLES && Fork.cpuNanos() - start < TIMED_NANOS) {
                long before = Fork.cpuNanos();
                for (int i = 0; i < replays; i++) {
                    script.replay(subject);
                }
                nanos[n++] = (double) (Fork.cpuNanos() - before) / replays / script.operations();
            }
            return Arrays.copyOf(nanos, n);
        }
    }
}
