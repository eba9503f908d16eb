package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What does an operation cost, here and with the peers, on everything in [Work]? Whole traces, in CPU time of the thread:
/// on a machine that others use too, the time on the clock says more about them.
///
/// Run: `java -jar jmh/target/benchmarks.jar quick`
@Command(
        name = "quick",
        mixinStandardHelpOptions = true,
        description = "Nanoseconds per operation on all traces and churns, beside the peers; a quarter of an hour.")
final class Quick extends Runner {
    static final String NANOS = "ns/op";

    private static final long WARM_UP_NANOS = 1_000_000_000L;
    private static final int WARM_UP_OPERATIONS = 3_000_000;
    private static final long TIMED_NANOS = 500_000_000L;
    private static final int SAMPLE_OPERATIONS = 1_000_000;
    private static final int FEWEST_SAMPLES = 3;
    private static final int MOST_SAMPLES = 9;
    private static final int CONFINED_ARENAS = 500;
    private static final int CONFINED_ACCESSES = 200;

    @Option(names = "--work", split = ",", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work = List.of(Work.values());

    @Option(
            names = "--pool",
            paramLabel = "TIMES",
            defaultValue = "2",
            description = "Size of the pool in multiples of the peak live size (default: ${DEFAULT-VALUE}).")
    private double pool;

    @Option(
            names = "--confined-too",
            description = "Let the program use confined memory of the JDK's before, as most that use memory segments do.")
    private boolean confinedToo;

    @Option(
            names = "--external",
            paramLabel = "NAME=COMMAND",
            description = "A program that takes part too; docs/benchmarks.md says what it has to read and print.")
    private Map<String, String> external = Map.of();

    Quick() {
        super(
                3,
                Kind.OFFSET_ALLOCATOR, Kind.OFFSET_REFERENCE, Kind.ARENA, Kind.ARENA_SEGMENTS, Kind.CONFINED, Kind.MALLOC,
                Kind.LWJGL, Kind.LWJGL_MIMALLOC, Kind.LWJGL_RPMALLOC, Kind.LWJGL_JEMALLOC, Kind.LWJGL_VMA,
                Kind.NETTY_ADAPTIVE, Kind.NETTY_POOLED, Kind.EHCACHE);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options.requirePool(program, pool);
        external.forEach((name, command) -> {
            External guest = new External(command, pool);
            Options.require(program, guest.isThere(), "--external", command, "a program that can be run");
            invite(name, guest);
        });
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("time", "of the thread on the CPU");
        settings.put("pool", pool + " times the peak live size");
        settings.put("confined memory before", Boolean.toString(confinedToo));
        Results results = run("quick", settings, Fork.TOUCHED_HEAP, work.stream()
                .map(each -> new Case(
                        each.toString(), List.of(each.name(), Double.toString(pool), Boolean.toString(confinedToo))))
                .toList());
        System.out.println(Table.medians(results, NANOS, results.forks().keySet(), "%.1f"));
        System.out.println(Table.ratios(results, NANOS, results.forks().keySet()));
        return 0;
    }

    /// A fork, with a subject, the work, the size of the pool, and whether to use confined memory before.
    public static void main(String[] args) throws InterruptedException {
        if (Boolean.parseBoolean(args[3])) {
            useConfinedMemory();
        }
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        long pool = script.pool(Double.parseDouble(args[2]));
        Fork.answer(() -> Map.of(NANOS, measure(kind, script, pool)));
    }

    /// The JVM counts which way the JDK's checks of a segment go, for all callers together. It compiles a way that nobody has taken as a
    /// trap, and what follows the check is faster then.
    private static void useConfinedMemory() {
        for (int i = 0; i < CONFINED_ARENAS; i++) {
            try (Arena confined = Arena.ofConfined()) {
                MemorySegment memory = confined.allocate(ValueLayout.JAVA_LONG, CONFINED_ACCESSES);
                for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
                    memory.set(ValueLayout.JAVA_LONG, at, memory.get(ValueLayout.JAVA_LONG, at) + at);
                    memory.set(ValueLayout.JAVA_INT, at, memory.get(ValueLayout.JAVA_INT, at) + 1);
                }
            }
        }
    }

    /// Nanoseconds per operation. Each number is the mean of as many replays as make a million operations.
    private static double[] measure(Kind kind, Script script, long pool) {
        try (Subject subject = kind.open(script.slotCount(), pool)) {
            Check.run(subject, script, pool);
        }
        try (Subject subject = kind.open(script.slotCount(), pool)) {
            long start = Fork.cpuNanos();
            for (long done = 0;
                    done < WARM_UP_OPERATIONS || Fork.cpuNanos() - start < WARM_UP_NANOS;
                    done += script.operations()) {
                script.replay(subject);
            }
            int replays = Math.ceilDiv(SAMPLE_OPERATIONS, script.operations());
            double[] nanos = new double[MOST_SAMPLES];
            int n = 0;
            start = Fork.cpuNanos();
            while (n < FEWEST_SAMPLES || n < MOST_SAMPLES && Fork.cpuNanos() - start < TIMED_NANOS) {
                long before = Fork.cpuNanos();
                for (int i = 0; i < replays; i++) {
                    script.replay(subject);
                }
                nanos[n++] = (double) (Fork.cpuNanos() - before) / replays / script.operations();
            }
            return Arrays.copyOf(nanos, n);
        }
    }
}
