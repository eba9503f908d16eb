package io.github.offsetallocator.jmh;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads what `-Xlog:gc` writes:
///
/// ```
///  [0.412s][info][gc] GC(3) Pause Full (System.gc()) 9M->2M(32M) 4.310ms      what is before this one doesn't count
///  [1.023s][info][gc] GC(4) Pause Young (Allocation Failure) 10M->2M(31M) 0.501ms
///  [9.871s][info][gc] GC(5) Pause Full (System.gc()) 7M->2M(32M) 3.998ms      nor what is after this one
/// ```
final class GcLog {
    private static final Pattern PAUSE = Pattern.compile("] GC\\(\\d+\\) Pause (.*) ([0-9.]+)ms$");
    private static final String MARK = "(System.gc())";

    private GcLog() {}

    /// The pauses between the two that were asked for.
    record Pauses(int count, double totalMillis, double longestMillis) {}

    static Pauses pauses(List<String> lines) {
        int marks = 0;
        int count = 0;
        double total = 0;
        double longest = 0;
        for (String line : lines) {
            Matcher pause = PAUSE.matcher(line);
            if (!pause.find()) {
                continue;
            }
            if (pause.group(1).contains(MARK)) {
                marks++;
            } else if (marks == 1) {
                double millis = Double.parseDouble(pause.group(2));
                count++;
                total += millis;
                longest = Math.max(longest, millis);
            }
        }
        if (marks != 2) {
            throw new IllegalArgumentException("the log has " + marks + " collections that were asked for, not 2");
        }
        return new Pauses(count, total, longest);
    }
}
