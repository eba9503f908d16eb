package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// What a program has measured, every raw number of it. Kept as JSON, from which its tables and pictures can be made again.
///
/// @param program  which one
/// @param settings what else matters, by name
/// @param forks    by case: by subject: of each fork, in the order in which they ran: by measure: numbers
record Results(
        String program,
        Machine machine,
        Map<String, String> settings,
        Map<String, Map<String, List<Map<String, double[]>>>> forks) {
    private static final JsonMapper LINE = JsonMapper.shared();
    private static final JsonMapper FILE =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    static Results read(Path file) throws IOException {
        return FILE.readValue(Files.readString(file), Results.class);
    }

    void write(Path file) throws IOException {
        Files.writeString(file, FILE.writeValueAsString(this) + System.lineSeparator());
    }

    /// How a fork tells what it has measured.
    static String line(Map<String, double[]> numbers) {
        return LINE.writeValueAsString(numbers);
    }

    static Map<String, double[]> parseNumbers(String line) {
        return LINE.readValue(line, new TypeReference<LinkedHashMap<String, double[]>>() {});
    }

    Set<String> subjects() {
        Set<String> subjects = new LinkedHashSet<>();
        forks.values().forEach(bySubject -> subjects.addAll(bySubject.keySet()));
        return subjects;
    }

    /// The numbers of one fork, or none if the subject had no part in the case.
    double[] numbers(String testCase, String subject, int fork, String measure) {
        List<Map<String, double[]>> all = forks.get(testCase).getOrDefault(subject, List.of());
        return fork < all.size() ? all.get(fork).get(measure) : new double[0];
    }

    /// The median over the forks of the median in each; not a number if the subject had no part in the case.
    double median(String testCase, String subject, String measure) {
        return median(forks.get(testCase).getOrDefault(subject, List.of()).stream()
                .mapToDouble(fork -> median(fork.get(measure)))
                .toArray());
    }

    static double median(double[] numbers) {
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
