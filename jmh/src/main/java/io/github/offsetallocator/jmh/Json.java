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
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @Option(
            names = "--save",
            paramLabel = "DIR",
            defaultValue = "target",
            description = "Where the raw results go, as JSON (default: ${DEFAULT-VALUE}).")
    private Path directory;

    void save(String name, Object results) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve(name + ".json");
        Files.writeString(file, MAPPER.writeValueAsString(results) + System.lineSeparator());
        System.out.println("Raw results: " + file);
    }

    static <T> T read(Path file, Class<T> type) throws IOException {
        return MAPPER.readValue(Files.readString(file), type);
    }
}
