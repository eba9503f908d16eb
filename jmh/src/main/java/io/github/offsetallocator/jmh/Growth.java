package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How does the cost of an operation grow? With the number of live blocks, when the pool grows with them, and with the
/// pool, when the number stays the same. Blocks of 16 to 512 bytes are replaced at random, see [Replacement].
///
/// The steps of the allocator are the same at any number. What grows is the time to reach what it knows of a block: a
/// random one lies in whatever cache all of them still fit into.
///
/// Run: `java -jar jmh/target/benchmarks.jar growth`
@Command(
        name = "growth",
        mixinStandardHelpOptions = true,
        description = "Nanoseconds per operation against live blocks and against the size of the pool; takes minutes.")
final class Growth extends Runner {
    /// What a case is called, before its number.
    static final String LIVE = "live blocks: ";
    static final String POOL = "bytes of the pool: ";

    private static final int SIZES = 32;
    private static final double POOL_TO_LIVE = 1.5;
    private static final int STEP = 4;
    private static final int FEWEST_LIVE = 1 << 10;
    private static final int LIVE_IN_GROWING_POOL = 64 << 10;
    private static final double SMALLEST_POOL_TO_LIVE = 1.25;
    private static final int POOL_STEPS = 6;

    private static final int PAIRS = 1 << 20;
    private static final int WARM_UP_ROUNDS = 5;
    private static final int TIMED_ROUNDS = 7;

    @Option(
            names = "--most",
            paramLabel = "N",
            defaultValue = "16777216",
            description = "Most live blocks (default: ${DEFAULT-VALUE}, for which malloc needs 5 GB).")
    private int most;

    Growth() {
        super(1, Kind.OFFSET_ALLOCATOR, Kind.OFFSET_REFERENCE, Kind.MALLOC);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options.require(program, most >= FEWEST_LIVE, "--most", most, FEWEST_LIVE + " or more");
        List<Case> byLive = new ArrayList<>();
        for (long live = FEWEST_LIVE; live <= most; live *= STEP) {
            byLive.add(point(LIVE + live, (int) live, pool((int) live, POOL_TO_LIVE)));
        }
        List<Case> byPool = new ArrayList<>();
        double times = SMALLEST_POOL_TO_LIVE;
        for (int step = 0; step < POOL_STEPS; step++, times *= STEP) {
            long pool = pool(LIVE_IN_GROWING_POOL, times);
            byPool.add(point(POOL + pool, LIVE_IN_GROWING_POOL, pool));
        }
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("time", "of the thread on the CPU");
        settings.put("pool, by live blocks", POOL_TO_LIVE + " times what is live");
        settings.put("live blocks, by pool", Integer.toString(LIVE_IN_GROWING_POOL));
        List<Case> all = new ArrayList<>(byLive);
        all.addAll(byPool);
        Results results = run("growth", settings, List.of("-Xmx4g"), all);
        System.out.println(table(results, byLive, LIVE));
        System.out.println(table(results, byPool, POOL));
        return 0;
    }

    private static Case point(String name, int live, long pool) {
        return new Case(name, List.of(Integer.toString(live), Long.toString(pool)));
    }

    /// In whole granules.
    private static long pool(int live, double times) {
        return (long) (times * Replacement.meanLive(live, SIZES)) & -16;
    }

    /// One row for each point.
    private static Table table(Results results, List<Case> points, String what) {
        Table table = new Table();
        table.row(what + Quick.NANOS, results.subjects());
        for (Case point : points) {
            long x = Long.parseLong(point.name().substring(what.length()));
            table.row(Table.number("%,.0f", x), results.subjects().stream()
                    .map(subject -> Table.number("%.1f", results.median(point.name(), subject, Quick.NANOS)))
                    .toList());
        }
        return table;
    }

    /// A fork, with a subject, the number of live blocks and the bytes of the pool. Replacing a block is two operations.
    public static void main(String[] args) throws InterruptedException {
        Kind kind = Kind.valueOf(args[0]);
        int live = Integer.parseInt(args[1]);
        long pool = Long.parseLong(args[2]);
        Fork.answer(() -> {
            try (Subject subject = kind.open(live, pool)) {
                Replacement replacement = new Replacement(subject, live, SIZES);
                replacement.fill();
                for (int round = 0; round < WARM_UP_ROUNDS; round++) {
                    replacement.replace(PAIRS);
                }
                double[] nanos = new double[TIMED_ROUNDS];
                for (int round = 0; round < TIMED_ROUNDS; round++) {
                    long before = Fork.cpuNanos();
                    replacement.replace(PAIRS);
                    nanos[round] = (Fork.cpuNanos() - before) / (2.0 * PAIRS);
                }
                return Map.of(Quick.NANOS, nanos);
            }
        });
    }
}
