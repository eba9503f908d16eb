package io.github.offsetallocator.examples;

import static io.github.offsetallocator.tools.Numbers.*;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.tools.HeapPicture;
import io.github.offsetallocator.tools.HeapSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/// Replays recorded traces through [SegmentArena] and through what the JDK and the C library offer, and prints what an
/// operation costs in time, on the Java heap and in space. Then it draws the heap of one trace at its fullest.
///
/// Run: `mvn -q -pl examples -am -Pdemo compile`
public final class Demo {
    private static final Path DIRECTORY = Path.of("target", "demo");
    private static final String PICTURED = "cc1plus";

    private final Progress progress = new Progress();
    private HeapSnapshot pictured;

    private Demo() {}

    /// Takes about a minute.
    public static void main(String[] args) throws IOException {
        Files.createDirectories(DIRECTORY);
        new Demo().run();
    }

    private void run() throws IOException {
        System.out.println(introduction());
        for (String name : Trace.RECORDED) {
            System.out.println(trace(Workload.of(Trace.recorded(name))));
        }
        Path picture = DIRECTORY.resolve("heap.html");
        Files.writeString(picture, new HeapPicture("Heap of " + PICTURED + " at its fullest", pictured).html());
        System.out.println("Picture of the heap of " + PICTURED + " at its fullest: " + picture);
    }

    private static String introduction() {
        return """
                JDK %s, %s %s, %d cores

                Allocations and frees of real programs, replayed. Every subject writes the first byte of every block, and
                frees at the end what the program left. Before anything is timed, a replay of its own checks that each
                block keeps every byte until it is freed.

                time       time of the thread on the CPU; and how many times the first subject's that is
                heap       bytes allocated on the Java heap
                           both for each operation, median of %d rounds, in which the subjects take turns, a JVM for each
                peak use   bytes in use at the fullest point, in granules of %d bytes, and their part of the pool
                outer      fragmentation at that point: the part of the free bytes outside the largest free region
                inner      fragmentation at that point: the part of the bytes in use that nobody asked for
                """.formatted(Runtime.version(), System.getProperty("os.name"), System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(), Race.ROUNDS, Workload.ALIGNMENT);
    }

    private String trace(Workload work) throws IOException {
        Map<Subject.Way, HeapSnapshot> snapshots = check(work);
        if (work.name().equals(PICTURED)) {
            pictured = snapshots.get(Subject.Way.HANDLES);
        }
        Map<Subject.Way, Race.Result> results = new Race(work, DIRECTORY).run(round -> {
            progress.stage(work.name() + (round == 0 ? ": warming up" : ": timing"));
            progress.step("round " + round + " of " + Race.ROUNDS);
        });
        progress.clear();
        return title(work) + System.lineSeparator() + table(results, snapshots);
    }

    private Map<Subject.Way, HeapSnapshot> check(Workload work) {
        progress.stage(work.name() + ": checking");
        Map<Subject.Way, HeapSnapshot> snapshots = new EnumMap<>(Subject.Way.class);
        for (Subject.Way way : Subject.Way.values()) {
            progress.step(way.label());
            try (Subject subject = way.open(work, DIRECTORY)) {
                Check.run(work, subject).ifPresent(snapshot -> snapshots.put(way, snapshot));
            }
        }
        return snapshots;
    }

    private static String title(Workload work) {
        return format("%s: %,d operations recorded + %,d frees of what was left; pool of %s",
                work.name(), work.recorded(), work.operations() - work.recorded(), bytes(work.pool()));
    }

    private static String table(Map<Subject.Way, Race.Result> results, Map<Subject.Way, HeapSnapshot> snapshots) {
        Table table = new Table();
        table.header("", "time", "", "heap", "peak use", "", "outer", "inner");
        table.header("", "ns/op", "x", "B/op", "KiB", "% of pool", "%", "%");
        double first = results.get(Subject.Way.HANDLES).nanos();
        results.forEach((way, result) -> {
            String nanos = format("%.1f", result.nanos());
            String times = format("%.1f", result.nanos() / first);
            String heap = format("%.3f", result.heapBytes());
            HeapSnapshot snapshot = snapshots.get(way);
            if (snapshot == null) {
                table.row(way.label(), nanos, times, heap, "-", "-", "-", "-");
            } else {
                table.row(way.label(), nanos, times, heap,
                        format("%,d", snapshot.used() >> 10),
                        format("%.1f", 100.0 * snapshot.used() / snapshot.byteSize()),
                        format("%.1f", 100 * snapshot.externalFragmentation()),
                        format("%.1f", 100 * snapshot.internalFragmentation()));
            }
        });
        return table.toString();
    }
}
