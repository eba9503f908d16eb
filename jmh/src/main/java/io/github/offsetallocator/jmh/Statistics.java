package io.github.offsetallocator.jmh;

import java.util.Arrays;

/// What is made of many numbers.
final class Statistics {
    private Statistics() {}

    static double median(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    static double geometricMean(double[] samples) {
        return Math.exp(Arrays.stream(samples).map(Math::log).average().orElseThrow());
    }
}
