package io.github.offsetallocator.tools;

import static io.github.offsetallocator.tools.Numbers.*;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A page that shows a heap: its numbers, its regions by address, its free regions by size, and the places in the program that
/// asked for its blocks. One file, nothing from elsewhere, for light and dark screens; it is well-formed XML as well as HTML.
/// Its script tells what lies under the pointer.
public final class HeapPicture {
    private static final String STYLE = """
            :root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --faint: #59636e; --line: #d1d9e0;
              --free: #f1f3f5; --bar: #2f6f9f; --lit: #d1242f;
              --TO_32: #440154; --TO_64: #46327e; --TO_128: #365c8d; --TO_256: #277f8e;
              --TO_1K: #1fa187; --TO_4K: #4ac16d; --TO_64K: #a0c92a; --ABOVE: #f0b400; --RETIRED: #9aa4ae; --NONE: var(--page); }
            @media (prefers-color-scheme: dark) {
              :root { --page: #0d1117; --text: #e6edf3; --faint: #9198a1; --line: #3d444d;
                --free: #1b212a; --bar: #58a6d6; --lit: #ff7b72;
                --TO_32: #a06cc8; --TO_64: #7f7fe0; --TO_128: #5b9be0; --TO_256: #3fb4c4;
                --TO_1K: #35c79a; --TO_4K: #74d66b; --TO_64K: #c2e24a; --ABOVE: #ffd84a; --RETIRED: #6e7681; } }
            * { box-sizing: border-box; }
            body { margin: 0 auto; padding: 32px 28px; max-width: 1180px; background: var(--page); color: var(--text);
              font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
            h1 { margin: 0 0 4px; font-size: 24px; line-height: 1.25; }
            h2 { margin: 36px 0 4px; font-size: 17px; }
            p { margin: 0 0 12px; color: var(--faint); }
            dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 12px; margin: 20px 0 0; }
            dl div { padding: 10px 14px; border: 1px solid var(--line); border-radius: 6px; }
            dt { color: var(--faint); font-size: 13px; }
            dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
            dd small { display: block; color: var(--faint); font-size: 13px; }
            ul { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 13px; }
            li i { display: inline-block; width: 12px; height: 12px; margin-right: 7px; border-radius: 2px;
              vertical-align: -1px; }
            li span { color: var(--faint); }
            svg { display: block; width: 100%; height: auto; }
            svg text { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
            .rows path { fill: none; shape-rendering: crispEdges; }
            .axis { stroke: var(--faint); }
            .grid { stroke: var(--line); }
            .bar { fill: var(--bar); }
            .map { cursor: crosshair; }
            #lit { stroke: var(--lit); }
            #told { position: sticky; bottom: 0; min-height: 3em; margin: 12px 0 0; padding: 10px 14px; overflow-x: auto;
              border: 1px solid var(--line); border-radius: 6px; background: var(--page); font: 13px/1.45 ui-monospace, monospace; }
            h3 { margin: 20px 0 4px; font-size: 15px; }
            table { width: 100%; border-collapse: collapse; font-size: 13px; }
            th { text-align: left; color: var(--faint); font-weight: normal; }
            td, th { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; font-variant-numeric: tabular-nums; }
            td:not(:last-child) { white-space: nowrap; }
            code { font: 13px/1.45 ui-monospace, monospace; }
            button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
            """;

    private static final int MOST_SITES = 100;
    /// Characters that XML forbids however they are written; a name may have some.
    private static final Pattern NO_XML = Pattern.compile("[^\\t\\n\\r\\x20-\\uD7FF\\uE000-\\uFFFD\\x{10000}-\\x{10FFFF}]");

    private final String title;
    private final HeapSnapshot heap;
    private final HeapSnapshot before;

    /// A page for one snapshot.
    ///
    /// @param title its heading
    /// @param heap  what to show
    public HeapPicture(String title, HeapSnapshot heap) {
        this(title, heap, null);
    }

    /// A page for a snapshot, which also shows what has changed since another one.
    ///
    /// @param title  its heading
    /// @param heap   what to show
    /// @param before an earlier snapshot of the same arena, or null
    public HeapPicture(String title, HeapSnapshot heap, HeapSnapshot before) {
        this.title = title;
        this.heap = heap;
        this.before = before;
    }

