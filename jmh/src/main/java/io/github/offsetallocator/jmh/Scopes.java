package io.github.offsetallocator.jmh;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// What does an arena for a moment cost: opened, one slice allocated and zeroed, closed? The JDK's own against a scope over a
/// pool. Where the compiler sees all of a JDK arena's life it makes no object; so both are also measured where they are handed on. CPU time of the thread, the best of many samples, each way in a JVM of its own. What a thread waits for in the handshake of
/// `Arena.ofShared()` is not in it.
///
/// Run: `java -jar jmh/target/benchmarks.jar scopes`
@Command(name = "scopes", mixinStandardHelpOptions = true, description = "A scope over a pool beside the JDK's arenas; a minute.")
final class Scopes implements Callable<Integer> {
    private static final int[] SIZES = {64, 1024, 16 << 10, 64 << 10};
    private static final long POOL = 16 << 20;
    private static final long NANOS_A_SIZE = 1_500_000_000L;
    private static final int FEWEST_SAMPLES = 40;
    private static final long WORK_A_SAMPLE = 20_000_000;

    private enum Way {
        JDK_CONFINED, POOL_CONFINED, JDK_CONFINED_HANDED_ON, POOL_CONFINED_HANDED_ON, JDK_SHARED, POOL_SHARED;

        List<String> flags() {
            return !name().endsWith("HANDED_ON") ? Fork.TOUCHED_HEAP
                    : Stream.concat(Fork.TOUCHED_HEAP.stream(), Stream.of("-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline," + Scopes.class.getName() + "::use")).toList();
        }
    }

    @Mixin
    private Saved saved = new Saved();

    private static long sink;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Map<String, Map<String, List<Map<String, double[]>>>> forks = new LinkedHashMap<>();
        Table table = new Table();
        table.row("ns", IntStream.of(SIZES).mapToObj(size -> size + " bytes").toList());
        for (Way way : Way.values()) {
            String name = way.name().toLowerCase(Locale.ROOT);
            Map<String, double[]> samples = Fork.run(Scopes.class, way.flags(), List.of(way.name()));
            for (int size : SIZES) {
                forks.computeIfAbsent(size + " bytes", _ -> new LinkedHashMap<>()).put(name, List.of(summary(samples.get("" + size))));
            }
            table.row(name, IntStream.of(SIZES).mapToObj(size -> Table.number("%.0f", least(samples.get("" + size)))).toList());
        }
        saved.keep(new Results("scopes", Machine.here(), Map.of("time", "of the thread on the CPU, ns; quoted is the least of all samples"), forks));
        System.out.println(table);
        return 0;
    }

    /// A fork, with a way.
    public static void main(String[] args) throws InterruptedException {
        Way way = Way.valueOf(args[0]);
        Fork.answer(() -> {
            Map<String, double[]> samples = new LinkedHashMap<>();
            try (SegmentArena confined = SegmentArena.ofConfined(POOL); SegmentArena shared = SegmentArena.ofShared(POOL)) {
                for (int size : SIZES) {
                    samples.put("" + size, measure(way, confined, shared, size));
                }
            }
            return samples;
        });
    }

    private static Map<String, double[]> summary(double[] samples) {
        return Map.of("least", new double[] {least(samples)}, "median", new double[] {Results.median(samples)});
    }

    private static double least(double[] samples) {
        return DoubleStream.of(samples).min().orElseThrow();
    }

    private static double[] measure(Way way, SegmentArena confined, SegmentArena shared, int size) {
        int repeats = (int) (WORK_A_SAMPLE / (size + (way == Way.JDK_SHARED ? 50_000 : 300)));
        DoubleStream.Builder samples = DoubleStream.builder();
        long start = Fork.cpuNanos();
        for (int sample = 0; sample < FEWEST_SAMPLES || Fork.cpuNanos() - start < NANOS_A_SIZE; sample++) {
            long before = Fork.cpuNanos();
            for (int i = 0; i < repeats; i++) {
                try (Arena arena = open(way, confined, shared)) {
                    sink += use(arena, size);
                }
            }
            samples.add((double) (Fork.cpuNanos() - before) / repeats);
        }
        return samples.build().toArray();
    }

    /// What an arena is opened for. Handed on: to code that the compiler does not inline, so that it can't do without the object.
    private static long use(Arena arena, int size) {
        return arena.allocate(size, 16).address();
    }

    private static Arena open(Way way, SegmentArena confined, SegmentArena shared) {
        return switch (way) {
            case JDK_CONFINED, JDK_CONFINED_HANDED_ON -> Arena.ofConfined();
            case POOL_CONFINED, POOL_CONFINED_HANDED_ON -> confined.scope();
            case JDK_SHARED -> Arena.ofShared();
            case POOL_SHARED -> shared.scope();
        };
    }
}
