package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How much of a pool is lost between the blocks? The same numbers on every machine and in every run.
///
/// - For [Work]: the smallest pool with which nothing is refused, divided by the most that is live at once.
/// - For recorded programs: the same if the program runs again and again in one pool, with what earlier runs have left of slabs and
///   free regions.
/// - For blocks of one size, off a bin boundary, and for sizes at random: how much of the pool is in use when a request is
///   refused.
///
/// Run: `java -jar jmh/target/benchmarks.jar fragmentation`
@Command(
        name = "fragmentation",
        mixinStandardHelpOptions = true,
        description = "How much of a pool is lost between the blocks; takes minutes.")
final class Fragmentation extends Runner {
    static final String POOL = "smallest pool / peak";
    static final String AGAIN = "smallest pool / peak, again and again";
    static final String USE = "use at refusal";

    private static final String EACH = "of each churn";
    private static final long UNITS = 64 << 20;
    private static final String RANDOM = "1 Ki to 1 Mi";
    private static final List<Integer> SIZES = List.of(
            111, 230, 239, 273, 281, 3_686, 4_079, 4_113, 4_505, 8_175, 9_011, 58_982, 65_519, 65_553, 72_089);
    private static final int STEPS_OF_PEAK = 400;
    private static final int LOOK_ABOVE = 20;
    private static final int SLACK = 1 << 16;
    private static final int FEWEST_REFUSALS = 20_000;
    private static final int CHURNS = 5;
    private static final int RUNS = 20;

