package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The programs from end to end, with as little work as they allow.
class BenchmarksTest {
    @TempDir
    private Path directory;

    private int run(String... arguments) {
        return Benchmarks.programs().execute(arguments);
    }

    @Test
    void aForkedSubjectAnswersEachRound() throws IOException {
        assertEquals(0, run(
                "quick", "--subjects", "nothing", "--work", "gawk", "--rounds", "3", "--save", directory.toString()));
        QuickTable.Results results = Json.read(directory.resolve("quick.json"), QuickTable.Results.class);
        double[] rounds = results.subjects().get("nothing").get("gawk");
        assertEquals(3, rounds.length);
        assertTrue(Statistics.median(rounds) > 0);
    }

    @Test
    void theMedianAndTheMeanAreWhatTheyAreCalled() {
        assertEquals(2.5, Statistics.median(new double[] {4, 1, 3, 2}));
        assertEquals(3, Statistics.median(new double[] {9, 1, 3}));
        assertEquals(4, Statistics.geometricMean(new double[] {2, 8}), 1e-12);
    }

    @Test
    void plotsDrawWhatIsThere() throws IOException {
        Path data = Files.createDirectory(directory.resolve("data"));
        Files.writeString(data.resolve("fragmentation.json"), """
                {"pools": {"gawk": {"original": 1.5, "good": 1.25}}, "uses": {"111": {"original": 0.5, "good": 1.0}}}
                """);
        assertEquals(0, run("plots", "--data", data.toString(), "--to", directory.toString()));
        for (String picture : List.of("fragmentation-pool.svg", "fragmentation-use.svg")) {
            String svg = Files.readString(directory.resolve(picture));
            assertTrue(svg.contains("rgb(0,114,178)"), picture + " lacks the first series");
            assertTrue(svg.contains("rgb(213,94,0)"), picture + " lacks the second series");
        }
    }
}
