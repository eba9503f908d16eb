package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Keeps what a program has measured as JSON, from which its table and its picture can be made again. Also the option
/// that all programs have for it.
final class Json {
    private static final JsonMapper LINE = JsonMapper.shared();
    private static final JsonMapper FILE =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @Option(
            names = "--save",
            paramLabel = "DIR",
            defaultValue = "target",
            description = "Where the raw results go, as JSON (default: ${DEFAULT-VALUE}).")
    private Path directory;

    void save(String name, Object results) throws IOException {
        Path file = file(name + ".json");
        Files.writeString(file, FILE.writeValueAsString(results) + System.lineSeparator());
        System.out.println("Raw results: " + file);
    }

    /// A file in the same directory, which exists then.
    Path file(String name) throws IOException {
        Files.createDirectories(directory);
        return directory.resolve(name);
    }

    static <T> T read(Path file, Class<T> type) throws IOException {
        return parse(Files.readString(file), type);
    }

    /// How a JVM that was started for a measurement tells its result.
    static String line(Object result) {
        return LINE.writeValueAsString(result);
    }

    static <T> T parse(String json, Class<T> type) {
        return LINE.readValue(json, type);
    }
}
