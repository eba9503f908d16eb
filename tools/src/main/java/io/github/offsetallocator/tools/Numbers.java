package io.github.offsetallocator.tools;

import java.util.Locale;

/// Numbers as people read them, the same in every locale.
public final class Numbers {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB"};

    private Numbers() {}

    /// @param count any
    /// @return with commas
    public static String count(long count) {
        return format("%,d", count);
    }

    /// @param count any
    /// @param noun  of one thing
    /// @return both, as in "1 block" and "2 blocks"
    public static String count(long count, String noun) {
        return count(count) + " " + noun + (count == 1 ? "" : "s");
    }

    /// @param part of 1
    /// @return in percent
    public static String percent(double part) {
        return format("%.1f %%", 100 * part);
    }

    /// Bytes with three digits or more: 48 B, 5.43 MiB, 113 KiB.
    ///
    /// @param bytes any
    /// @return with a unit
    public static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        int digits = value == Math.rint(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return format("%." + digits + "f ", value) + UNITS[unit];
    }

    /// @param format as that of [String#format(String, Object...)]
    /// @param values what to format
    /// @return the text
    public static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
