package io.github.offsetallocator.examples;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntConsumer;

/// Times all ways on one workload. Each has a JVM of its own, see [Rival], so that no other spoils what the compiler learns
/// of it; they take turns, so that whatever else the machine does meets all of them.
///
/// ```
///  start and warm up     | round 1             | round 2             |  ...
///  a b c d, all at once  | a: t  b: t  c: t .. | a: t  b: t  c: t .. |  median of each
/// ```
final class Race {
    static final int ROUNDS = 7;

    private final Workload work;
    private final Path directory;

    /// What was measured of one way.
    ///
    /// @param nanos     median time of an operation
    /// @param heapBytes median bytes on the Java heap of an operation
    record Result(double nanos, double heapBytes) {}

    /// @param directory for what the ways need on disk
    Race(Workload work, Path directory) {
        this.work = work;
        this.directory = directory;
    }

    /// @param roundDone called with the number of timed rounds so far, 0 while they warm up
    Map<Subject.Way, Result> run(IntConsumer roundDone) throws IOException {
        Map<Subject.Way, Process> rivals = new EnumMap<>(Subject.Way.class);
        Map<Subject.Way, double[][]> samples = new EnumMap<>(Subject.Way.class);
        try {
            roundDone.accept(0);
            for (Subject.Way way : Subject.Way.values()) {
                rivals.put(way, start(way));
                samples.put(way, new double[2][ROUNDS]);
            }
            for (Process rival : rivals.values()) {
                answer(rival);
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (Subject.Way way : Subject.Way.values()) {
                    Process rival = rivals.get(way);
                    rival.outputWriter().write(System.lineSeparator());
                    rival.outputWriter().flush();
                    String[] numbers = answer(rival).split(" ");
                    samples.get(way)[0][round] = Double.parseDouble(numbers[0]);
                    samples.get(way)[1][round] = Double.parseDouble(numbers[1]);
                }
                roundDone.accept(round + 1);
            }
        } finally {
            rivals.values().forEach(Race::end);
        }
        Map<Subject.Way, Result> results = new EnumMap<>(Subject.Way.class);
        samples.forEach((way, numbers) -> results.put(way, new Result(median(numbers[0]), median(numbers[1]))));
        return results;
    }

    private Process start(Subject.Way way) throws IOException {
        return new ProcessBuilder(
                        System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseG1GC",
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Rival.class.getName(),
                        way.name(),
                        work.name(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String answer(Process rival) throws IOException {
        BufferedReader answers = rival.inputReader();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("a JVM has died: " + rival.info().commandLine().orElse(rival.toString()));
        }
        return answer;
    }

    /// Closes its input, so that it closes its subject and ends.
    private static void end(Process rival) {
        try {
            rival.outputWriter().close();
            rival.waitFor();
        } catch (IOException e) {
            rival.destroy();
        } catch (InterruptedException e) {
            rival.destroy();
            Thread.currentThread().interrupt();
        }
    }

    private static double median(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
