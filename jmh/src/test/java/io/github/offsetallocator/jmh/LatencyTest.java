package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.NavigableMap;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class LatencyTest {
    /// 1 to 1 000 000 ns, once each: the percentile is the value, to the three digits that the histogram keeps.
    @Test
    void percentilesOfAKnownDistribution() {
        Histogram histogram = new Histogram(10_000_000, 3);
        for (int nanos = 1; nanos <= 1_000_000; nanos++) {
            histogram.recordValue(nanos);
        }
        NavigableMap<Double, Long> percentiles = Latency.percentiles(histogram);
        percentiles.forEach((percentile, nanos) ->
                assertEquals(Math.max(1, percentile * 10_000), nanos, 0.001 * nanos + 1, percentile + " %"));
        assertTrue(percentiles.containsKey(99.9999));
        assertEquals(histogram.getMaxValue(), percentiles.lastEntry().getValue());
        assertEquals(100.0, percentiles.lastKey());
    }

    /// One slow operation in a million is the longest, and shows in no percentile below the last.
    @Test
    void theLongestIsKept() {
        Histogram histogram = new Histogram(10_000_000_000L, 3);
        histogram.recordValueWithCount(20, 999_999);
        histogram.recordValue(5_000_000_000L);
        NavigableMap<Double, Long> percentiles = Latency.percentiles(histogram);
        assertEquals(5e9, percentiles.get(100.0), 5e6);
        assertEquals(20, percentiles.get(99.9999));
    }
}
