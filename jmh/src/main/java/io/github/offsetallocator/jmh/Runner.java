package io.github.offsetallocator.jmh;

import java.io.Console;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// What all programs of this package have in common: they measure in JVMs of their own, one at a time, which take turns,
/// so that whatever else the machine does meets all subjects.
///
/// ```
///  for each case:     round 1: fork a, fork b, fork c ...    round 2: fork a, fork b, fork c ...
///
///  fork:              start, check, warm up, measure
/// ```
///
/// A new JVM for each round, since two compile the same code differently; and one for each subject, so that no other
/// spoils what the compiler learns of it.
abstract class Runner implements Callable<Integer> {
    private static final int LINE = 100;

    @Option(names = "--subjects", split = ",", paramLabel = "SUBJECT", description = "Of ${COMPLETION-CANDIDATES}.")
    List<Kind> subjects;

    @Option(names = "--rounds", paramLabel = "N", description = "Forks of each (default: ${DEFAULT-VALUE}).")
    int rounds;

    @Spec
    CommandSpec program;

    @Mixin
    private Saved saved = new Saved();

    private final Map<String, Contestant> guests = new LinkedHashMap<>();

    /// One thing that all subjects have to do.
    ///
    /// @param name      as in tables
    /// @param arguments of the fork, after the subject
    record Case(String name, List<String> arguments) {}

    /// Who does it.
    interface Contestant {
        Map<String, double[]> measure(Case testCase) throws IOException, InterruptedException;
    }

    Runner(int rounds, Kind... subjects) {
        this.rounds = rounds;
        this.subjects = List.of(subjects);
    }

    /// Someone besides the subjects.
    void invite(String label, Contestant guest) {
        guests.put(label, guest);
    }

    /// Whether a subject can do it.
    boolean takesPart(Kind kind, Case testCase) {
        return true;
    }

    /// Measures everything and keeps the raw numbers.
    Results run(String name, Map<String, String> settings, List<String> flags, List<Case> cases)
            throws IOException, InterruptedException {
        Options.requireCount(program, "--rounds", rounds);
        Map<String, Map<String, List<Map<String, double[]>>>> forks = new LinkedHashMap<>();
        for (Case each : cases) {
            Map<String, Contestant> contestants = contestants(each, flags);
            for (int round = 1; round <= rounds; round++) {
                for (Map.Entry<String, Contestant> contestant : contestants.entrySet()) {
                    progress(each.name() + ", round " + round + " of " + rounds + ", " + contestant.getKey());
                    forks.computeIfAbsent(each.name(), _ -> new LinkedHashMap<>())
                            .computeIfAbsent(contestant.getKey(), _ -> new ArrayList<>())
                            .add(contestant.getValue().measure(each));
                }
            }
        }
        progress("");
        Results results = new Results(name, Machine.here(), settings, forks);
        saved.keep(results);
        return results;
    }

    private Map<String, Contestant> contestants(Case testCase, List<String> flags) {
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        for (Kind kind : subjects) {
            if (takesPart(kind, testCase)) {
                contestants.put(kind.label(), each -> {
                    List<String> arguments = new ArrayList<>(List.of(kind.name()));
                    arguments.addAll(each.arguments());
                    return Fork.run(getClass(), flags, arguments);
                });
            }
        }
        contestants.putAll(guests);
        return contestants;
    }

    /// On standard error: in a terminal one line that is rewritten, elsewhere a line each time.
    private static void progress(String text) {
        Console console = System.console();
        if (console != null && console.isTerminal()) {
            System.err.print('\r' + text + " ".repeat(Math.max(0, LINE - text.length())) + '\r');
        } else if (!text.isEmpty()) {
            System.err.println(text);
        }
    }
}
