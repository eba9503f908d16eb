package io.github.offsetallocator.jmh;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// How does a shared arena scale, beside the peers? In less than three minutes.
///
/// Each subject works with each number of threads in a JVM of its own. They take turns, so that whatever else the machine
/// does meets all of them:
///
/// ```
///  for each work and number of threads:   start and warm up  a b c    then  a b c  a b c  a b c ...    median of each
/// ```
///
/// Run: `java -cp jmh/target/benchmarks.jar io.github.offsetallocator.jmh.SharedTable [file.json]`
public final class SharedTable {
    private static final int ROUNDS = 5;
    private static final List<String> TRACES = List.of("espresso", "cc1plus");
    private static final List<Integer> THREADS = List.of(1, 2, 64, SharedPlayer.PAIR);
    private static final List<Kind> SUBJECTS = List.of(
            Kind.ARENA_SHARED, Kind.ARENA, Kind.MALLOC, Kind.NETTY_ADAPTIVE, Kind.NETTY_POOLED);

    /// By trace, number of threads and subject: million operations per second of each round.
    private final Map<String, Map<String, Map<String, double[]>>> results = new LinkedHashMap<>();

    private SharedTable() {}

    public static void main(String[] args) throws IOException {
        SharedTable table = new SharedTable();
        for (String trace : TRACES) {
            for (int threads : THREADS) {
                table.race(trace, threads);
            }
            System.out.println(table.text(trace));
        }
        Path file = Path.of(args.length > 0 ? args[0] : "target/shared.json");
        Files.createDirectories(file.toAbsolutePath().getParent());
        JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        Files.writeString(file, mapper.writeValueAsString(table.results));
        System.out.println("Raw results: " + file);
    }

    /// A JVM that waits for its turn.
    private record Player(Process process, BufferedReader answers, BufferedWriter orders) {
        static Player start(Kind kind, String trace, int threads) throws IOException {
            Process process = Jvm.running(SharedPlayer.class, List.of(), kind.name(), trace, "" + threads)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Player player = new Player(process, process.inputReader(), process.outputWriter());
            if (!SharedPlayer.READY.equals(player.answers.readLine())) {
                throw new IOException(kind.label() + " with " + label(threads) + " did not get ready");
            }
            return player;
        }

        double round() throws IOException {
            orders.newLine();
            orders.flush();
            return Double.parseDouble(answers.readLine());
        }
    }

    private void race(String trace, int threads) throws IOException {
        System.err.println(trace + ", " + label(threads));
        Map<Kind, Player> players = new LinkedHashMap<>();
        Map<String, double[]> rates = new LinkedHashMap<>();
        try {
            for (Kind kind : SUBJECTS) {
                if (threads != SharedPlayer.PAIR || kind != Kind.ARENA) {
                    players.put(kind, Player.start(kind, trace, threads));
                }
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (Map.Entry<Kind, Player> player : players.entrySet()) {
                    rates.computeIfAbsent(player.getKey().label(), _ -> new double[ROUNDS])[round] = player.getValue().round();
                }
            }
        } finally {
            players.values().forEach(player -> player.process.destroy());
        }
        results.computeIfAbsent(trace, _ -> new LinkedHashMap<>()).put(label(threads), rates);
    }

    private static String label(int threads) {
        return threads == SharedPlayer.PAIR ? "pair" : threads == 1 ? "1 thread" : threads + " threads";
    }

    private String text(String trace) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%-16s%10s%11s%7s%12s%8s%n",
                trace + ", Mops/s", "1 thread", "2 threads", "2 / 1", "64 threads", "pair"));
        for (Kind kind : SUBJECTS) {
            double one = median(trace, 1, kind);
            double two = median(trace, 2, kind);
            text.append(String.format(Locale.ROOT, "%-16s%10.1f%11.1f%7.2f%12.1f", kind.label(), one, two, two / one, median(trace, 64, kind)));
            text.append(kind == Kind.ARENA ? "" : String.format(Locale.ROOT, "%8.1f", median(trace, SharedPlayer.PAIR, kind)));
            text.append(System.lineSeparator());
        }
        return text.toString();
    }

    private double median(String trace, int threads, Kind kind) {
        double[] rates = results.get(trace).get(label(threads)).get(kind.label()).clone();
        Arrays.sort(rates);
        return rates[ROUNDS / 2];
    }
}
