package io.github.offsetallocator.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/// A picture as text: shapes and words of a few classes, whose colours follow the reader's light or dark mode.
final class Svg {
    /// Below the title.
    static final int TOP = 58;

    private static final int MANY = 100;
    private static final String STYLE = """
            text{font:13px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
            .title{font-size:16px;font-weight:600}
            .head{font-size:14px;font-weight:600}
            .note,.tick{fill:#59636e;font-size:12px}
            .page{fill:#fff}
            .grid{stroke:#d8dee4;stroke-width:1}
            .line{fill:none;stroke-width:2}
            .ours{fill:#0969da;stroke:#0969da}.peers{fill:#818b98;stroke:#818b98}
            .c0{fill:#bc4c00;stroke:#bc4c00}.c1{fill:#1a7f37;stroke:#1a7f37}.c2{fill:#8250df;stroke:#8250df}
            .c3{fill:#59636e;stroke:#59636e}.c4{fill:#bf3989;stroke:#bf3989}
            .words{stroke:none!important}
            @media(prefers-color-scheme:dark){
            text{fill:#f0f6fc}.note,.tick{fill:#9198a1}.page{fill:#0d1117}.grid{stroke:#30363d}
            .ours{fill:#58a6ff;stroke:#58a6ff}.peers{fill:#9198a1;stroke:#9198a1}
            .c0{fill:#f0883e;stroke:#f0883e}.c1{fill:#3fb950;stroke:#3fb950}.c2{fill:#bc8cff;stroke:#bc8cff}
            .c3{fill:#9198a1;stroke:#9198a1}.c4{fill:#f778ba;stroke:#f778ba}}
            """;

    private final int width;
    private final int height;
    private final StringBuilder body = new StringBuilder();

    /// Where a number lies on the page.
    ///
    /// @param ticks numbers with a line and a label
    record Axis(double least, double most, double from, double to, boolean logarithmic, double[] ticks) {
        double at(double value) {
            DoubleUnaryOperator scale = logarithmic ? Math::log : DoubleUnaryOperator.identity();
            double part = (scale.applyAsDouble(value) - scale.applyAsDouble(least))
                    / (scale.applyAsDouble(most) - scale.applyAsDouble(least));
            return from + part * (to - from);
        }
    }

    Svg(int width, int height, String title, String note) {
        this.width = width;
        this.height = height;
        text(16, 26, "start", "title", title);
        text(16, 44, "start", "note", note);
    }

    /// From the page's `from` to its `to`. With ticks at decades, and at 2 and 5 of each if there are few, or
    /// at some five round numbers.
    static Axis axis(double least, double most, double from, double to, boolean logarithmic) {
        List<Double> ticks = new ArrayList<>();
        if (logarithmic) {
            for (double decade = Math.pow(10, Math.floor(Math.log10(least))); decade <= most; decade *= 10) {
                for (int digit : most / least < MANY ? new int[] {1, 2, 5} : new int[] {1}) {
                    ticks.add(digit * decade);
                }
            }
        } else {
            double step = Math.pow(10, Math.floor(Math.log10((most - least) / 5)));
            while ((most - least) / step > 6) {
                step *= (most - least) / step > 15 ? 5 : 2;
            }
            for (double tick = Math.ceil(least / step) * step; tick <= most; tick += step) {
                ticks.add(tick);
            }
        }
        double[] inside = ticks.stream().mapToDouble(Double::doubleValue)
                .filter(tick -> tick >= least * (1 - 1e-9) && tick <= most * (1 + 1e-9)).toArray();
        return new Axis(least, most, from, to, logarithmic, inside);
    }

    /// The ticks of an axis from left to right as lines from top to bottom, with labels below. Those that have no room
    /// for a label have none.
    void grid(Axis x, double top, double bottom, DoubleFunction<String> label) {
        double last = Double.NEGATIVE_INFINITY;
        for (double tick : x.ticks()) {
            double at = x.at(tick);
            line(at, top, at, bottom);
            String words = label.apply(tick);
            if (at - last > 7 * words.length() + 8) {
                text(at, bottom + 15, "middle", "tick", words);
                last = at;
            }
        }
    }

    void text(double x, double y, String anchor, String style, String words) {
        body.append(format("<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" class=\"%s\">%s</text>%n",
                number(x), number(y), anchor, style, words.replace("&", "&amp;").replace("<", "&lt;")));
    }

    void line(double x1, double y1, double x2, double y2) {
        body.append(format("<path class=\"grid\" d=\"M%s %sL%s %s\"/>%n", number(x1), number(y1), number(x2), number(y2)));
    }

    void dot(double x, double y, String style) {
        body.append(format("<circle cx=\"%s\" cy=\"%s\" r=\"5\" class=\"%s\"/>%n", number(x), number(y), style));
    }

    /// Through points; one of four dash patterns.
    void curve(double[] xs, double[] ys, String style, int dash) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < xs.length; i++) {
            path.append(i == 0 ? 'M' : 'L').append(number(xs[i])).append(' ').append(number(ys[i]));
        }
        String dashes = List.of("", "7 4", "2 3", "9 3 2 3").get(dash);
        body.append(format("<path class=\"line %s\" style=\"fill:none\" stroke-dasharray=\"%s\" d=\"%s\"/>%n",
                style, dashes.isEmpty() ? "none" : dashes, path));
    }

    /// Moves heights apart, so that words there don't overlap, and keeps their order.
    static double[] apart(double[] heights, double distance) {
        Integer[] order = new Integer[heights.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(heights[a], heights[b]));
        double[] moved = heights.clone();
        for (int i = 1; i < order.length; i++) {
            moved[order[i]] = Math.max(moved[order[i]], moved[order[i - 1]] + distance);
        }
        return moved;
    }

    private static String number(double value) {
        return format(value == Math.rint(value) ? "%.0f" : "%.1f", value);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    @Override
    public String toString() {
        return format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">%n"
                        + "<style>%n%s</style>%n<rect class=\"page\" width=\"%d\" height=\"%d\"/>%n%s</svg>%n",
                width, height, width, height, STYLE, width, height, body);
    }
}
