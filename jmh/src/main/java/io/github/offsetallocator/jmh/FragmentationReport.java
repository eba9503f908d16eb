package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.format;

import io.github.offsetallocator.examples.Progress;
import io.github.offsetallocator.examples.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How much of a pool is lost between the blocks? In the original's fit, in this allocator's, and in this allocator's
/// without quick lists. The same numbers on every machine and in every run.
///
/// - For [Work]: the smallest pool with which nothing is refused, divided by the most that is live at once, see
///   [Fragmentation#overhead(Fragmentation.Setting, Work)].
/// - For blocks of one size, off a bin boundary, and for sizes at random: how much of the pool is in use when a request is
///   refused, see [Fragmentation#meanUse(Fragmentation.Setting, long, long)].
///
/// It says whether the bars hold: blocks of one size use 99.5 % of the pool or more, random ones 90 %, and quick lists cost
/// 2 % at most. If one doesn't, the exit code is 1.
///
/// Run: `java -jar jmh/target/benchmarks.jar fragmentation`
@Command(
        name = "fragmentation",
        mixinStandardHelpOptions = true,
        description = "How much of a pool is lost between the blocks; takes a minute.")
final class FragmentationReport implements Callable<Integer> {
    static final double QUICK_LISTS_BAR = 1.02;

    private static final double SAME_SIZE_BAR = 0.995;
    private static final double RANDOM_SIZE_BAR = 0.90;
    private static final String GOOD = Fragmentation.Setting.GOOD.toString();
    private static final String WITHOUT_QUICK_LISTS = Fragmentation.Setting.GOOD_WITHOUT_QUICK_LISTS.toString();
    private static final String RANDOM = "random";
    private static final long SMALLEST_RANDOM = 1 << 10;
    private static final long LARGEST_RANDOM = 1 << 20;
    private static final List<Long> POWERS = List.of(1L << 8, 1L << 12, 1L << 16);

    @Option(
            names = "--work",
            split = ",",
            paramLabel = "WORK",
            defaultValue = "espresso,cc1plus,gawk,perl,churn-1k,churn-64k",
            description = "Of ${COMPLETION-CANDIDATES}.")
    private List<Work> work;

    @Mixin
    private Json json;

    private final Progress progress = new Progress();

    /// @param pools by work: by setting: smallest pool divided by what is live at most
    /// @param uses  by sizes: by setting: mean part of the pool in use when a request is refused
    record Results(Map<String, Map<String, Double>> pools, Map<String, Map<String, Double>> uses) {}

    @Override
    public Integer call() throws Exception {
        Results results = new Results(pools(), uses());
        progress.clear();
        System.out.println(tables(results));
        json.save("fragmentation", results);
        List<String> missed = missedBars(results);
        missed.forEach(System.out::println);
        return missed.isEmpty() ? 0 : 1;
    }

    private Map<String, Map<String, Double>> pools() {
        Map<String, Map<String, Double>> pools = new LinkedHashMap<>();
        for (Work each : work) {
            for (Fragmentation.Setting setting : Fragmentation.Setting.values()) {
                progress.stage(each + ", " + setting + ": smallest pool");
                pools.computeIfAbsent(each.toString(), _ -> new LinkedHashMap<>())
                        .put(setting.toString(), Fragmentation.overhead(setting, each));
            }
        }
        return pools;
    }

    private Map<String, Map<String, Double>> uses() {
        Map<String, Map<String, Double>> uses = new LinkedHashMap<>();
        for (long size : sameSizes()) {
            uses.put(Long.toString(size), use(size, size));
        }
        uses.put(RANDOM, use(SMALLEST_RANDOM, LARGEST_RANDOM));
        return uses;
    }

    private Map<String, Double> use(long smallest, long largest) {
        Map<String, Double> use = new LinkedHashMap<>();
        for (Fragmentation.Setting setting : Fragmentation.Setting.values()) {
            progress.stage((smallest == largest ? smallest : RANDOM) + " units, " + setting + ": mean use");
            use.put(setting.toString(), Fragmentation.meanUse(setting, smallest, largest));
        }
        return use;
    }

    /// Sizes on both sides of powers of two.
    private static List<Long> sameSizes() {
        List<Long> sizes = new ArrayList<>(List.of(111L, 8175L, 9011L));
        for (long power : POWERS) {
            sizes.addAll(List.of(power - 17, power + 17, power * 9 / 10, power * 11 / 10));
        }
        return sizes.stream().distinct().sorted().toList();
    }

    private static String tables(Results results) {
        return "Smallest pool that is never short, divided by what is live at most, in granules of 16 bytes"
                + System.lineSeparator()
                + table(results.pools(), "%.3f")
                + System.lineSeparator()
                + "Mean part of " + Fragmentation.POOL + " units in use when a request is refused, by size of the blocks;"
                + " random: 1 Ki to 1 Mi"
                + System.lineSeparator()
                + table(results.uses(), "%.4f");
    }

    private static Table table(Map<String, Map<String, Double>> rows, String pattern) {
        Table table = new Table();
        List<String> header = new ArrayList<>(List.of(""));
        for (Fragmentation.Setting setting : Fragmentation.Setting.values()) {
            header.add(setting.toString());
        }
        table.header(header.toArray(String[]::new));
        rows.forEach((name, values) -> {
            List<String> row = new ArrayList<>(List.of(name));
            values.values().forEach(value -> row.add(format(pattern, value)));
            table.row(row.toArray(String[]::new));
        });
        return table;
    }

    private static List<String> missedBars(Results results) {
        List<String> missed = new ArrayList<>();
        results.pools().forEach((name, pools) -> {
            double times = pools.get(GOOD) / pools.get(WITHOUT_QUICK_LISTS);
            if (times > QUICK_LISTS_BAR) {
                missed.add(format("MISSED: quick lists need %.3f times the pool for %s, not %.2f", times, name, QUICK_LISTS_BAR));
            }
        });
        results.uses().forEach((name, uses) -> {
            double bar = name.equals(RANDOM) ? RANDOM_SIZE_BAR : SAME_SIZE_BAR;
            if (uses.get(GOOD) < bar) {
                missed.add(format("MISSED: %s units use %.4f of the pool, not %.3f", name, uses.get(GOOD), bar));
            }
            if (uses.get(GOOD) * QUICK_LISTS_BAR < uses.get(WITHOUT_QUICK_LISTS)) {
                missed.add(format("MISSED: quick lists keep %s units from more than 2 %% of the pool", name));
            }
        });
        return missed;
    }
}
