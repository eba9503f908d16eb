package io.github.offsetallocator.tools;

import static io.github.offsetallocator.tools.Numbers.*;

/// Draws a [HeapMap] as SVG, a unit wide for each cell. All runs of a size class are one path of thick horizontal
/// strokes: a few bytes for each run.
final class MapChart {
    static final int LEFT = 76;
    static final int TOP = 34;
    private static final int RIGHT = 20;
    private static final int BOTTOM = 8;
    static final int PITCH = 11;
    private static final int STROKE = 9;
    private static final int COLUMN_TICKS = 8;
    private static final int ROWS_BETWEEN_TICKS = 8;

    private final HeapMap map;
    private final String kind;
    private final StringBuilder svg = new StringBuilder();

    private MapChart(HeapMap map, String kind) {
        this.map = map;
        this.kind = kind;
    }

    /// @param kind the picture's class, also its place in the page
    static String svg(HeapMap map, String kind) {
        return new MapChart(map, kind).draw();
    }

    private String draw() {
        int bottom = TOP + map.rows() * PITCH;
        svg.append(format("<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Regions by address: %s\">%n",
                kind, LEFT + HeapMap.COLUMNS + RIGHT, bottom + BOTTOM, kind));
        columnTicks();
        rowTicks();
        svg.append(format("<g transform=\"translate(%d %d)\" class=\"rows\" stroke-width=\"%d\">%n",
                LEFT, TOP + PITCH / 2, STROKE));
        background();
        for (SizeClass sizeClass : SizeClass.values()) {
            path(sizeClass);
        }
        return svg.append(kind.equals("map") ? "<path id=\"lit\" d=\"\"/>\n" : "").append("</g>\n</svg>\n").toString();
    }

    private void columnTicks() {
        for (int i = 0; i <= COLUMN_TICKS; i++) {
            int x = LEFT + i * HeapMap.COLUMNS / COLUMN_TICKS;
            String label = i == 0 ? "+ 0" : "+ " + bytes(map.rowBytes() * i / COLUMN_TICKS);
            String anchor = i == 0 ? "start" : i == COLUMN_TICKS ? "end" : "middle";
            svg.append(format("<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP - 8, TOP - 3));
            svg.append(format("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>%n", x, TOP - 14, anchor, label));
        }
    }

    private void rowTicks() {
        for (int row = 0; row < map.rows(); row += ROWS_BETWEEN_TICKS) {
            int y = TOP + row * PITCH + PITCH / 2;
            String label = row == 0 ? "0" : bytes(row * map.rowBytes());
            svg.append(format("<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT - 9, LEFT - 4, y, y));
            svg.append(format("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n", LEFT - 14, y + 4, label));
        }
    }

    private void background() {
        svg.append("<path class=\"free\" d=\"");
        for (int row = 0; row < map.rows(); row++) {
            svg.append(format("M0 %dh%d", row * PITCH, map.columns(row)));
        }
        svg.append("\"/>\n");
    }

    private void path(SizeClass sizeClass) {
        svg.append("<path class=\"").append(sizeClass.name()).append("\" d=\"");
        for (HeapMap.Run run : map.runs()) {
            if (run.sizeClass() == sizeClass) {
                svg.append('M').append(run.column()).append(' ').append(run.row() * PITCH);
                svg.append('h').append(run.length());
            }
        }
        svg.append("\"/>\n");
    }
}
