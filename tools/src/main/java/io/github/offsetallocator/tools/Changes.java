package io.github.offsetallocator.tools;

import static io.github.offsetallocator.tools.Numbers.*;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What differs between two snapshots of one arena: blocks that are new, blocks that are gone, and the sites that have grown.
final class Changes {
    private static final int MOST_SITES = 20;

    private final HeapSnapshot before;
    private final HeapSnapshot now;
    private final Map<Long, HeapSnapshot.Region> earlier;
    private final Map<Long, HeapSnapshot.Region> later;

    Changes(HeapSnapshot before, HeapSnapshot now) {
        this.before = before;
        this.now = now;
        earlier = HeapData.byOffset(before);
        later = HeapData.byOffset(now);
    }

    /// A part of the page.
    String html() {
        long size = Math.max(before.rangeSize(), now.rangeSize());
        HeapMap made = HeapMap.of(now, size, region -> unlessIn(earlier, region));
        HeapMap gone = HeapMap.of(before, size, region -> unlessIn(later, region));
        return """
                <h2>What has changed since %1$s</h2>
                <p>%2$s new, %3$s gone, %4$s that were there then and are still.</p>
                %5$s
                <h3>New</h3>
                %6$s
                <h3>Gone</h3>
                %7$s
                """.formatted(HeapPicture.escaped(before.time()), sum(now, earlier), sum(before, later), kept(), sites(), MapChart.svg(made, "new"),
                MapChart.svg(gone, "gone"));
    }

    private static SizeClass unlessIn(Map<Long, HeapSnapshot.Region> other, HeapSnapshot.Region region) {
        return region.isLive() && !HeapData.isIn(other, region) ? SizeClass.of(region) : null;
    }

    private static String sum(HeapSnapshot heap, Map<Long, HeapSnapshot.Region> other) {
        List<HeapSnapshot.Region> regions = heap.regions().stream().filter(region -> region.isLive() && !HeapData.isIn(other, region)).toList();
        return blocks(regions.size(), regions.stream().mapToLong(HeapSnapshot.Region::size).sum());
    }

    private String kept() {
        List<HeapSnapshot.Region> regions = later.values().stream().filter(region -> HeapData.isIn(earlier, region)).toList();
        return blocks(regions.size(), regions.stream().mapToLong(HeapSnapshot.Region::size).sum());
    }

    private static String blocks(int count, long size) {
        return count(count, "block") + " of " + bytes(size);
    }

    /// Sites with more bytes than before: what grows without end is a leak.
    private String sites() {
        Map<List<String>, Long> old = bytesByFrames(before);
        record Growth(List<String> frames, long bytes) {}
        List<Growth> growths = new ArrayList<>();
        bytesByFrames(now).forEach((frames, bytes) -> growths.add(new Growth(frames, bytes - old.getOrDefault(frames, 0L))));
        growths.removeIf(growth -> growth.bytes <= 0);
        growths.sort((a, b) -> Long.compare(b.bytes, a.bytes));
        if (growths.isEmpty()) {
            return "";
        }
        StringBuilder html = new StringBuilder("<table>\n<tr><th>more</th><th>site</th></tr>\n");
        for (Growth growth : growths.subList(0, Math.min(MOST_SITES, growths.size()))) {
            html.append("<tr><td>").append(bytes(growth.bytes)).append("</td><td><code>")
                    .append(HeapPicture.escaped(growth.frames.isEmpty() ? "?" : growth.frames.getFirst())).append("</code></td></tr>\n");
        }
        return html.append("</table>").toString();
    }

    /// Sites on one line have the same frames: they differ in the bytecode, of which a dump doesn't tell.
    private static Map<List<String>, Long> bytesByFrames(HeapSnapshot heap) {
        Map<List<String>, Long> bytes = new LinkedHashMap<>();
        heap.sites().forEach(site -> bytes.merge(site.frames(), site.bytes(), Long::sum));
        return bytes;
    }
}
