package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.count;
import static io.github.offsetallocator.examples.Numbers.format;

import io.github.offsetallocator.examples.Progress;
import io.github.offsetallocator.examples.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How long do the slowest single operations take? Each is timed by itself, in a JVM for each subject, see
/// [LatencyPlayer].
///
/// Nothing is subtracted: a value includes one call of `System.nanoTime()`, and whatever else the machine did meanwhile.
/// The subject `nothing`, timed in the same way, shows both.
///
/// Run: `java -jar jmh/target/benchmarks.jar latency`
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description = "Percentiles of single operations, 50 to 99.9999, and the longest; takes a few minutes.")
final class Latency implements Callable<Integer> {
    private static final List<Double> TABLE = List.of(50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999, 100.0);
    private static final int STEPS_PER_NINE = 20;

    @Option(
            names = "--subjects",
            split = ",",
            paramLabel = "SUBJECT",
            defaultValue = "nothing,offset-real-time,offset-allocator,arena,malloc,confined",
            description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Kind> subjects;

    @Option(
            names = "--work",
            paramLabel = "WORK",
            defaultValue = "churn-64k",
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Work work;

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "100000000",
            description = "How many operations of each subject are timed (default: ${DEFAULT-VALUE}).")
    private long operations;

    @Mixin
    private Json json;

    private final Progress progress = new Progress();

    /// @param slots       of the work, which is `maxAllocations` of the real-time setting
    /// @param percentiles by subject: by percentile: nanoseconds
    record Results(
            Machine machine,
            String work,
            int slots,
            long operations,
            Map<String, NavigableMap<Double, Long>> percentiles) {}

    @Override
    public Integer call() throws Exception {
        Map<String, NavigableMap<Double, Long>> percentiles = new LinkedHashMap<>();
        for (Kind kind : subjects) {
            progress.stage(kind + ": timing " + count(operations) + " operations");
            String output = Jvm.output(Jvm.running(
                    LatencyPlayer.class, List.of(), kind.name(), work.name(), Long.toString(operations)));
            percentiles.put(kind.toString(), Json.parse(output, LatencyPlayer.Answer.class).percentiles());
        }
        progress.clear();
        Results results =
                new Results(Machine.here(), work.toString(), work.script().slotCount(), operations, percentiles);
        System.out.println(results.machine());
        System.out.println(count(operations) + " operations of " + work + ", each timed by itself. Nothing is subtracted:");
        System.out.println("'nothing' is what the clock and the machine add.");
        System.out.println("offset-real-time: all metadata made before, no quick lists, maxAllocations "
                + count(results.slots()) + ".");
        System.out.println();
        System.out.println(table(percentiles));
        json.save("latency", results);
        return 0;
    }

    private static Table table(Map<String, NavigableMap<Double, Long>> percentiles) {
        Table table = new Table();
        List<String> header = new ArrayList<>(List.of("ns"));
        TABLE.forEach(percentile -> header.add(percentile == 100 ? "longest" : format("%s %%", percentile)));
        table.header(header.toArray(String[]::new));
        percentiles.forEach((subject, nanos) -> {
            List<String> row = new ArrayList<>(List.of(subject));
            TABLE.forEach(percentile -> row.add(count(nanos.floorEntry(percentile).getValue())));
            table.row(row.toArray(String[]::new));
        });
        return table;
    }

    /// Those of the table, and the steps of a curve over a logarithmic axis: 0, 90, 99, 99.9 and 19 between each.
    static NavigableMap<Double, Long> percentiles(Histogram histogram) {
        NavigableMap<Double, Long> nanos = new TreeMap<>();
        for (double percentile : TABLE) {
            nanos.put(percentile, histogram.getValueAtPercentile(percentile));
        }
        double nines = Math.log10(histogram.getTotalCount());
        for (int step = 0; step <= nines * STEPS_PER_NINE; step++) {
            double percentile = 100 - 100 * Math.pow(10, -(double) step / STEPS_PER_NINE);
            nanos.putIfAbsent(percentile, histogram.getValueAtPercentile(percentile));
        }
        return nanos;
    }
}
