package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleBiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
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
    private static final int WIDTH = 960;
    private static final int NAMES = 236;
    private static final int ROW = 19;
    private static final int BELOW = 30;
    private static final int PANELS_IN_A_ROW = 4;
    private static final int FEWEST_ON_A_CURVE = 4;
    private static final Pattern THREADS = Pattern.compile("(.+), (\\d+) threads?");

    @Option(names = "--data", paramLabel = "DIR", description = "Where the results are (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("docs", "data");

    @Option(names = "--to", paramLabel = "DIR", description = "Where the pictures go (default: ${DEFAULT-VALUE}).")
    private Path directory = Path.of("docs");

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(directory);
        for (String program : List.of("quick", "shared", "fragmentation", "footprint", "growth", "latency")) {
            Path file = data.resolve(program + ".json");
            if (!Files.exists(file)) {
                System.out.println("There is no " + file + ".");
                continue;
            }
            for (Map.Entry<String, Svg> picture : pictures(Results.read(file)).entrySet()) {
                Path target = directory.resolve(picture.getKey() + ".svg");
                Files.writeString(target, picture.getValue().toString());
                System.out.println(target);
            }
        }
        return 0;
    }

    /// By name.
    static Map<String, Svg> pictures(Results results) {
        List<String> cases = List.copyOf(results.forks().keySet());
        List<String> subjects = List.copyOf(results.subjects());
        String machine = " · blue: this library · " + results.machine();
        return switch (results.program()) {
            case "quick" -> Map.of("quick", dots(
                    "Cost of an operation", "ns of CPU time, logarithmic" + machine, cases, subjects,
                    (each, subject) -> results.median(each, subject, Quick.NANOS), true, "%.1f"));
            case "shared" -> byThreads(results).orElseGet(() -> Map.of("shared", dots(
                    "Throughput of a shared allocator by threads",
                    "million operations a second, on the clock; in a pair one allocates, one frees" + machine,
                    cases, subjects, (each, subject) -> results.median(each, subject, Shared.WALL), false, "%.0f")));
            case "footprint" -> Map.of("footprint", footprint(results));
            case "fragmentation" -> Map.of(
                    "fragmentation-pool", dots(
                            "Pool needed beyond the peak live size, so that nothing is refused",
                            "% of the peak live size",
                            subjects, casesWith(results, Fragmentation.POOL), (subject, each) ->
                                    100 * results.median(each, subject, Fragmentation.POOL) - 100, false, "%.1f"),
                    "fragmentation-use", dots(
                            "Pool in use when a request is refused, by size of the blocks",
                            "% of the pool, mean; sizes in units, 64 Mi of which are the pool",
                            subjects, casesWith(results, Fragmentation.USE), (subject, each) ->
                                    100 * results.median(each, subject, Fragmentation.USE), false, "%.1f"));
            case "growth" -> Map.of(
                    "growth-live", growth(results, "Cost of an operation by live blocks", "live blocks, and a pool of "
                            + "1.5 times what is live, logarithmic", Growth.LIVE, 1),
                    "growth-pool", growth(results, "Cost of an operation by size of the pool", "MiB of the pool, with "
                            + "65,536 live blocks, logarithmic; malloc has none", Growth.POOL, 1 << 20));
            case "latency" -> Map.of("latency", latency(results));
            default -> Map.of();
        };
    }

    private static List<String> casesWith(Results results, String measure) {
        return results.forks().entrySet().stream()
                .filter(each -> each.getValue().values().iterator().next().getFirst().containsKey(measure))
                .map(Map.Entry::getKey).toList();
    }

    /// A dot in each row of each panel, unless it has no value there; the panels share one scale.
    private static Svg dots(
            String title, String note, List<String> panels, List<String> rows, ToDoubleBiFunction<String, String> value,
            boolean logarithmic, String pattern) {
        double[] all = panels.stream()
                .flatMapToDouble(panel -> rows.stream().mapToDouble(row -> value.applyAsDouble(panel, row)))
                .filter(each -> !Double.isNaN(each)).toArray();
        double least = logarithmic ? DoubleStream.of(all).min().orElseThrow() / 1.2 : 0;
        double most = DoubleStream.of(all).max().orElseThrow() * 1.02;
        int inRow = Math.min(panels.size(), PANELS_IN_A_ROW);
        double width = (double) (WIDTH - NAMES) / inRow;
        int height = ROW * rows.size() + 26 + BELOW;
        Svg svg = new Svg(WIDTH, Svg.TOP + Math.ceilDiv(panels.size(), inRow) * height + 6, title, note);
        for (int i = 0; i < panels.size(); i++) {
            String panel = panels.get(i);
            double left = NAMES + i % inRow * width + 8;
            double top = Svg.TOP + i / inRow * height + 20;
            Svg.Axis x = Svg.axis(least, most, left, left + width - 56, logarithmic);
            svg.text(left, top - 6, "start", "head", panel);
            svg.grid(x, top, top + ROW * rows.size(), Plots::count);
            double y = top + ROW / 2.0;
            for (String row : rows) {
                double at = value.applyAsDouble(panel, row);
                if (i % inRow == 0) {
                    svg.text(NAMES - 4, y + 4, "end", "", row);
                }
                if (!Double.isNaN(at)) {
                    svg.dot(x.at(at), y, isOurs(row) || isOurs(panel) ? "ours" : "peers");
                    svg.text(x.at(at) + 9, y + 4, "start", "note", Table.number(pattern, at));
                }
                y += ROW;
            }
        }
        return svg;
    }

    /// Of the first case, with what each subject took at most in the note.
    private static Svg footprint(Results results) {
        String work = results.forks().keySet().iterator().next();
        Map<String, NavigableMap<Double, Double>> curves = new LinkedHashMap<>();
        StringJoiner most = new StringJoiner(", ");
        for (String subject : results.subjects()) {
            double[] operations = results.numbers(work, subject, 0, Footprint.OPERATIONS);
            double[] mebibytes = results.numbers(work, subject, 0, Footprint.MEBIBYTES);
            NavigableMap<Double, Double> curve = new TreeMap<>();
            for (int i = 0; i < operations.length; i++) {
                curve.put(operations[i], mebibytes[i]);
            }
            curves.put(subject, curve);
            most.add(subject + " " + Table.number("%.1f", DoubleStream.of(mebibytes).max().orElseThrow()));
        }
        return curves("Memory that a program takes, when each block can be freed by itself, and when none can",
                "MiB over a million calls of malloc and free, recorded from " + work + ". At most: " + most,
                curves, false, false, Plots::count);
    }

    /// A picture for each work, if there are numbers of threads enough for curves.
    private static Optional<Map<String, Svg>> byThreads(Results results) {
        Map<String, Map<String, NavigableMap<Double, Double>>> works = new LinkedHashMap<>();
        for (String each : results.forks().keySet()) {
            Matcher matcher = THREADS.matcher(each);
            if (matcher.matches()) {
                results.subjects().forEach(subject -> works.computeIfAbsent(matcher.group(1), _ -> new LinkedHashMap<>())
                        .computeIfAbsent(subject, _ -> new TreeMap<>())
                        .put(Double.valueOf(matcher.group(2)), results.median(each, subject, Shared.WALL)));
            }
        }
        Map<String, Svg> pictures = new LinkedHashMap<>();
        works.forEach((work, curves) -> pictures.put("shared-" + work, curves(
                "Throughput of " + work + " by threads", "million operations a second, on the clock, over threads · " + results.machine(),
                curves, true, false, Plots::count)));
        boolean areCurves = works.values().stream().allMatch(curves -> curves.values().iterator().next().size() >= FEWEST_ON_A_CURVE);
        return areCurves ? Optional.of(pictures) : Optional.empty();
    }

    private static Svg growth(Results results, String title, String unit, String prefix, double scale) {
        Map<String, NavigableMap<Double, Double>> curves = new LinkedHashMap<>();
        for (String each : results.forks().keySet()) {
            if (each.startsWith(prefix)) {
                double x = Double.parseDouble(each.substring(prefix.length())) / scale;
                results.subjects().forEach(subject -> curves.computeIfAbsent(subject, _ -> new TreeMap<>())
                        .put(x, results.median(each, subject, Quick.NANOS)));
            }
        }
        return curves(title, "ns of CPU time over " + unit + " · " + results.machine(), curves, true, false, Plots::count);
    }

    /// Over the number of nines: 0 is 0 %, 1 is 90 %, 2 is 99 % and so on.
    private static Svg latency(Results results) {
        double operations = Double.parseDouble(results.settings().get(Latency.OPERATIONS));
        Map<String, NavigableMap<Double, Double>> curves = new LinkedHashMap<>();
        for (String subject : results.subjects()) {
            NavigableMap<Double, Double> curve = new TreeMap<>();
            Latency.percentiles(results, subject).forEach((percentile, nanos) -> curve.put(
                    percentile == 100 ? Math.log10(operations) : -Math.log10(1 - percentile / 100), Math.max(1, nanos)));
            curves.put(subject, curve);
        }
        return curves("Single operations of " + results.settings().get("work"),
                "ns, logarithmic, with the clock's own, over the percentile; the last is the longest · " + results.machine(),
                curves, false, true, nines -> nines == 0 ? "0 %"
                        : Table.number("%." + Math.max(0, Math.round(nines) - 2) + "f %%", 100 - Math.pow(10, 2 - nines)));
    }

    /// Ours in blue, with a pattern each; the others with a colour each. Names stand at the ends.
    private static Svg curves(
            String title, String note, Map<String, NavigableMap<Double, Double>> curves, boolean logarithmicX,
            boolean logarithmicY, DoubleFunction<String> label) {
        double height = 460;
        double right = WIDTH - NAMES - 70;
        double[] xs = curves.values().stream().flatMap(curve -> curve.keySet().stream()).mapToDouble(x -> x).toArray();
        double[] ys = curves.values().stream().flatMap(curve -> curve.values().stream()).mapToDouble(y -> y).toArray();
        Svg svg = new Svg(WIDTH, (int) height, title, note);
        Svg.Axis x = Svg.axis(
                DoubleStream.of(xs).min().orElseThrow(), DoubleStream.of(xs).max().orElseThrow(), 62, right, logarithmicX);
        double top = DoubleStream.of(ys).max().orElseThrow() * 1.05;
        Svg.Axis y = Svg.axis(
                logarithmicY ? DoubleStream.of(ys).min().orElseThrow() : 0, top, height - BELOW, Svg.TOP, logarithmicY);
        svg.grid(x, Svg.TOP, height - BELOW, label);
        for (double tick : y.ticks()) {
            svg.line(62, y.at(tick), right, y.at(tick));
            svg.text(56, y.at(tick) + 4, "end", "tick", count(tick));
        }
        double[] ends = curves.values().stream().mapToDouble(curve -> y.at(curve.lastEntry().getValue()) + 4).toArray();
        double[] places = Svg.apart(ends, 17);
        int ours = 0;
        int others = 0;
        int number = 0;
        for (Map.Entry<String, NavigableMap<Double, Double>> curve : curves.entrySet()) {
            boolean isOurs = isOurs(curve.getKey());
            String style = isOurs ? "ours" : "c" + others++;
            int pattern = isOurs ? ours++ : 0;
            svg.curve(
                    curve.getValue().keySet().stream().mapToDouble(x::at).toArray(),
                    curve.getValue().values().stream().mapToDouble(y::at).toArray(), style, pattern);
            double place = places[number++];
            svg.curve(new double[] {right + 10, right + 38}, new double[] {place - 4, place - 4}, style, pattern);
            svg.text(right + 44, place, "start", style + " words", curve.getKey());
        }
        return svg;
    }

    private static boolean isOurs(String label) {
        return Arrays.stream(Kind.values()).anyMatch(kind -> kind.isOurs() && kind.label().equals(label));
    }

    /// With few digits: 0.5, 20, 500, 1,000, 2 M.
    private static String count(double value) {
        if (value >= 1e6) {
            return Table.number("%,.0f M", value / 1e6);
        }
        return Table.number(value == Math.rint(value) ? "%,.0f" : "%.1f", value);
    }
}
