package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How long do the slowest single operations take? Each is timed by itself.
///
/// ```
///  warm-up, thrown away | a new allocator, a new histogram: operations, replay after replay | percentiles
/// ```
///
/// The allocator is new when the timing starts, so what it does as it grows is in the figures. Nothing is subtracted: a
/// value includes one call of `System.nanoTime()`, and whatever else the machine did meanwhile. The subject `nothing`,
/// timed in the same way, shows both.
///
/// Run: `java -jar jmh/target/benchmarks.jar latency`
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description = "Percentiles of single operations, 50 to 99.9999, and the longest; takes a few minutes.")
final class Latency extends Runner {
    static final String PERCENTILES = "percentile";
    static final String NANOS = "ns";
    static final String OPERATIONS = "operations";

    private static final List<Double> IN_TABLE = List.of(50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999, 100.0);
    private static final int STEPS_PER_NINE = 20;
    private static final long LONGEST = 10_000_000_000L;
    private static final int DIGITS = 3;
    private static final long WARM_UP_OPERATIONS = 10 << 20;

    @Option(names = "--work", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private Work work = Work.CHURN_64K;

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "100000000",
            description = "How many operations of each subject are timed (default: ${DEFAULT-VALUE}).")
    private long operations;

    Latency() {
        super(
                1,
                Kind.NOTHING, Kind.OFFSET_ALLOCATOR, Kind.OFFSET_REAL_TIME, Kind.ARENA_SEGMENTS,
                Kind.ARENA_REAL_TIME_SEGMENTS, Kind.MALLOC, Kind.CONFINED);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options.requireCount(program, "--operations", operations);
        String each = work.toString();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("time", "on the clock, with one call of System.nanoTime() for each operation");
        settings.put("work", each);
        settings.put("pool", "2 times the peak live size");
        settings.put("maxAllocations of realTime()", Integer.toString(work.script().slotCount()));
        settings.put(OPERATIONS, Long.toString(operations));
        Case only = new Case(each, List.of(work.name(), Long.toString(operations)));
        Results results = run("latency", settings, List.of(), List.of(only));
        Table table = new Table();
        table.row(NANOS, IN_TABLE.stream()
                .map(percentile -> percentile == 100 ? "longest" : percentile + " %")
                .toList());
        for (String subject : results.subjects()) {
            NavigableMap<Double, Double> nanos = percentiles(results, subject);
            table.row(subject, IN_TABLE.stream()
                    .map(percentile -> Table.number("%,.0f", nanos.floorEntry(percentile).getValue()))
                    .toList());
        }
        System.out.println(table);
        return 0;
    }

    /// Of the first round.
    static NavigableMap<Double, Double> percentiles(Results results, String subject) {
        String only = results.forks().keySet().iterator().next();
        double[] percentiles = results.numbers(only, subject, 0, PERCENTILES);
        double[] nanos = results.numbers(only, subject, 0, NANOS);
        NavigableMap<Double, Double> map = new TreeMap<>();
        for (int i = 0; i < percentiles.length; i++) {
            map.put(percentiles[i], nanos[i]);
        }
        return map;
    }

    /// A fork, with a subject, the work and the number of operations.
    public static void main(String[] args) throws InterruptedException {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        long operations = Long.parseLong(args[2]);
        Fork.answer(() -> {
            time(script, kind, Math.min(operations, WARM_UP_OPERATIONS));
            return percentiles(time(script, kind, operations));
        });
    }

    private static Histogram time(Script script, Kind kind, long operations) {
        Histogram histogram = new Histogram(LONGEST, DIGITS);
        try (Subject subject = kind.open(script.slotCount(), script.pool(2))) {
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
                subject.free(slot & ~Script.FREE);
            }
            long after = System.nanoTime();
            histogram.recordValue(after - before);
        }
    }

    /// Those of the table, and the steps of a curve over a logarithmic axis: 0, 90, 99, 99.9 and 19 between each.
    static Map<String, double[]> percentiles(Histogram histogram) {
        NavigableMap<Double, Double> nanos = new TreeMap<>();
        for (double percentile : IN_TABLE) {
            nanos.put(percentile, (double) histogram.getValueAtPercentile(percentile));
        }
        double nines = Math.log10(histogram.getTotalCount());
        for (int step = 0; step <= nines * STEPS_PER_NINE; step++) {
            double percentile = 100 - 100 * Math.pow(10, -(double) step / STEPS_PER_NINE);
            nanos.putIfAbsent(percentile, (double) histogram.getValueAtPercentile(percentile));
        }
        return Map.of(PERCENTILES, numbers(nanos.keySet().stream()), NANOS, numbers(nanos.values().stream()));
    }

    private static double[] numbers(Stream<Double> numbers) {
        return numbers.mapToDouble(Double::doubleValue).toArray();
    }
}
