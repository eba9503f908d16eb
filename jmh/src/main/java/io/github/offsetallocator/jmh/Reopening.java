package io.github.offsetallocator.jmh;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// How long does it take to open a durable arena with many live blocks again, after a kill and after a close?
///
/// Run: `java -jar jmh/target/benchmarks.jar reopening`
@Command(
        name = "reopening",
        mixinStandardHelpOptions = true,
        description = "How long it takes to open a durable arena again; three minutes.")
final class Reopening implements Callable<Integer> {
    private static final int BLOCK = 32;
    private static final int ROUNDS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @Option(names = "--blocks", paramLabel = "N", defaultValue = "10000000", description = "Live blocks of 32 bytes (default: ${DEFAULT-VALUE}).")
    private int blocks;

    @Spec
    private CommandSpec program;

    @Mixin
    private Saved saved = new Saved();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options.requireCount(program, "--blocks", blocks);
        Map<String, List<Map<String, double[]>>> forks = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            measure(forks, "in slabs", Fit.GOOD, false);
            measure(forks, "in regions of their own", Fit.REFERENCE, false);
            measure(forks, "the same, in any order", Fit.REFERENCE, true);
        }
        String what = blocks + " live blocks";
        saved.keep(new Results("reopening", Machine.here(), Map.of("seconds", "of one process, on the clock and of its thread on the CPU"), Map.of(what, forks)));
        Table table = new Table();
        table.row("", List.copyOf(forks.get("in slabs").getFirst().keySet()));
        forks.forEach((name, rounds) -> rounds.forEach(
                round -> table.row(name, round.values().stream().map(numbers -> Table.number("%.2f", numbers[0])).toList())));
        System.out.println(table);
        return 0;
    }

    private void measure(Map<String, List<Map<String, double[]>>> forks, String what, Fit fit, boolean inAnyOrder) throws IOException, InterruptedException {
        Path file = Kind.newFile();
        Path killed = Kind.newFile();
        long byteSize = (long) blocks * BLOCK * 3 / 2;
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, byteSize).fit(fit);
        Map<String, double[]> numbers = new LinkedHashMap<>();
        SegmentArena arena = builder.build();
        fill(arena, inAnyOrder);
        long metadata = arena.metadataSize();
        // A copy of an open file is what a kill leaves.
        new ProcessBuilder("cp", "--sparse=always", file.toString(), killed.toString()).inheritIO().start().waitFor();
        double[] close = time(arena::close);
        put(numbers, "after a kill", open(builder.durable(killed, byteSize)));
        put(numbers, "after a close", open(builder.durable(file, byteSize)));
        put(numbers, "close", close);
        Files.delete(file);
        Files.delete(killed);
        numbers.put("MiB of tables", new double[] {metadata / 1048576.0});
        forks.computeIfAbsent(what, _ -> new ArrayList<>()).add(numbers);
    }

    private static void put(Map<String, double[]> numbers, String what, double[] seconds) {
        numbers.put(what + ", s", new double[] {seconds[0]});
        numbers.put(what + ", CPU s", new double[] {seconds[1]});
    }

    /// @param inAnyOrder whether blocks lie in another order than their nodes do, with gaps
    private void fill(SegmentArena arena, boolean inAnyOrder) {
        long[] handles = new long[blocks];
        for (int i = 0; i < blocks; i++) {
            handles[i] = arena.tryAllocate(BLOCK, 1);
        }
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < blocks && inAnyOrder; i++) {
            int any = random.nextInt(blocks);
            arena.free(handles[any]);
            handles[any] = arena.tryAllocate(BLOCK / 2 + random.nextInt(BLOCK), 1);
        }
        if (arena.allocations() != blocks) {
            throw new Subject.Refused(BLOCK);
        }
    }

    private double[] open(SegmentArena.Builder builder) {
        SegmentArena[] opened = new SegmentArena[1];
        double[] seconds = time(() -> opened[0] = builder.build());
        try (SegmentArena arena = opened[0]) {
            if (arena.allocations() != blocks) {
                throw new IllegalStateException("it has " + arena.allocations() + " allocations");
            }
        }
        return seconds;
    }

    /// On the clock, and of this thread's.
    private static double[] time(Runnable what) {
        long start = System.nanoTime();
        long cpu = THREADS.getCurrentThreadCpuTime();
        what.run();
        cpu = THREADS.getCurrentThreadCpuTime() - cpu;
        return new double[] {(System.nanoTime() - start) / 1e9, cpu / 1e9};
    }
}
