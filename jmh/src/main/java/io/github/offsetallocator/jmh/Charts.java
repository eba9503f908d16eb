package io.github.offsetallocator.jmh;

import static io.github.offsetallocator.examples.Numbers.format;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// How the pictures look. On white, so that they can be read on a dark page too.
final class Charts {
    private static final int WIDTH = 1000;
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
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Line);
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setYAxisTickLabelsFormattingFunction(value -> format("%,.0f", value));
        return chart;
    }

    private static CategoryChart categories(String title, String x, String y, Map<String, Map<String, Double>> groups) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH).height(HEIGHT).title(title).xAxisTitle(x).yAxisTitle(y).build();
        List<String> names = List.copyOf(groups.keySet());
        Set<String> all = groups.values().iterator().next().keySet();
        for (String series : all) {
            chart.addSeries(series, names, groups.values().stream().map(group -> group.get(series)).toList());
        }
        style(chart.getStyler(), all.size());
        chart.getStyler().setPlotGridVerticalLinesVisible(false);
        return chart;
    }

    /// Lines over numbers.
    ///
    /// @param lines by series: by x: y
    static XYChart lines(String title, String x, String y, Map<String, ? extends NavigableMap<? extends Number, ? extends Number>> lines) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH).height(HEIGHT).title(title).xAxisTitle(x).yAxisTitle(y).build();
        lines.forEach((series, points) -> chart.addSeries(series, numbers(points.keySet()), numbers(points.values())));
        style(chart.getStyler(), lines.size());
        return chart;
    }

    /// A vertical line with a name on top.
    static void mark(XYChart chart, double x, double top, String name) {
        chart.addAnnotation(new AnnotationLine(x, true, false));
        chart.addAnnotation(new AnnotationText(name, x, top, false));
    }

    private static List<Number> numbers(Collection<? extends Number> numbers) {
        return new ArrayList<>(numbers);
    }

    private static void style(AxesChartStyler styler, int series) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setLegendBackgroundColor(Color.WHITE);
        styler.setLegendBorderColor(GRID);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitleFont(new Font(FONT, Font.BOLD, 13));
        styler.setAxisTitleFont(new Font(FONT, Font.PLAIN, 13));
        styler.setAxisTickLabelsFont(new Font(FONT, Font.PLAIN, 12));
        styler.setLegendFont(new Font(FONT, Font.PLAIN, 12));
        styler.setAnnotationTextFont(new Font(FONT, Font.PLAIN, 12));
        styler.setAnnotationLineColor(Color.GRAY);
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setMarkerSize(MARKER);
        styler.setSeriesColors(colours(series));
        styler.setSeriesLines(strokes(series));
        styler.setSeriesMarkers(markers(series));
    }

    private static Color[] colours(int series) {
        Color[] colours = new Color[series];
        Arrays.setAll(colours, i -> COLOURS[i % COLOURS.length]);
        return colours;
    }

    private static BasicStroke[] strokes(int series) {
        BasicStroke[] strokes = new BasicStroke[series];
        Arrays.setAll(strokes, i -> i < COLOURS.length
                ? new BasicStroke(LINE)
                : new BasicStroke(LINE, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, DASH, 0));
        return strokes;
    }

    private static Marker[] markers(int series) {
        Marker[] markers = new Marker[series];
        Arrays.setAll(markers, i -> i < COLOURS.length ? SeriesMarkers.CIRCLE : SeriesMarkers.DIAMOND);
        return markers;
    }
}
