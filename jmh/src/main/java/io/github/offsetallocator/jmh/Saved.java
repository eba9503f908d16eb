package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// Where a program keeps its raw numbers.
final class Saved {
    @Option(
            names = "--save",
            paramLabel = "DIR",
            description = "Where the raw numbers go, as JSON (default: ${DEFAULT-VALUE}).")
    private Path directory = Path.of("target");

    /// Keeps them, and says what was measured where.
    void keep(Results results) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve(results.program() + ".json");
        results.write(file);
        System.out.println(results.machine());
        results.settings().forEach((name, value) -> System.out.println(name + ": " + value));
        System.out.println("raw numbers: " + file);
        System.out.println();
    }
}
