package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How does a shared arena scale, beside the peers? Threads with private work replay a whole trace each, from places of
/// their own; a pair hands blocks on, see [Pipeline].
///
/// `SegmentArena.ofConfined` is there as what the hardware would allow: one for each thread, and no pair.
///
/// Run: `java -jar jmh/target/benchmarks.jar shared`
@Command(
        name = "shared",
        mixinStandardHelpOptions = true,
        description = "Million operations per second of one, two and 64 threads and of a pair; ten minutes.")
final class Shared extends Runner {
    static final String WALL = "M op/s";
    static final String CPU = "M op/s, CPU time";

    private static final String PAIR = "pair";
    private static final long WARM_UP_MILLIS = 1000;
    private static final long ROUND_MILLIS = 200;
    private static final int SAMPLES = 5;
    private static final int PIECE = 1024;

    @Option(names = "--work", split = ",", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work = List.of(Work.ESPRESSO, Work.CC1PLUS);

    @Option(names = "--threads", split = ",", paramLabel = "N", description = "Numbers of threads, and pair.")
    private List<String> numbers = List.of("1", "2", "64", PAIR);

    Shared() {
        super(
                3,
                Kind.ARENA_SHARED, Kind.ARENA_SHARED_SEGMENTS, Kind.ARENA, Kind.MALLOC, Kind.LWJGL, Kind.LWJGL_MIMALLOC,
                Kind.LWJGL_RPMALLOC, Kind.LWJGL_JEMALLOC, Kind.NETTY_ADAPTIVE, Kind.NETTY_POOLED);
    }

    @Override
    boolean takesPart(Kind kind, Case testCase) {
        return kind.isForMany() || !testCase.arguments().getLast().equals(PAIR);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        numbers.forEach(number -> Options.require(program, number.equals(PAIR) || number.matches("[1-9]\\d{0,4}"), "--threads", number,
                "a number of threads, from 1 to 99999, or " + PAIR));
        List<Case> cases = new ArrayList<>();
        for (Work each : work) {
            for (String number : numbers) {
                String threads = number.equals(PAIR) ? PAIR : number + (number.equals("1") ? " thread" : " threads");
                cases.add(new Case(each + ", " + threads, List.of(each.name(), number)));
            }
        }
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(WALL, "million operations per second of all threads together, on the clock");
        settings.put(CPU, "the same in CPU time, times the cores in use");
        settings.put("pool", "for each thread 2 times its peak live size");
        Results results = run("shared", settings, Fork.TOUCHED_HEAP, cases);
        System.out.println(Table.medians(results, WALL, results.forks().keySet(), "%.1f"));
        System.out.println(Table.medians(results, CPU, results.forks().keySet(), "%.1f"));
        return 0;
    }

    /// A fork, with a subject, the work, and the number of threads or `pair`.
    public static void main(String[] args) throws InterruptedException {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        Fork.answer(() -> {
            Crew crew = new Crew(args[2].equals(PAIR) ? pair(kind, script) : alone(kind, script, Integer.parseInt(args[2])));
            crew.round(WARM_UP_MILLIS);
            double[] wall = new double[SAMPLES];
            double[] cpu = new double[SAMPLES];
            for (int i = 0; i < SAMPLES; i++) {
                Crew.Rate rate = crew.round(ROUND_MILLIS);
                wall[i] = rate.wall();
                cpu[i] = rate.cpu();
            }
            return Map.of(WALL, wall, CPU, cpu);
        });
    }

    private static List<Supplier<Crew.Job>> alone(Kind kind, Script script, int threads) {
        Supplier<Subject> subjects = kind.open(threads, script.slotCount(), script.pool(2));
        List<Supplier<Crew.Job>> jobs = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int thread = i;
            jobs.add(() -> {
                Replayer replayer = new Replayer(script, subjects.get(), thread, threads);
                return () -> {
                    replayer.run(PIECE);
                    return PIECE;
                };
            });
        }
        return jobs;
    }

    private static List<Supplier<Crew.Job>> pair(Kind kind, Script script) {
        Pipeline pipeline = new Pipeline(script, kind.open(Pipeline.SLOTS, Pipeline.POOL));
        return List.of(() -> pipeline::produce, () -> pipeline::consume);
    }
}
