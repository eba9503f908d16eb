package io.github.offsetallocator.jmh;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

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

    @Override
    public Integer call() throws IOException, InterruptedException {
        Table table = new Table();
        table.row("", List.of("after a kill, s", "CPU, s", "after a close, s", "CPU, s", "close, s", "CPU, s", "MiB of tables"));
        for (int round = 0; round < ROUNDS; round++) {
            measure(table, "in slabs", Fit.GOOD, false);
            measure(table, "in regions of their own", Fit.REFERENCE, false);
            measure(table, "the same, in any order", Fit.REFERENCE, true);
        }
        System.out.println(table);
        return 0;
    }

    private void measure(Table table, String what, Fit fit, boolean inAnyOrder) throws IOException, InterruptedException {
        Path file = Kind.newFile();
        Path killed = Kind.newFile();
        long byteSize = (long) blocks * BLOCK * 3 / 2;
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, byteSize).fit(fit);
        List<String> cells = new ArrayList<>();
        SegmentArena arena = builder.build();
        fill(arena, inAnyOrder);
        long metadata = arena.metadataSize();
        // A copy of an open file is what a kill leaves.
        new ProcessBuilder("cp", "--sparse=always", file.toString(), killed.toString()).inheritIO().start().waitFor();
        List<String> close = time(arena::close);
        cells.addAll(open(builder.durable(killed, byteSize)));
        cells.addAll(open(builder.durable(file, byteSize)));
        cells.addAll(close);
        Files.delete(file);
        Files.delete(killed);
        cells.add(Table.number("%.0f", metadata / 1048576.0));
        table.row(what, cells);
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

    private List<String> open(SegmentArena.Builder builder) {
        SegmentArena[] opened = new SegmentArena[1];
        List<String> times = time(() -> opened[0] = builder.build());
        try (SegmentArena arena = opened[0]) {
            if (arena.allocations() != blocks) {
                throw new IllegalStateException("it has " + arena.allocations() + " allocations");
            }
        }
        return times;
    }

    /// On the clock, and of this thread's.
    private static List<String> time(Runnable what) {
        long start = System.nanoTime();
        long cpu = THREADS.getCurrentThreadCpuTime();
        what.run();
        cpu = THREADS.getCurrentThreadCpuTime() - cpu;
        return List.of(Table.number("%.2f", (System.nanoTime() - start) / 1e9), Table.number("%.2f", cpu / 1e9));
    }
}
