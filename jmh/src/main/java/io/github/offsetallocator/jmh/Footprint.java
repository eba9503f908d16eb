package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How much memory does a program need, if each block can be freed by itself, and if nothing can before the end? The same on
/// every machine.
///
/// Run: `java -jar jmh/target/benchmarks.jar footprint`
@Command(
        name = "footprint",
        mixinStandardHelpOptions = true,
        description = "Memory over the course of a program, with and without single frees; seconds.")
final class Footprint extends Runner {
    static final String OPERATIONS = "operations";
    static final String MEBIBYTES = "MiB";

    private static final int POINTS = 250;

    @Option(names = "--work", split = ",", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work = List.of(Work.CC1PLUS);

    @Option(
            names = "--pool",
            paramLabel = "TIMES",
            defaultValue = "1.1",
            description = "Size of the pool in multiples of the peak live size (default: ${DEFAULT-VALUE}).")
    private double pool;

    Footprint() {
        super(1, Kind.ARENA);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Options.requirePool(program, pool);
        invite("live", each -> live(script(each)));
        invite("one Arena, closed at the end", each -> together(script(each)));
        Map<String, String> settings = Map.of(
                MEBIBYTES, "up to the last byte that was ever handed out; for all, sizes in whole granules of 16 bytes",
                "pool", pool + " times the peak live size");
        Results results = run("footprint", settings, List.of(), work.stream()
                .map(each -> new Case(each.toString(), List.of(each.name(), Double.toString(pool))))
                .toList());
        Table table = new Table();
        table.row(MEBIBYTES + " at most", work.stream().map(Work::toString).toList());
        for (String subject : results.subjects()) {
            table.row(subject, work.stream().map(each -> Table.number("%.2f", most(results, each.toString(), subject))).toList());
        }
        System.out.println(table);
        return 0;
    }

    private static double most(Results results, String testCase, String subject) {
        double most = 0;
        for (double each : results.numbers(testCase, subject, 0, MEBIBYTES)) {
            most = Math.max(most, each);
        }
        return most;
    }

    private static Script script(Case testCase) {
        return Work.valueOf(testCase.arguments().getFirst()).script();
    }

    /// A fork, with a subject, the work and the size of the pool.
    public static void main(String[] args) throws InterruptedException {
        Script script = Work.valueOf(args[1]).script();
        Fork.answer(() -> {
            try (Subject subject = Kind.valueOf(args[0]).open(script.slotCount(), script.pool(Double.parseDouble(args[2])))) {
                long[] highest = {0};
                return curve(script, i -> {
                    int slot = script.slot(i);
                    if (slot >= 0) {
                        subject.allocate(slot, script.bytes(i));
                        highest[0] = Math.max(highest[0], subject.offset(slot) + Subject.granules(script.bytes(i)));
                    } else {
                        subject.free(slot & ~Script.FREE);
                    }
                    return highest[0];
                });
            }
        });
    }

    private static Map<String, double[]> live(Script script) {
        long[] sizes = new long[script.slotCount()];
        long[] live = {0};
        return curve(script, i -> {
            int slot = script.slot(i) & ~Script.FREE;
            live[0] -= sizes[slot];
            sizes[slot] = script.slot(i) >= 0 ? Subject.granules(script.bytes(i)) : 0;
            return live[0] += sizes[slot];
        });
    }

    private static Map<String, double[]> together(Script script) {
        long[] sum = {0};
        return curve(script, i -> sum[0] += script.slot(i) >= 0 ? Subject.granules(script.bytes(i)) : 0);
    }

    /// The most between one point and the next.
    ///
    /// @param granules after the operation of that number
    private static Map<String, double[]> curve(Script script, IntToLongFunction granules) {
        double[] operations = new double[POINTS + 1];
        double[] mebibytes = new double[POINTS + 1];
        int point = 1;
        long most = 0;
        for (int i = 0; i < script.operations(); i++) {
            most = Math.max(most, granules.applyAsLong(i));
            if (i + 1 == (long) point * script.operations() / POINTS) {
                operations[point] = i + 1;
                mebibytes[point++] = most * 16.0 / (1 << 20);
                most = 0;
            }
        }
        return Map.of(OPERATIONS, operations, MEBIBYTES, mebibytes);
    }
}
