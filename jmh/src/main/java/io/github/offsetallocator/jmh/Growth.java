package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.bytes;
import static io.github.offsetallocator.examples.Numbers.count;
import static io.github.offsetallocator.examples.Numbers.format;

import io.github.offsetallocator.examples.Progress;
import io.github.offsetallocator.examples.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How does the cost of an operation grow? With the number of live blocks, when the pool grows with them, and with the
/// pool, when the number stays the same. Blocks of 16 to 512 bytes are replaced at random, see [Replacement].
///
/// The steps of the allocator are the same at any number. What grows is the time to reach its nodes: a block takes
/// [#BYTES_PER_BLOCK] bytes of metadata and handle, and a random one lies in whatever cache all of them still fit into.
///
/// Run: `java -jar jmh/target/benchmarks.jar growth`
@Command(
        name = "growth",
        mixinStandardHelpOptions = true,
        description = "Nanoseconds per operation against live blocks and against the size of the pool; takes minutes.")
final class Growth implements Callable<Integer> {
    /// A node of 32 bytes, and its handle in the client's array.
    static final int BYTES_PER_BLOCK = 40;

    static final int SIZES = 32;

    private static final double POOL_TO_LIVE = 1.5;
    private static final int STEP = 4;
    private static final int FEWEST_LIVE = 1 << 10;
    private static final int LIVE_IN_GROWING_POOL = 64 << 10;
    private static final double SMALLEST_POOL_TO_LIVE = 1.25;
    private static final int POOL_STEPS = 6;

    @Option(
            names = "--subjects",
            split = ",",
            paramLabel = "SUBJECT",
            defaultValue = "offset-allocator,offset-no-quick-lists,heap-twin,malloc",
            description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Kind> subjects;

    @Option(
            names = "--most",
            paramLabel = "N",
            defaultValue = "16777216",
            description = "Most live blocks (default: ${DEFAULT-VALUE}, for which malloc needs 5 GB).")
    private int most;

    @Mixin
    private Json json;

    private final Progress progress = new Progress();

    /// @param byLive by subject: by live blocks: nanoseconds per operation
    /// @param byPool by subject: by bytes of the pool: the same, with 65 536 live blocks
    record Results(
            Machine machine,
            Map<String, Long> caches,
            Map<String, NavigableMap<Long, Double>> byLive,
            Map<String, NavigableMap<Long, Double>> byPool) {}

    @Override
    public Integer call() throws Exception {
        Map<String, NavigableMap<Long, Double>> byLive = new LinkedHashMap<>();
        Map<String, NavigableMap<Long, Double>> byPool = new LinkedHashMap<>();
        for (Kind kind : subjects) {
            for (int live = FEWEST_LIVE; live <= most; live *= STEP) {
                progress.stage(kind + ": " + count(live) + " live blocks");
                add(byLive, kind, live, measure(kind, live, pool(live, POOL_TO_LIVE)));
            }
            double times = SMALLEST_POOL_TO_LIVE;
            for (int step = 0; step < POOL_STEPS; step++) {
                long pool = pool(LIVE_IN_GROWING_POOL, times);
                progress.stage(kind + ": pool of " + bytes(pool));
                add(byPool, kind, pool, measure(kind, LIVE_IN_GROWING_POOL, pool));
                times *= STEP;
            }
        }
        progress.clear();
        Results results = new Results(Machine.here(), Machine.caches(), byLive, byPool);
        System.out.println(results.machine());
        results.caches().forEach((cache, size) -> System.out.println(
                cache + " of " + bytes(size) + ": nodes and handles of " + count(size / BYTES_PER_BLOCK) + " blocks"));
        System.out.println();
        System.out.println("ns/op by live blocks, pool " + POOL_TO_LIVE + " times what is live");
        System.out.println(table(byLive, live -> count(live)));
        System.out.println("ns/op by size of the pool, " + count(LIVE_IN_GROWING_POOL) + " live blocks");
        System.out.println(table(byPool, pool -> bytes(pool)));
        json.save("growth", results);
        return 0;
    }

    private static void add(Map<String, NavigableMap<Long, Double>> series, Kind kind, long x, double nanos) {
        series.computeIfAbsent(kind.toString(), _ -> new TreeMap<>()).put(x, nanos);
    }

    /// In whole granules.
    private static long pool(int live, double times) {
        return (long) (times * Replacement.meanLive(live, SIZES)) & -16;
    }

    private static double measure(Kind kind, int live, long pool) throws IOException, InterruptedException {
        return Double.parseDouble(Jvm.output(Jvm.running(
                GrowthPlayer.class, List.of("-Xmx4g"), kind.name(), Integer.toString(live), Long.toString(pool))));
    }

    private static Table table(Map<String, NavigableMap<Long, Double>> series, LongFunction<String> label) {
        Table table = new Table();
        List<String> header = new ArrayList<>(List.of(""));
        series.values().iterator().next().keySet().forEach(x -> header.add(label.apply(x)));
        table.header(header.toArray(String[]::new));
        series.forEach((subject, values) -> {
            List<String> row = new ArrayList<>(List.of(subject));
            values.values().forEach(nanos -> row.add(format("%.1f", nanos)));
            table.row(row.toArray(String[]::new));
        });
        return table;
    }
}
