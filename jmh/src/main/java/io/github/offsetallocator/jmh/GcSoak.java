package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.count;
import static io.github.offsetallocator.examples.Numbers.format;

import io.github.offsetallocator.examples.Progress;
import io.github.offsetallocator.examples.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What does the garbage collector see of a billion operations, with a heap of 32 MiB? Each subject runs in a JVM of its
/// own, see [SoakPlayer], which logs its collections with `-Xlog:gc`; the logs stay beside the results.
///
/// Run: `java -jar jmh/target/benchmarks.jar soak`
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = "Collections and bytes per operation over a billion operations, with a heap of 32 MiB; minutes.")
final class GcSoak implements Callable<Integer> {
    private static final String HEAP = "-Xmx32m";

    @Option(
            names = "--subjects",
            split = ",",
            paramLabel = "SUBJECT",
            defaultValue = "offset-allocator,arena",
            description = "Of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private List<Kind> subjects;

    @Option(
            names = "--peers",
            split = ",",
            paramLabel = "SUBJECT",
            defaultValue = "arena-segments,netty-adaptive,netty-pooled,confined",
            description = "Those who may do less (default: ${DEFAULT-VALUE}).")
    private List<Kind> peers;

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "1000000000",
            description = "Operations of each subject (default: ${DEFAULT-VALUE}).")
    private long operations;

    @Option(
            names = "--peer-operations",
            paramLabel = "N",
            defaultValue = "100000000",
            description = "Operations of each peer (default: ${DEFAULT-VALUE}).")
    private long peerOperations;

    @Option(
            names = "--work",
            paramLabel = "WORK",
            defaultValue = "cc1plus",
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Work work;

    @Mixin
    private Json json;

    private final Progress progress = new Progress();

    /// @param subjects by label
    record Results(Machine machine, List<String> flags, String work, Map<String, Row> subjects) {}

    /// What one subject cost the collector.
    record Row(SoakPlayer.Answer answer, GcLog.Pauses pauses) {}

    @Override
    public Integer call() throws Exception {
        Map<String, Row> rows = new LinkedHashMap<>();
        for (Kind kind : subjects) {
            rows.put(kind.toString(), soak(kind, operations));
        }
        for (Kind kind : peers) {
            rows.put(kind.toString(), soak(kind, peerOperations));
        }
        progress.clear();
        Results results = new Results(Machine.here(), List.of(HEAP, Jvm.COLLECTOR), work.toString(), rows);
        System.out.println(results.machine());
        System.out.println(work + ", again and again, with " + HEAP + " " + Jvm.COLLECTOR);
        System.out.println();
        System.out.println(table(rows));
        json.save("soak", results);
        return 0;
    }

    private Row soak(Kind kind, long operations) throws IOException, InterruptedException {
        progress.stage(kind + ": " + count(operations) + " operations");
        Path log = json.file("gc-" + kind + ".log");
        String output = Jvm.output(Jvm.running(
                SoakPlayer.class,
                List.of(HEAP, "-Xlog:gc:file=" + log),
                kind.name(),
                work.name(),
                Long.toString(operations)));
        return new Row(Json.parse(output, SoakPlayer.Answer.class), GcLog.pauses(Files.readAllLines(log)));
    }

    private static Table table(Map<String, Row> rows) {
        Table table = new Table();
        table.header("", "operations", "heap", "collections", "paused", "longest");
        table.header("", "", "B/op", "", "ms", "ms");
        rows.forEach((subject, row) -> table.row(
                subject,
                count(row.answer().operations()),
                format("%.4f", row.answer().bytesPerOperation()),
                count(row.pauses().count()),
                format("%.1f", row.pauses().totalMillis()),
                format("%.1f", row.pauses().longestMillis())));
        return table;
    }
}
