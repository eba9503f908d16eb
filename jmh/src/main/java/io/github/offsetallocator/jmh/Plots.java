package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.count;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.DoubleUnaryOperator;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.internal.chartpart.IChart;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Draws the pictures of `docs/` from the results that the other programs have saved, those that are there.
///
/// Run: `java -jar jmh/target/benchmarks.jar plots`
@Command(
        name = "plots",
        mixinStandardHelpOptions = true,
        description = "Draws the pictures in docs/ from the results in docs/data/, as SVG.")
final class Plots implements Callable<Integer> {
    private static final double WHOLE = 100;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "docs/data",
            description = "Where the results are (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Option(
            names = "--to",
            paramLabel = "DIR",
            defaultValue = "docs",
            description = "Where the pictures go (default: ${DEFAULT-VALUE}).")
    private Path directory;

    /// Draws what has been read.
    private interface Drawing<T> {
        void draw(T results) throws IOException;
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(directory);
        draw("quick", QuickTable.Results.class, this::quick);
        draw("latency", Latency.Results.class, this::latency);
        draw("soak", GcSoak.Results.class, this::soak);
        draw("growth", Growth.Results.class, this::growth);
        draw("fragmentation", FragmentationReport.Results.class, this::fragmentation);
        return 0;
    }

    private <T> void draw(String name, Class<T> type, Drawing<T> drawing) throws IOException {
        Path file = data.resolve(name + ".json");
        if (Files.exists(file)) {
            drawing.draw(Json.read(file, type));
        } else {
            System.out.println("There is no " + file + ".");
        }
    }

    private void quick(QuickTable.Results results) throws IOException {
        Map<String, Map<String, Double>> nanos = new LinkedHashMap<>();
        results.subjects().forEach((subject, samples) -> samples.forEach((work, rounds) ->
                nanos.computeIfAbsent(work, _ -> new LinkedHashMap<>()).put(subject, Statistics.median(rounds))));
        save("quick", Charts.points(
                title("Cost of an operation, medians of interleaved rounds", results.machine()),
                "work", "ns per operation (logarithmic)", nanos));
    }

    /// Over the number of nines: 0 is 0 %, 1 is 90 %, 2 is 99 % and so on.
    private void latency(Latency.Results results) throws IOException {
        Map<String, NavigableMap<Double, Long>> lines = new LinkedHashMap<>();
        results.percentiles().forEach((subject, percentiles) -> {
            NavigableMap<Double, Long> line = new TreeMap<>();
            percentiles.headMap(WHOLE).forEach((percentile, nanos) -> line.put(nines(percentile), nanos));
            line.put(Math.log10(results.operations()), percentiles.get(WHOLE));
            lines.put(subject, line);
        });
        XYChart chart = Charts.lines(
                title("Single operations of " + results.work() + ", " + count(results.operations()) + " each", results.machine()),
                "percentile; the last point is the longest", "ns, with the clock's own (logarithmic)", lines);
        Charts.logarithmicY(chart.getStyler());
        chart.getStyler().setXAxisMin(0.0);
        chart.getStyler().setXAxisTickMarkSpacingHint(100);
        chart.getStyler().setXAxisTickLabelsFormattingFunction(Plots::percentile);
        chart.getStyler().setMarkerSize(0);
        save("latency", chart);
    }

    private static double nines(double percentile) {
        return -Math.log10(1 - percentile / WHOLE);
    }

    private static String percentile(double nines) {
        BigDecimal missing = BigDecimal.ONE.movePointLeft((int) Math.rint(nines) - 2);
        return BigDecimal.valueOf(100).subtract(missing).stripTrailingZeros().toPlainString() + " %";
    }

    private void soak(GcSoak.Results results) throws IOException {
        Map<String, Map<String, Double>> bytes = new LinkedHashMap<>();
        results.subjects().forEach((subject, row) ->
                bytes.put(subject, Map.of("bytes", row.answer().bytesPerOperation())));
        save("soak", Charts.bars(
                title("Java heap taken by an operation of " + results.work(), results.machine()),
                "", "bytes per operation", bytes));
    }

    private void growth(Growth.Results results) throws IOException {
        double top = results.byLive().values().stream()
                .flatMap(line -> line.values().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElseThrow();
        XYChart byLive = Charts.lines(
                title("Cost of an operation by live blocks", results.machine()),
                "live blocks (logarithmic), pool in proportion", "ns per operation", results.byLive());
        Charts.logarithmicX(byLive.getStyler());
        byLive.getStyler().setYAxisMin(0.0);
        results.caches().forEach((cache, size) ->
                Charts.mark(byLive, (double) size / Growth.BYTES_PER_BLOCK, top, "end of " + cache));
        save("growth-live", byLive);

        XYChart byPool = Charts.lines(
                title("Cost of an operation by size of the pool, 65,536 live blocks", results.machine()),
                "MiB of the pool (logarithmic); malloc has none", "ns per operation", scaled(results.byPool(), bytes -> bytes / (1 << 20)));
        Charts.logarithmicX(byPool.getStyler());
        byPool.getStyler().setYAxisMin(0.0);
        save("growth-pool", byPool);
    }

    private static Map<String, NavigableMap<Double, Double>> scaled(
            Map<String, NavigableMap<Long, Double>> lines, DoubleUnaryOperator scale) {
        Map<String, NavigableMap<Double, Double>> scaled = new LinkedHashMap<>();
        lines.forEach((name, line) -> line.forEach((x, y) ->
                scaled.computeIfAbsent(name, _ -> new TreeMap<>()).put(scale.applyAsDouble(x), y)));
        return scaled;
    }

    private void fragmentation(FragmentationReport.Results results) throws IOException {
        save("fragmentation-pool", Charts.bars(
                "Pool needed beyond what is live at most, so that nothing is refused",
                "work", "% of what is live at most", percent(results.pools(), ratio -> ratio - 1)));
        save("fragmentation-use", Charts.bars(
                "Pool in use when a request is refused: 64 Mi units, blocks of one size, and of random ones",
                "units of a block; random: 1 Ki to 1 Mi", "% of the pool, mean", percent(results.uses(), part -> part)));
    }

    private static Map<String, Map<String, Double>> percent(
            Map<String, Map<String, Double>> groups, DoubleUnaryOperator part) {
        Map<String, Map<String, Double>> percent = new LinkedHashMap<>();
        groups.forEach((name, values) -> values.forEach((series, value) -> percent
                .computeIfAbsent(name, _ -> new LinkedHashMap<>())
                .put(series, WHOLE * part.applyAsDouble(value))));
        return percent;
    }

    private static String title(String what, Machine machine) {
        return what + " (" + machine + ")";
    }

    private void save(String name, IChart chart) throws IOException {
        Path file = directory.resolve(name + ".svg");
        Files.write(file, ChartEncoder.getBytes(chart, "svg"));
        System.out.println(file);
    }
}