    /// The page.
    ///
    /// @return HTML
    public String html() {
        HeapMap map = HeapMap.of(heap);
        String page = """
                <!DOCTYPE html>
                <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
                <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width"/>
                <title>%1$s</title>
                <style>
                %2$s</style>
                </head>
                <body>
                <h1>%1$s</h1>
                <p>%3$s</p>
                %4$s
                <h2>Regions by address</h2>
                <p>A row is %5$s of the pool, a cell %6$s. A cell has the colour of what takes most of it. Point at one.</p>
                %7$s
                %8$s
                <pre id="told">Point at a region.</pre>
                %13$s
                %14$s
                <h2>Free regions by size</h2>
                <p>In the allocator's bins: one for each granule up to %9$s, then eight to each power of two.</p>
                %10$s
                <script type="application/json" id="heap">%11$s</script>
                <script>
                %12$s</script>
                </body>
                </html>
                """.formatted(escaped(title), STYLE + colours(), subtitle(), tiles(), bytes(map.rowBytes()),
                bytes(map.cellBytes()), legend(), MapChart.svg(map, "map"), bytes(16 * heap.granule()), BinChart.svg(heap),
                HeapData.of(heap, map, before), script(), sites(), before == null ? "" : new Changes(before, heap).html());
        return NO_XML.matcher(page).replaceAll("\uFFFD");
    }

    /// As it is: it has no character that HTML or XML would take for something else.
    private static String script() {
        try (InputStream script = HeapPicture.class.getResourceAsStream("map.js")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    private String sites() {
        if (heap.sites().isEmpty()) {
            return "";
        }
        StringBuilder html = new StringBuilder("<h2>Who asked for them</h2>\n<p>As far as it is known: see <code>LeakDetection</code>.</p>\n"
                + "<table>\n<tr><th>bytes</th><th>blocks</th><th></th><th>site</th></tr>\n");
        for (int i = 0; i < Math.min(MOST_SITES, heap.sites().size()); i++) {
            HeapSnapshot.Site site = heap.sites().get(i);
            html.append("<tr><td>").append(bytes(site.bytes())).append("</td><td>").append(count(site.count()))
                    .append("</td><td><button data-site=\"").append(i).append("\">show</button></td><td><details><summary><code>")
                    .append(escaped(site.frames().isEmpty() ? "?" : site.frames().getFirst())).append("</code></summary><code>");
            site.frames().stream().skip(1).forEach(frame -> html.append(escaped(frame)).append("<br/>"));
            html.append("</code></details></td></tr>\n");
        }
        return html.append("</table>").toString();
    }

    private static String colours() {
        StringBuilder rules = new StringBuilder();
        for (SizeClass sizeClass : SizeClass.values()) {
            rules.append(format(".%1$s { stroke: var(--%1$s); background: var(--%1$s); }%n", sizeClass));
        }
        return rules.append(".free { stroke: var(--free); background: var(--free); }\n").toString();
    }

    private String subtitle() {
        return format("%s: %s live, %s free, largest free region %s, fragmentation %s.",
                escaped(heap.time()), bytes(heap.live()), bytes(heap.free()), bytes(heap.largestFree()),
                percent(heap.externalFragmentation()));
    }

    private String tiles() {
        return "<dl>\n"
                + tile("Live", bytes(heap.live()), count(heap.liveRegions(), "block"))
                + tile("Free", bytes(heap.free()), count(heap.freeRegions(), "region"))
                + tile("Largest free region", bytes(heap.largestFree()), "of " + bytes(heap.free()) + " free")
                + tile("Outer fragmentation", percent(heap.externalFragmentation()), "of what is free")
                + tile("Inner fragmentation", percent(heap.internalFragmentation()),
                        "rounding to " + bytes(heap.granule()))
                + tile("Pool", bytes(heap.byteSize()), percent(heap.byteSize() == 0 ? 0 : (double) heap.used() / heap.byteSize()) + " in use")
                + "</dl>";
    }

    private static String tile(String name, String value, String remark) {
        return "<div><dt>" + name + "</dt><dd>" + value + "<small>" + remark + "</small></dd></div>\n";
    }

    private String legend() {
        StringBuilder items = new StringBuilder("<ul>\n");
        var used = heap.regions().stream()
                .filter(region -> !region.isFree())
                .collect(Collectors.groupingBy(SizeClass::of,
                        Collectors.summarizingLong(HeapSnapshot.Region::size)));
        for (SizeClass sizeClass : SizeClass.values()) {
            if (used.containsKey(sizeClass)) {
                String sum = bytes(used.get(sizeClass).getSum());
                item(items, sizeClass.name(), sizeClass.label(), count(used.get(sizeClass).getCount()), sum);
            }
        }
        item(items, "free", "free", count(heap.freeRegions()), bytes(heap.free()));
        return items.append("</ul>").toString();
    }

    private static void item(StringBuilder items, String style, String label, String count, String sum) {
        items.append(format("<li><i class=\"%s\"></i>%s <span>%s, %s</span></li>%n", style, label, count, sum));
    }
}
