package io.github.offsetallocator.examples;

import java.util.Locale;

/// Numbers as people read them, the same in every locale.
final class Numbers {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB"};

    private Numbers() {}

    static String count(long count) {
        return format("%,d", count);
    }

    static String percent(double part) {
        return format("%.1f %%", 100 * part);
    }

    /// Bytes with three digits or more: 48 B, 5.43 MiB, 113 KiB.
    static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        int digits = value == Math.rint(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return format("%." + digits + "f ", value) + UNITS[unit];
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
