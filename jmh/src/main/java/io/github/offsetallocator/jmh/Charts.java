package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.format;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.series.MarkerSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// How the pictures look. On white, so that they can be read on a dark page too.
final class Charts {
    private static final int WIDTH = 1200;
    private static final int HEIGHT = 560;
    private static final Color INK = new Color(0x24292F);
    private static final Color GRID = new Color(0xD8DEE4);
    private static final String FONT = "SansSerif";
    private static final float LINE = 2;
    private static final int MARKER = 7;
    /// A palette for colour-blind readers too; the second half is dashed.
    private static final Color[] COLOURS = {
        new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73), new Color(0xCC79A7),
        new Color(0xE69F00), new Color(0x56B4E9), new Color(0x555555)
    };
    private static final float[] DASH = {6, 4};
    /// On a logarithmic axis.
    private static final double BESIDE = 1.3;

    private Charts() {}

    /// Bars in groups.
    ///
    /// @param groups by the name below a group: by series: value
    static CategoryChart bars(String title, String x, String y, Map<String, Map<String, Double>> groups) {
        CategoryChart chart = categories(title, x, y, groups);
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Bar).setAvailableSpaceFill(0.8);
        return chart;
    }

    /// Points connected by lines, over categories, on a logarithmic axis.
    ///
    /// @param groups by the name below a category: by series: value
    static CategoryChart points(String title, String x, String y, Map<String, Map<String, Double>> groups) {
        CategoryChart chart = categories(title, x, y, groups);
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Line).setOverlapped(true);
        logarithmicY(chart.getStyler());
        return chart;
    }

    private static CategoryChart categories(String title, String x, String y, Map<String, Map<String, Double>> groups) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH).height(HEIGHT).title(title).xAxisTitle(x).yAxisTitle(y).build();
        List<String> names = List.copyOf(groups.keySet());
        int number = 0;
        for (String series : groups.values().iterator().next().keySet()) {
            List<Double> values = groups.values().stream().map(group -> group.get(series)).toList();
            style(chart.addSeries(series, names, values), number++);
        }
        style(chart.getStyler());
        chart.getStyler().setLegendVisible(number > 1);
        chart.getStyler().setXAxisMaxLabelCount(Math.max(2, names.size()));
        chart.getStyler().setPlotGridVerticalLinesVisible(false);
        return chart;
    }

    /// Lines over numbers.
    ///
    /// @param lines by series: by x: y
    static XYChart lines(
            String title, String x, String y, Map<String, ? extends NavigableMap<? extends Number, ? extends Number>> lines) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH).height(HEIGHT).title(title).xAxisTitle(x).yAxisTitle(y).build();
        int number = 0;
        for (Map.Entry<String, ? extends NavigableMap<? extends Number, ? extends Number>> line : lines.entrySet()) {
            List<Number> xs = new ArrayList<>(line.getValue().keySet());
            List<Number> ys = new ArrayList<>(line.getValue().values());
            style(chart.addSeries(line.getKey(), xs, ys), number++);
        }
        style(chart.getStyler());
        return chart;
    }

    /// A vertical line with a name beside its top.
    static void mark(XYChart chart, double x, double top, String name) {
        chart.addAnnotation(new AnnotationLine(x, true, false));
        chart.addAnnotation(new AnnotationText(name, x * BESIDE, top, false));
    }

    private static void style(AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setLegendBackgroundColor(Color.WHITE);
        styler.setLegendBorderColor(GRID);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitleFont(new Font(FONT, Font.BOLD, 12));
        styler.setAxisTitleFont(new Font(FONT, Font.PLAIN, 13));
        styler.setAxisTickLabelsFont(new Font(FONT, Font.PLAIN, 12));
        styler.setLegendFont(new Font(FONT, Font.PLAIN, 12));
        styler.setAnnotationTextFont(new Font(FONT, Font.PLAIN, 12));
        styler.setAnnotationLineColor(Color.GRAY);
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setMarkerSize(MARKER);
    }

    private static void style(MarkerSeries series, int number) {
        Color colour = COLOURS[number % COLOURS.length];
        series.setFillColor(colour);
        series.setLineColor(colour);
        series.setMarkerColor(colour);
        boolean dashed = number >= COLOURS.length;
        series.setLineStyle(dashed
                ? new BasicStroke(LINE, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, DASH, 0)
                : new BasicStroke(LINE));
        series.setMarker(dashed ? SeriesMarkers.DIAMOND : SeriesMarkers.CIRCLE);
    }

    /// Labels for a logarithmic axis: 1, 2 and 5 of each decade.
    private static String decade(double value) {
        double digit = value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
        boolean labelled = List.of(1L, 2L, 5L).contains(Math.round(digit));
        if (!labelled) {
            return "";
        }
        return value < 1e6 - 1 ? format("%,.0f", value) : format("%,.0f M", value / 1e6);
    }

    static void logarithmicX(AxesChartStyler styler) {
        styler.setXAxisLogarithmic(true);
        styler.setXAxisLogarithmicDecadeOnly(false);
        styler.setXAxisTickLabelsFormattingFunction(Charts::decade);
    }

    static void logarithmicY(AxesChartStyler styler) {
        styler.setYAxisLogarithmic(true);
        styler.setYAxisLogarithmicDecadeOnly(false);
        styler.setYAxisTickLabelsFormattingFunction(Charts::decade);
    }
}
