package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.format;

import io.github.offsetallocator.examples.Progress;
import io.github.offsetallocator.examples.Table;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How does a shared arena scale, beside the peers? In less than three minutes.
///
/// Threads with private work replay a trace each, as [SharedReplay]; a pair hands blocks on, as [SharedPipeline]. Each
/// subject does each of it in a JVM of its own. They take turns, so that whatever else the machine does meets all of
/// them:
///
/// ```
///  for each work and number of threads:   start and warm up  a b c    then  a b c  a b c  a b c ...    median of each
/// ```
///
/// `ARENA`, the confined one, is there as what the hardware would allow: one for each thread, and no pair.
///
/// Run: `java -jar jmh/target/benchmarks.jar shared`
@Command(
        name = "shared",
        mixinStandardHelpOptions = true,
        description = "Million operations per second of one, two and 64 threads and of a pair; under three minutes.")
final class SharedTable implements Callable<Integer> {
    private static final List<Integer> THREADS = List.of(1, 2, 64, SharedPlayer.PAIR);

    @Option(
            names = "--subjects",
            split = ",",
            paramLabel = "SUBJECT",
            defaultValue = "arena-shared,arena,malloc,lwjgl,lwjgl-mimalloc,netty-adaptive,netty-pooled",
            description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Kind> subjects;

    @Option(
            names = "--work",
            split = ",",
            paramLabel = "WORK",
            defaultValue = "espresso,cc1plus",
            description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "How often each subject does each work (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Mixin
    private Json json;

    private final Progress progress = new Progress();

    /// @param rates by work: by threads: by subject: million operations per second of each round
    record Results(Machine machine, Map<String, Map<String, Map<String, double[]>>> rates) {}

    @Override
    public Integer call() throws Exception {
        Map<String, Map<String, Map<String, double[]>>> rates = new LinkedHashMap<>();
        for (Work each : work) {
            Map<String, Map<String, double[]>> byThreads = new LinkedHashMap<>();
            for (int threads : THREADS) {
                byThreads.put(label(threads), race(each, threads));
            }
            rates.put(each.toString(), byThreads);
        }
        progress.clear();
        Results results = new Results(Machine.here(), rates);
        System.out.println(results.machine());
        System.out.println("Million operations per second of all threads together; medians of " + rounds + " interleaved rounds.");
        rates.forEach((each, byThreads) -> System.out.print(System.lineSeparator() + table(each, byThreads)));
        json.save("shared", results);
        return 0;
    }

    private Map<String, double[]> race(Work each, int threads) throws IOException, InterruptedException {
        String stage = each + ", " + label(threads);
        Map<Kind, Contestant> contestants = new LinkedHashMap<>();
        Map<String, double[]> rates = new LinkedHashMap<>();
        try {
            for (Kind kind : subjects) {
                if (threads != SharedPlayer.PAIR || SharedPool.isForMany(kind)) {
                    progress.stage(stage + ": warming up");
                    progress.step(kind.toString());
                    contestants.put(kind, new ForkedSubject(
                            kind + " on " + stage, SharedPlayer.class, kind.name(), each.name(), Integer.toString(threads)));
                }
            }
            progress.stage(stage + ": timing");
            for (int round = 0; round < rounds; round++) {
                for (Map.Entry<Kind, Contestant> contestant : contestants.entrySet()) {
                    progress.step("round " + (round + 1) + " of " + rounds + ", " + contestant.getKey());
                    rates.computeIfAbsent(contestant.getKey().toString(), _ -> new double[rounds])[round] =
                            contestant.getValue().round();
                }
            }
        } finally {
            for (Contestant contestant : contestants.values()) {
                contestant.close();
            }
        }
        return rates;
    }

    private static String label(int threads) {
        return threads == SharedPlayer.PAIR ? "pair" : threads == 1 ? "1 thread" : threads + " threads";
    }

    /// One row for each subject.
    static String table(String work, Map<String, Map<String, double[]>> byThreads) {
        Table table = new Table();
        table.header(work, "1 thread", "2 threads", "2 / 1", "64 threads", "pair");
        for (String subject : byThreads.get(label(1)).keySet()) {
            double one = median(byThreads, 1, subject);
            double two = median(byThreads, 2, subject);
            boolean pair = byThreads.get(label(SharedPlayer.PAIR)).containsKey(subject);
            table.row(
                    subject,
                    format("%.1f", one),
                    format("%.1f", two),
                    format("%.2f", two / one),
                    format("%.1f", median(byThreads, 64, subject)),
                    pair ? format("%.1f", median(byThreads, SharedPlayer.PAIR, subject)) : "");
        }
        return table.toString();
    }

    private static double median(Map<String, Map<String, double[]>> byThreads, int threads, String subject) {
        return Statistics.median(byThreads.get(label(threads)).get(subject));
    }
}
