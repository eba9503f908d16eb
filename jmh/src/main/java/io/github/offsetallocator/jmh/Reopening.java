package io.github.offsetallocator.jmh;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How long does it take to open a durable arena with many live blocks again, after a kill and after a close?
///
/// Run: `java -jar jmh/target/benchmarks.jar reopening`
@Command(
        name = "reopening",
        mixinStandardHelpOptions = true,
        description = "How long it takes to open a durable arena again; a minute.")
final class Reopening implements Callable<Integer> {
    private static final int BLOCK = 32;
    private static final int ROUNDS = 3;

    @Option(names = "--blocks", paramLabel = "N", defaultValue = "10000000", description = "Live blocks of 32 bytes (default: ${DEFAULT-VALUE}).")
    private int blocks;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Table table = new Table();
        table.row("", List.of("after a kill, s", "after a close, s", "close, s", "MiB of tables"));
        for (int round = 0; round < ROUNDS; round++) {
            measure(table, "in slabs", Fit.GOOD);
            measure(table, "in regions of their own", Fit.REFERENCE);
        }
        System.out.println(table);
        return 0;
    }

    private void measure(Table table, String what, Fit fit) throws IOException, InterruptedException {
        Path file = Kind.newFile();
        Path killed = Kind.newFile();
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, (long) blocks * BLOCK * 3 / 2).fit(fit);
        double[] seconds = new double[3];
        long metadata;
        try (SegmentArena arena = builder.build()) {
            for (int i = 0; i < blocks; i++) {
                if (arena.tryAllocate(BLOCK, 1) == SegmentArena.NO_SPACE) {
                    throw new Subject.Refused(BLOCK);
                }
            }
            metadata = arena.metadataSize();
            // A copy of an open file is what a kill leaves.
            new ProcessBuilder("cp", "--sparse=always", file.toString(), killed.toString()).inheritIO().start().waitFor();
            seconds[2] = -System.nanoTime();
        }
        seconds[2] += System.nanoTime();
        seconds[0] = open(builder.durable(killed, (long) blocks * BLOCK * 3 / 2));
        seconds[1] = open(builder.durable(file, (long) blocks * BLOCK * 3 / 2));
        Files.delete(file);
        Files.delete(killed);
        table.row(what, List.of(Table.number("%.2f", seconds[0] / 1e9), Table.number("%.2f", seconds[1] / 1e9),
                Table.number("%.2f", seconds[2] / 1e9), Table.number("%.0f", metadata / 1048576.0)));
    }

    private double open(SegmentArena.Builder builder) {
        long start = System.nanoTime();
        try (SegmentArena arena = builder.build()) {
            long end = System.nanoTime();
            if (arena.allocations() != blocks) {
                throw new IllegalStateException("it has " + arena.allocations() + " allocations");
            }
            return end - start;
        }
    }
}
