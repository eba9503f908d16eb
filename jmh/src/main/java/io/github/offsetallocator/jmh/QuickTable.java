package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.format;

import io.github.offsetallocator.examples.Progress;
import io.github.offsetallocator.examples.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What does an operation cost, here and with the peers, on everything in [Work]? In less than five minutes on two idle
/// cores.
///
/// Each subject does each piece of work in a JVM of its own, so that no other spoils what the compiler learns of it. They
/// take turns, so that whatever else the machine does meets all of them:
///
/// ```
///  for each work:   start and warm up  a b c    then  a b c  a b c  a b c ...    median of each
/// ```
///
/// Run: `java -jar jmh/target/benchmarks.jar quick`
@Command(
        name = "quick",
        mixinStandardHelpOptions = true,
        description = "Nanoseconds per operation on all traces and churns, beside the peers; under five minutes.")
final class QuickTable implements Callable<Integer> {
    private static final String EXTERNAL = "external";

    @Option(
            names = "--subjects",
            split = ",",
            paramLabel = "SUBJECT",
            defaultValue = "offset-allocator,offset-no-quick-lists,offset-reference,heap-twin,arena,arena-segments,"
                    + "malloc,malloc-plain,lwjgl,lwjgl-mimalloc,netty-adaptive,netty-pooled,confined",
            description = "Of ${COMPLETION-CANDIDATES}. The others are compared with the first.")
    private List<Kind> subjects;

    @Option(
            names = "--work",
            split = ",",
            paramLabel = "WORK",
            defaultValue = "espresso,cc1plus,gawk,perl,churn-1k,churn-64k,churn-1m",
            description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "How often each subject does each work (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--external",
            paramLabel = "COMMAND",
            description = "A program that takes part too; docs/benchmarks.md says what it has to read and print.")
    private String external;

    @Mixin
    private Json json;

    private final Progress progress = new Progress();

    /// @param subjects by label: by work: nanoseconds per operation of each round
    record Results(Machine machine, Map<String, Map<String, double[]>> subjects) {}

    @Override
    public Integer call() throws Exception {
        Map<String, Map<String, double[]>> samples = new LinkedHashMap<>();
        for (Work each : work) {
            race(each).forEach((subject, nanos) ->
                    samples.computeIfAbsent(subject, _ -> new LinkedHashMap<>()).put(each.toString(), nanos));
        }
        progress.clear();
        Results results = new Results(Machine.here(), samples);
        System.out.println(results.machine());
        System.out.println("Medians of " + rounds + " interleaved rounds.");
        System.out.println();
        System.out.println(tables(results));
        json.save("quick", results);
        return 0;
    }

    private Map<String, double[]> race(Work each) throws IOException, InterruptedException, ExecutionException {
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        Map<String, double[]> nanos = new LinkedHashMap<>();
        try {
            progress.stage(each + ": warming up");
            contestants.putAll(warmUp(each));
            if (external != null) {
                contestants.put(EXTERNAL, new ExternalProgram(external, each.script()));
            }
            progress.stage(each + ": timing");
            for (int round = 0; round < rounds; round++) {
                for (Map.Entry<String, Contestant> contestant : contestants.entrySet()) {
                    progress.step("round " + (round + 1) + " of " + rounds + ", " + contestant.getKey());
                    nanos.computeIfAbsent(contestant.getKey(), _ -> new double[rounds])[round] =
                            contestant.getValue().round();
                }
            }
        } finally {
            for (Contestant contestant : contestants.values()) {
                contestant.close();
            }
        }
        return nanos;
    }

    /// As many at once as there are cores.
    private Map<String, Contestant> warmUp(Work each) throws InterruptedException, ExecutionException {
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        try (ExecutorService starters = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<ForkedSubject>> starting = subjects.stream()
                    .map(kind -> starters.submit(() -> new ForkedSubject(kind, each)))
                    .toList();
            for (int i = 0; i < subjects.size(); i++) {
                progress.step(subjects.get(i).toString());
                contestants.put(subjects.get(i).toString(), starting.get(i).get());
            }
        }
        return contestants;
    }

    /// One table of nanoseconds, one of multiples of the first subject's.
    static String tables(Results results) {
        Map<String, double[]> medians = new LinkedHashMap<>();
        results.subjects().forEach((subject, samples) ->
                medians.put(subject, samples.values().stream().mapToDouble(Statistics::median).toArray()));
        String first = medians.keySet().iterator().next();
        Table nanos = new Table();
        Table ratios = new Table();
        String[] works = results.subjects().get(first).keySet().toArray(String[]::new);
        nanos.header(row("ns/op", List.of(works), "geo. mean"));
        ratios.header(row("x " + first, List.of(works), "geo. mean"));
        medians.forEach((subject, values) -> {
            nanos.row(cells(subject, "%.1f", values));
            double[] ratio = values.clone();
            Arrays.setAll(ratio, i -> values[i] / medians.get(first)[i]);
            ratios.row(cells(subject, "%.2f", ratio));
        });
        return nanos + System.lineSeparator() + ratios;
    }

    private static String[] cells(String label, String pattern, double[] values) {
        List<String> middle = Arrays.stream(values).mapToObj(value -> format(pattern, value)).toList();
        return row(label, middle, format(pattern, Statistics.geometricMean(values)));
    }

    private static String[] row(String first, List<String> middle, String last) {
        List<String> cells = new ArrayList<>();
        cells.add(first);
        cells.addAll(middle);
        cells.add(last);
        return cells.toArray(String[]::new);
    }
}
