package io.github.offsetallocator.examples;

import java.util.ArrayList;
import java.util.List;

/// Rows of text in aligned columns: the first to the left, the others to the right. The first rows are the header, and
/// a rule goes below it.
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private int headerRows;

    void header(String... cells) {
        rows.add(List.of(cells));
        headerRows = rows.size();
    }

    void row(String... cells) {
        rows.add(List.of(cells));
    }

    @Override
    public String toString() {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            if (r == headerRows) {
                rule(text, widths);
            }
            line(text, widths, rows.get(r));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, int[] widths, List<String> row) {
        for (int i = 0; i < widths.length; i++) {
            String cell = row.get(i);
            String padding = " ".repeat(widths[i] - cell.length());
            text.append(i == 0 ? cell + padding : GAP + padding + cell);
        }
        text.append(System.lineSeparator());
    }

    private static void rule(StringBuilder text, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            text.append(i == 0 ? "" : GAP).append("-".repeat(widths[i]));
        }
        text.append(System.lineSeparator());
    }
}
