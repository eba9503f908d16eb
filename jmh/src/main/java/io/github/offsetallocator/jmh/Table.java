package io.github.offsetallocator.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/// Rows of text in aligned columns, the first to the left, the others to the right. The first row is the header.
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();

    /// One row for each subject with its medians.
    ///
    /// @param cases   the columns
    /// @param pattern how a number is written
    static Table medians(Results results, String measure, Collection<String> cases, String pattern) {
        Table table = new Table();
        table.row(measure, cases);
        for (String subject : results.subjects()) {
            table.row(subject, cases.stream()
                    .map(each -> number(pattern, results.median(each, subject, measure)))
                    .toList());
        }
        return table;
    }

    /// The same as multiples of the first subject's, and their geometric mean.
    static Table ratios(Results results, String measure, Collection<String> cases) {
        String first = results.subjects().iterator().next();
        Table table = new Table();
        List<String> header = new ArrayList<>(cases);
        header.add("geo. mean");
        table.row("x " + first, header);
        for (String subject : results.subjects()) {
            double[] ratios = cases.stream()
                    .mapToDouble(each -> results.median(each, subject, measure) / results.median(each, first, measure))
                    .toArray();
            List<String> cells = new ArrayList<>();
            Arrays.stream(ratios).forEach(ratio -> cells.add(number("%.2f", ratio)));
            cells.add(number("%.2f", Math.exp(Arrays.stream(ratios).map(Math::log).average().orElse(Double.NaN))));
            table.row(subject, cells);
        }
        return table;
    }

    void row(String first, Collection<String> others) {
        List<String> row = new ArrayList<>();
        row.add(first);
        row.addAll(others);
        rows.add(row);
    }

    /// As people read it, the same in every locale; nothing if it is not a number.
    static String number(String pattern, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, pattern, value);
    }

    @Override
    public String toString() {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            Arrays.setAll(widths, i -> Math.max(widths[i], row.get(i).length()));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                String padding = " ".repeat(widths[i] - row.get(i).length());
                text.append(i == 0 ? row.get(i) + padding : GAP + padding + row.get(i));
            }
            text.append(System.lineSeparator());
        }
        return text.toString();
    }
}
