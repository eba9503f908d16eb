package io.github.offsetallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's program for Arrow, in a JVM that has what a user's has: nothing that stands for Arrow's own classes, and none of Arrow's tests.
class ReadmeTest {
    private static final Pattern PROGRAM = Pattern.compile("```java[^\n]*\n(try [^`]*ArenaAllocationManager[^`]*)```");
    private static final String AROUND = """
            import io.github.offsetallocator.SegmentArena;
            import io.github.offsetallocator.arrow.ArenaAllocationManager;
            import org.apache.arrow.memory.*;
            import org.apache.arrow.vector.IntVector;

            void main() {
                long limit = 1L << 30;
                %s
            }
            """;

    @TempDir
    Path directory;

    @Test
    void runs() throws Exception {
        Run run = run(part -> true);
        assertEquals(0, run.status, run.output);
    }

    /// What docs/peers.md says of the two: Arrow doesn't start without one of them.
    @Test
    void doesNotRunWithoutOneOfArrowsOwn() throws Exception {
        Run run = run(part -> !part.contains("arrow-memory-unsafe"));
        assertEquals(1, run.status, run.output);
        assertTrue(run.output.contains("No DefaultAllocationManager found on classpath"), run.output);
    }

    private record Run(int status, String output) {}

    private Run run(Predicate<String> isThere) throws IOException, InterruptedException {
        Matcher program = PROGRAM.matcher(Files.readString(Path.of("../../README.md")));
        assertTrue(program.find());
        Path source = Files.writeString(directory.resolve("Program.java"), AROUND.formatted(program.group(1)));
        String path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(part -> !part.endsWith("test-classes") && !part.endsWith("-tests.jar"))
                .filter(isThere)
                .collect(Collectors.joining(File.pathSeparator));
        Process java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", path, source.toString()).redirectErrorStream(true).start();
        String output = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(java.waitFor(), output);
    }
}
