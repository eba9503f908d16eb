package io.github.offsetallocator.tools;

import static io.github.offsetallocator.tools.Numbers.*;

import java.util.List;

/// Draws how many free regions each bin holds, as SVG. One bar for each bin up to the last that holds any; the powers of
/// two are labelled. The axis is logarithmic when the counts span more than a decade; it starts below 1 then, so that
/// one region is a bar too.
final class BinChart {
    private static final int LEFT = 76;
    private static final int TOP = 14;
    private static final int WIDTH = 1024;
    private static final int HEIGHT = 220;
    private static final int RIGHT = 20;
    private static final int BOTTOM = 50;
    private static final double LOG_BASE_LINE = 0.5;
    private static final int LONGEST_LINEAR = 10;
    private static final double MIN_LABEL_GAP = 44;

    private final List<HeapSnapshot.Bin> all;
    private final int bins;
    private final int most;
    private final boolean logarithmic;
    private final StringBuilder svg = new StringBuilder();

    private BinChart(HeapSnapshot heap) {
        all = heap.bins();
        int most = 1;
        for (HeapSnapshot.Bin bin : all) {
            most = Math.max(most, bin.count());
        }
        bins = Math.max(2, all.size());
        this.most = most;
        logarithmic = most > LONGEST_LINEAR;
    }

    static String svg(HeapSnapshot heap) {
        return new BinChart(heap).draw();
    }

    private String draw() {
        svg.append(format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Free regions by size\">%n",
                LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM));
        countTicks();
        for (int bin = 1; bin < bins; bin++) {
            bar(bin);
        }
        sizeTicks();
        svg.append(format("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">size of the free region</text>%n",
                LEFT + WIDTH / 2, TOP + HEIGHT + BOTTOM - 6));
        svg.append(format("<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">free regions%s</text>%n",
                TOP + HEIGHT / 2, logarithmic ? " (log)" : ""));
        return svg.append("</svg>\n").toString();
    }

    private void countTicks() {
        for (long count = 1; count <= most; count = logarithmic ? count * 10 : count + 1) {
            double y = y(count);
            svg.append(format("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, LEFT + WIDTH, y, y));
            svg.append(format("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%,d</text>%n", LEFT - 10, y + 4, count));
        }
        int y = TOP + HEIGHT;
        svg.append(format("<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>%n", LEFT, LEFT + WIDTH, y, y));
    }

    private void bar(int bin) {
        int count = bin < all.size() ? all.get(bin).count() : 0;
        if (count > 0) {
            double y = y(count);
            svg.append(format("<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                    x(bin) + 0.5, y, x(bin + 1) - x(bin) - 1, TOP + HEIGHT - y));
            svg.append(format("<title>%s to below %s: %,d</title></rect>%n",
                    bytes(size(bin)), bytes(size(bin + 1)), count));
        }
    }

    private void sizeTicks() {
        double labelled = Double.NEGATIVE_INFINITY;
        for (int bin = 1; bin <= bins; bin++) {
            double x = x(bin);
            if (Long.bitCount(size(bin)) == 1 && x - labelled >= MIN_LABEL_GAP) {
                labelled = x;
                int y = TOP + HEIGHT;
                svg.append(format("<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, y, y + 5));
                svg.append(format("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n", x, y + 20, bytes(size(bin))));
            }
        }
    }

    /// Smallest size in a bin, in bytes.
    private long size(int bin) {
        return bin < all.size() ? all.get(bin).size() : all.isEmpty() ? 1 : all.getLast().below();
    }

    /// Left edge of a bin. Bin 0 holds no region: none is empty.
    private double x(int bin) {
        return LEFT + (double) WIDTH * (bin - 1) / Math.max(1, bins - 1);
    }

    private double y(long count) {
        double part = logarithmic
                ? Math.log(count / LOG_BASE_LINE) / Math.log(most / LOG_BASE_LINE)
                : (double) count / most;
        return TOP + HEIGHT * (1 - part);
    }
}
