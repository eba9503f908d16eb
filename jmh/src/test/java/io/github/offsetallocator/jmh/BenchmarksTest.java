package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// The programs from end to end, with as little work as they allow, and the pictures.
class BenchmarksTest {
    private static final int LARGEST_PICTURE = 60 << 10;

    @TempDir
    private Path directory;

    private int run(String... arguments) {
        return Benchmarks.programs().execute(arguments);
    }

    @Test
    void everyForkAnswers() throws IOException {
        assertEquals(0, run(
                "quick", "--subjects", "nothing", "--work", "perl", "--rounds", "2", "--save", directory.toString()));
        Results results = Results.read(directory.resolve("quick.json"));
        assertEquals(2, results.forks().get("perl").get("nothing").size());
        assertTrue(results.numbers("perl", "nothing", 1, Quick.NANOS).length >= 3);
        assertTrue(results.median("perl", "nothing", Quick.NANOS) > 0);
    }

    /// With a line that names the option, before anything is measured.
    @ParameterizedTest
    @ValueSource(strings = {"quick --rounds 0", "quick --rounds x", "shared --rounds -1", "watching --rounds 0", "quick --pool 0.5", "quick --pool NaN",
        "quick --pool 1e300", "footprint --pool 0", "quick --external other=/no/such/program", "quick --external other=no-such-program",
        "quick --external other=", "shared --threads 0", "shared --threads two", "latency --operations 0", "growth --most 1023",
        "reopening --blocks 0"})
    void anOptionThatMakesNoSenseIsRefused(String line) {
        StringWriter said = new StringWriter();
        String[] words = line.split(" ");
        assertEquals(CommandLine.ExitCode.USAGE, Benchmarks.programs().setErr(new PrintWriter(said)).execute(words), said::toString);
        assertTrue(said.toString().lines().findFirst().orElseThrow().contains("'" + words[1]), said::toString);
        assertFalse(said.toString().contains("\tat "), said::toString);
    }

    /// What fails in a fork is told of there; here a line says which.
    @Test
    void aProgramThatFailsHasNoTraceHere() {
        StringWriter said = new StringWriter();
        assertEquals(1, Benchmarks.programs().setErr(new PrintWriter(said)).execute(
                "quick", "--subjects", "nothing", "--work", "perl", "--rounds", "1", "--external", "other=false", "--save", directory.toString()));
        assertTrue(said.toString().startsWith("false "), said::toString);
        assertFalse(said.toString().contains("\tat "), said::toString);
    }

    @Test
    void theMedianIsWhatItIsCalled() {
        assertEquals(2.5, Results.median(new double[] {4, 1, 3, 2}));
        assertEquals(3, Results.median(new double[] {9, 1, 3}));
    }

    /// 1 to 1 000 000 ns, once each: the percentile is the value, to the three digits that the histogram keeps.
    @Test
    void percentilesOfAKnownDistribution() {
        Histogram histogram = new Histogram(10_000_000, 3);
        for (int nanos = 1; nanos <= 1_000_000; nanos++) {
            histogram.recordValue(nanos);
        }
        Map<String, double[]> numbers = Latency.percentiles(histogram);
        double[] percentiles = numbers.get(Latency.PERCENTILES);
        double[] nanos = numbers.get(Latency.NANOS);
        for (int i = 0; i < percentiles.length; i++) {
            assertEquals(Math.max(1, percentiles[i] * 10_000), nanos[i], 0.001 * nanos[i] + 1, percentiles[i] + " %");
        }
        assertEquals(100, percentiles[percentiles.length - 1]);
        assertEquals(histogram.getMaxValue(), nanos[nanos.length - 1]);
    }

    /// Those that lie in the documentation are drawn again: each is XML, has the names as text, and is small.
    @ParameterizedTest
    @ValueSource(strings = {"quick", "shared", "shared-by-threads", "fragmentation", "footprint", "growth", "latency"})
    void picturesAreSmallAndReadable(String program) throws Exception {
        Results results = Results.read(Path.of("src", "test", "data", program + ".json"));
        for (Map.Entry<String, Svg> picture : new TreeMap<>(Plots.pictures(results)).entrySet()) {
            byte[] svg = picture.getValue().toString().getBytes();
            DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg));
            assertTrue(svg.length < LARGEST_PICTURE, picture.getKey() + " has " + svg.length + " bytes");
            for (String subject : results.subjects()) {
                assertTrue(new String(svg).contains(">" + subject + "<"), picture.getKey() + " lacks " + subject);
            }
        }
    }

    @Test
    void valuesOnAnAxisLieWhereTheyShould() {
        Svg.Axis axis = Svg.axis(1, 100, 0, 200, true);
        assertEquals(100, axis.at(10), 1e-9);
        assertEquals(List.of(1.0, 10.0, 100.0), Arrays.stream(axis.ticks()).boxed().toList());
    }
}
