package io.github.offsetallocator.contract;

import io.github.offsetallocator.OffsetAllocator;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;

/// A JVM of its own, for failures that a JVM may not survive. One that hangs says where, and is ended.
final class Fork {
    /// How it ended, and what it said.
    record Result(int exit, String output) {
        boolean hasCrashed() {
            return exit == 134 || output.contains("A fatal error has been detected") || output.contains("insufficient memory for the Java Runtime");
        }

        /// The number behind a word, in the last line that has it.
        long number(String word) {
            long[] number = {-1};
            output.lines().forEach(line -> {
                int at = line.indexOf(word + "=");
                if (at >= 0) {
                    String rest = line.substring(at + word.length() + 1).split("[^0-9]", 2)[0];
                    number[0] = Math.max(0, number[0]) + Long.parseLong(rest);
                }
            });
            return number[0];
        }
    }

    private Fork() {}

    /// Runs a main class.
    ///
    /// @param seconds patience
    /// @param options of the JVM
    static Result run(Class<?> main, int seconds, List<String> options, String... arguments) {
        return run(List.of(), main, seconds, options, arguments);
    }

    /// As [#run(Class, int, List, String...)], under a limit of the shell, such as `ulimit -v 1000000`.
    static Result runUnder(String limit, Class<?> main, int seconds, List<String> options, String... arguments) {
        Assumptions.assumeTrue(OS.LINUX.isCurrentOs(), "elsewhere a shell can't limit the address space");
        return run(List.of("bash", "-c", limit + "; exec \"$@\"", "bash"), main, seconds, options, arguments);
    }

    private static Result run(List<String> before, Class<?> main, int seconds, List<String> options, String... arguments) {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-XX:-CreateCoredumpOnCrash");
        command.add("-XX:ErrorLogTimeout=10"); // seconds: where there is no memory, a report of the JVM's own crash may wait for ever
        command.add("-Djava.io.tmpdir=.");
        command.add("-cp");
        command.add(place(OffsetAllocator.class) + File.pathSeparator + place(Fork.class) + File.pathSeparator + place(Test.class));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        try {
            Path place = Files.createTempDirectory("fork");
            try {
                return run(command, place, seconds);
            } finally {
                delete(place);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Result run(List<String> command, Path place, int seconds) throws IOException, InterruptedException {
        Path output = place.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command).directory(place.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("MALLOC_ARENA_MAX", "1");
        Process process = builder.start();
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
        if (!ended) {
            String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
            new ProcessBuilder(jcmd, "" + process.pid(), "Thread.print").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile())).start().waitFor(5, TimeUnit.SECONDS);
            process.destroyForcibly().waitFor();
        }
        String said = Files.readString(output, StandardCharsets.ISO_8859_1);
        Result result = new Result(process.exitValue(), said);
        if (!ended && !result.hasCrashed()) { // the JVM may hang where it reports its own crash
            throw new AssertionError("it hangs: " + String.join(" ", command) + " has not ended after " + seconds + " s:\n" + said);
        }
        return result;
    }

    private static void delete(Path place) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static String place(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString())).toString();
    }
}