    @Option(names = "--work", split = ",", paramLabel = "WORK", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work =
            List.of(Work.ESPRESSO, Work.CC1PLUS, Work.GAWK, Work.PERL, Work.CHURN_1K, Work.CHURN_64K);

    Fragmentation() {
        super(1, Kind.OFFSET_ALLOCATOR, Kind.OFFSET_REFERENCE, Kind.OFFSET_REAL_TIME);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Case> pools = work.stream().map(each -> new Case(each.toString(), List.of(POOL, each.name()))).toList();
        List<Case> again = work.stream()
                .filter(Work::isRecorded)
                .map(each -> new Case(each + ", again and again", List.of(AGAIN, each.name())))
                .toList();
        List<Case> uses = new ArrayList<>();
        SIZES.forEach(size -> uses.add(use(size.toString(), size, size)));
        uses.add(use(RANDOM, 1 << 10, 1 << 20));
        List<Case> all = new ArrayList<>(pools);
        all.addAll(again);
        all.addAll(uses);
        Map<String, String> settings = Map.of("pool for the use at refusal", UNITS + " units of 16 bytes",
                "again and again", RUNS + " times in one pool");
        Results results = run("fragmentation", settings, List.of("-Xmx2g"), all);
        System.out.println(Table.medians(results, POOL, pools.stream().map(Case::name).toList(), "%.3f"));
        System.out.println(Table.medians(results, AGAIN, again.stream().map(Case::name).toList(), "%.3f"));
        Table table = new Table();
        table.row(USE + ", by units of a block", results.subjects());
        for (Case use : uses) {
            table.row(use.name(), results.subjects().stream()
                    .map(subject -> Table.number("%.4f", results.median(use.name(), subject, USE)))
                    .toList());
        }
        System.out.println(table);
        return 0;
    }

    private static Case use(String name, int smallest, int largest) {
        return new Case(name, List.of(USE, Integer.toString(smallest), Integer.toString(largest)));
    }

    /// A fork, with a subject, what is measured, and the work or the smallest and the largest size in units.
    public static void main(String[] args) throws InterruptedException {
        Kind kind = Kind.valueOf(args[0]);
        Fork.answer(() -> {
            if (args[1].equals(USE)) {
                return Map.of(USE, new double[] {meanUse(kind, Integer.parseInt(args[2]), Integer.parseInt(args[3]))});
            }
            Work work = Work.valueOf(args[2]);
            if (args[1].equals(AGAIN)) {
                return Map.of(AGAIN, new double[] {overhead(kind, work.script(), RUNS)});
            }
            double[] each = overheads(kind, work);
            return Map.of(POOL, new double[] {DoubleStream.of(each).average().orElseThrow()}, EACH, each);
        });
    }

    /// Of five churns, as one of them depends on where its peak happens to be. Of a recorded trace there is only one.
    private static double[] overheads(Kind kind, Work work) {
        double[] overheads = new double[work.isRecorded() ? 1 : CHURNS];
        for (int i = 0; i < overheads.length; i++) {
            overheads[i] = overhead(kind, work.script(i + 1), 1);
        }
        return overheads;
    }

    private static double overhead(Kind kind, Script script, int runs) {
        return (double) smallestPool(kind, script, runs) / script.peak();
    }

    /// The smallest pool with which a script is never refused anything, in so many runs, nor with any larger one. A larger pool can do worse
    /// by chance, a little: so halving finds where to begin, and from 5 % above that, steps of a 400th of the
    /// peak live size lead down to the first pool that refuses.
    ///
    /// @return bytes
    static long smallestPool(Kind kind, Script script, int runs) {
        long peak = script.peak() >> 4;
        long step = Math.max(1, peak / STEPS_OF_PEAK);
        long refused = peak - 1;
        long enough = peak + peak / 2 + SLACK;
        while (!completes(kind, script, runs, enough)) {
            refused = enough;
            enough *= 2;
        }
        while (enough - refused > step) {
            long middle = (refused + enough) >>> 1;
            if (completes(kind, script, runs, middle)) {
                enough = middle;
            } else {
                refused = middle;
            }
        }
        long pool = enough + peak / LOOK_ABOVE;
        while (pool - step >= peak && completes(kind, script, runs, pool - step)) {
            pool -= step;
        }
        return pool << 4;
    }

    private static boolean completes(Kind kind, Script script, int runs, long units) {
        try (Subject subject = kind.open(script.slotCount(), units << 4)) {
            for (int i = 0; i < runs; i++) {
                script.replay(subject);
            }
            return true;
        } catch (Subject.Refused e) {
            return false;
        }
    }

    /// Asks for blocks of random size in a pool of [#UNITS] units. Whenever one is refused, frees one of the live ones at
    /// random and goes on.
    ///
    /// ```
    ///  fill | refusals to settle | refusals measured: part of the pool in use at each, mean
    /// ```
    ///
    /// It settles for twice as many refusals as there can be blocks, so that each has had to go, and is measured over as
    /// many. All sizes from the smallest to the largest are equally frequent.
    static double meanUse(Kind kind, int smallest, int largest) {
        SplittableRandom random = new SplittableRandom(1);
        int mostBlocks = (int) (UNITS / smallest);
        int refusals = Math.max(FEWEST_REFUSALS, 2 * mostBlocks);
        int[] sizes = new int[mostBlocks];
        int[] slots = new int[mostBlocks];
        for (int i = 0; i < mostBlocks; i++) {
            slots[i] = i;
        }
        int live = 0;
        long used = 0;
        double sum = 0;
        try (Subject subject = kind.open(mostBlocks, UNITS << 4)) {
            for (int seen = 0; seen < 2 * refusals; ) {
                int size = random.nextInt(smallest, largest + 1);
                if (live < mostBlocks && fits(subject, slots[live], size)) {
                    sizes[slots[live++]] = size;
                    used += size;
                    continue;
                }
                if (seen++ >= refusals) {
                    sum += (double) used / UNITS;
                }
                int victim = random.nextInt(live);
                int slot = slots[victim];
                subject.free(slot);
                used -= sizes[slot];
                slots[victim] = slots[--live];
                slots[live] = slot;
            }
        }
        return sum / refusals;
    }

    private static boolean fits(Subject subject, int slot, int units) {
        try {
            subject.allocate(slot, units << 4);
            return true;
        } catch (Subject.Refused e) {
            return false;
        }
    }
}
