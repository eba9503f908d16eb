package io.github.offsetallocator.jmh;

import io.github.offsetallocator.LeakDetection;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// What does it cost to look at an arena: leak detection, `checked()`, and `statistics()` asked for a thousand times a second? CPU time of
/// the thread that allocates and frees. Nobody writes to the blocks.
///
/// Each JVM has two arenas, one that is looked at and one that is not, and goes on with the one and the other in turn, some
/// milliseconds each. What is quoted is the median of the ratios of neighbours: so whatever else the machine does meets both.
///
/// Run: `java -jar jmh/target/benchmarks.jar watching`
@Command(name = "watching", mixinStandardHelpOptions = true, description = "What leak detection, checked() and polled statistics cost; a few minutes.")
final class Watching implements Callable<Integer> {
    private static final long WARM_UP = 2_000_000_000L;
    private static final long NANOS = 4_000_000_000L;
    private static final int PIECE = 50_000;
    private static final long POLL_NANOS = 1_000_000;
    private static final int POOL = 4;

    private enum Way {
        SAMPLED, ALL, POLLED, CHECKED, CHECKED_SEGMENTS, SAMPLED_SHARED, ALL_SHARED, POLLED_SHARED, CHECKED_SHARED, CHECKED_SEGMENTS_SHARED;

        boolean has(String part) {
            return name().contains(part);
        }

        SegmentArena.Builder plain(long byteSize) {
            SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(byteSize);
            return has("SHARED") ? builder.shared() : builder;
        }

        SegmentArena watched(long byteSize) {
            SegmentArena.Builder builder = plain(byteSize);
            builder = has("CHECKED") ? builder.checked() : builder;
            return builder.leakDetection(has("SAMPLED") ? LeakDetection.SAMPLED : has("ALL") ? LeakDetection.ALL : LeakDetection.OFF).build();
        }

        Subject subject(int slots, SegmentArena arena) {
            return has("SEGMENTS") ? new OwnSubjects.Segments(slots, arena) : new OwnSubjects.Handles(slots, arena);
        }
    }

    @Option(names = "--ways", split = ",", paramLabel = "WAY", description = "Some of ${COMPLETION-CANDIDATES}.")
    private List<Way> ways = List.of(Way.values());

    @Option(names = "--work", defaultValue = "espresso", description = "The work (default: ${DEFAULT-VALUE}).")
    private Work work;

    @Option(names = "--rounds", defaultValue = "3", description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Spec
    private CommandSpec program;

    @Mixin
    private Saved saved = new Saved();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options.requireCount(program, "--rounds", rounds);
        Map<Way, List<Map<String, double[]>>> found = new EnumMap<>(Way.class);
        for (int round = 0; round < rounds; round++) {
            for (Way way : ways) {
                found.computeIfAbsent(way, _ -> new ArrayList<>()).add(Fork.run(Watching.class, Fork.TOUCHED_HEAP, List.of(way.name(), work.name())));
            }
        }
        Table table = new Table();
        table.row(work.toString(), List.of("plain, ns/op", "watched, ns/op", "more", "each round", "poller, % of a core"));
        found.forEach((way, results) -> {
            double[] ratios = medians(results, "ratios");
            String each = String.join(" ", Arrays.stream(ratios).mapToObj(Watching::more).toList());
            table.row(label(way), List.of(
                    Table.number("%.2f", Results.median(medians(results, "plain"))), Table.number("%.2f", Results.median(medians(results, "watched"))),
                    more(Results.median(ratios)), each, way.has("POLLED") ? Table.number("%.2f", 100 * Results.median(medians(results, "poller"))) : ""));
        });
        Map<String, List<Map<String, double[]>>> forks = new LinkedHashMap<>();
        found.forEach((way, results) -> forks.put(label(way), results.stream().map(Watching::mediansOf).toList()));
        saved.keep(new Results("watching", Machine.here(), Map.of("time", "of the thread on the CPU, ns; medians of each round"), Map.of(work.toString(), forks)));
        System.out.println(table);
        return 0;
    }

    private static String label(Way way) {
        return way.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static Map<String, double[]> mediansOf(Map<String, double[]> result) {
        Map<String, double[]> medians = new LinkedHashMap<>();
        result.forEach((measure, numbers) -> medians.put(measure, new double[] {Results.median(numbers)}));
        return medians;
    }

    private static String more(double ratio) {
        return ratio > 2 ? Table.number("x %.1f", ratio) : Table.number("%+.1f %%", 100 * (ratio - 1));
    }

    private static double[] medians(List<Map<String, double[]>> results, String measure) {
        return results.stream().mapToDouble(result -> Results.median(result.get(measure))).toArray();
    }

    /// A fork, with a way and a work.
    public static void main(String[] args) throws InterruptedException {
        Way way = Way.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        Fork.answer(() -> {
            SegmentArena arena = way.watched(script.pool(POOL));
            try (Subject watched = way.subject(script.slotCount(), arena);
                    Subject plain = way.subject(script.slotCount(), way.plain(script.pool(POOL)).build())) {
                double[] poller = new double[1];
                Thread thread = way.has("POLLED") ? poll(arena, poller) : null;
                Map<String, double[]> result = measure(new Replayer(script, plain, 0, 1), new Replayer(script, watched, 0, 1), script.operations());
                if (thread != null) {
                    thread.interrupt();
                    thread.join();
                    result.put("poller", poller);
                }
                return result;
            }
        });
    }

    private static Thread poll(SegmentArena arena, double[] share) {
        return Thread.ofPlatform().start(() -> {
            long start = System.nanoTime();
            long cpu = Fork.cpuNanos();
            long seen = 0;
            for (long next = start; !Thread.interrupted(); next += POLL_NANOS) {
                seen += arena.statistics().usedBytes();
                LockSupport.parkNanos(next - System.nanoTime());
            }
            share[0] = seen < 0 ? 0 : (double) (Fork.cpuNanos() - cpu) / (System.nanoTime() - start);
        });
    }

    private static Map<String, double[]> measure(Replayer plain, Replayer watched, int operations) {
        int piece = Math.min(PIECE, operations);
        for (long start = Fork.cpuNanos(); Fork.cpuNanos() - start < WARM_UP; ) {
            plain.run(piece);
            watched.run(piece);
        }
        List<double[]> pairs = new ArrayList<>();
        for (long begin = Fork.cpuNanos(); Fork.cpuNanos() - begin < NANOS; ) {
            long start = Fork.cpuNanos();
            plain.run(piece);
            long middle = Fork.cpuNanos();
            watched.run(piece);
            long end = Fork.cpuNanos();
            pairs.add(new double[] {(double) (middle - start) / piece, (double) (end - middle) / piece});
        }
        Map<String, double[]> result = new LinkedHashMap<>();
        result.put("plain", pairs.stream().mapToDouble(pair -> pair[0]).toArray());
        result.put("watched", pairs.stream().mapToDouble(pair -> pair[1]).toArray());
        result.put("ratios", pairs.stream().mapToDouble(pair -> pair[1] / pair[0]).toArray());
        return result;
    }
}
