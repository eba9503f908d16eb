package io.github.offsetallocator.examples;

import static io.github.offsetallocator.examples.Numbers.*;

import java.util.stream.Collectors;

/// A page that shows a heap: its numbers, its regions by address, its free regions by size. One file, no script, nothing
/// from elsewhere, for light and dark screens; it is well-formed XML as well as HTML.
final class HeapPicture {
    private static final String STYLE = """
            :root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --faint: #59636e; --line: #d1d9e0;
              --free: #f1f3f5; --bar: #2f6f9f;
              --TO_32: #440154; --TO_64: #46327e; --TO_128: #365c8d; --TO_256: #277f8e;
              --TO_1K: #1fa187; --TO_4K: #4ac16d; --TO_64K: #a0c92a; --ABOVE: #f0b400; }
            @media (prefers-color-scheme: dark) {
              :root { --page: #0d1117; --text: #e6edf3; --faint: #9198a1; --line: #3d444d;
                --free: #1b212a; --bar: #58a6d6;
                --TO_32: #a06cc8; --TO_64: #7f7fe0; --TO_128: #5b9be0; --TO_256: #3fb4c4;
                --TO_1K: #35c79a; --TO_4K: #74d66b; --TO_64K: #c2e24a; --ABOVE: #ffd84a; } }
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
            """;

    private final HeapSnapshot heap;

    HeapPicture(HeapSnapshot heap) {
        this.heap = heap;
    }

    String html() {
        HeapMap map = HeapMap.of(heap);
        return """
                <!DOCTYPE html>
                <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
                <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width"/>
                <title>Heap of %1$s</title>
                <style>
                %2$s</style>
                </head>
                <body>
                <h1>Heap of %1$s at its fullest</h1>
                <p>%3$s</p>
                %4$s
                <h2>Regions by address</h2>
                <p>A row is %5$s of the pool, a cell %6$s. A cell has the colour of what takes most of it.</p>
                %7$s
                %8$s
                <h2>Free regions by size</h2>
                <p>In the allocator's bins: one for each granule up to %9$s, then eight to each power of two.</p>
                %10$s
                </body>
                </html>
                """.formatted(heap.trace(), STYLE + colours(), title(), tiles(), bytes(map.rowBytes()),
                bytes(map.cellBytes()), legend(), MapChart.svg(map), bytes(16 * heap.granule()), BinChart.svg(heap));
    }

    private static String colours() {
        StringBuilder rules = new StringBuilder();
        for (SizeClass sizeClass : SizeClass.values()) {
            rules.append(format(".%1$s { stroke: var(--%1$s); background: var(--%1$s); }%n", sizeClass));
        }
        return rules.append(".free { stroke: var(--free); background: var(--free); }\n").toString();
    }

    private String title() {
        return format("After operation %,d: %s live, %s free, largest free region %s, fragmentation %s.",
                heap.operation(), bytes(heap.used()), bytes(heap.free()), bytes(heap.largestFree()),
                percent(heap.externalFragmentation()));
    }

    private String tiles() {
        return "<dl>\n"
                + tile("Live", bytes(heap.used()), count(heap.usedRegions()) + " blocks")
                + tile("Free", bytes(heap.free()), count(heap.freeRegions()) + " regions")
                + tile("Largest free region", bytes(heap.largestFree()), "of " + bytes(heap.free()) + " free")
                + tile("Outer fragmentation", percent(heap.externalFragmentation()), "of what is free")
                + tile("Inner fragmentation", percent(heap.internalFragmentation()),
                        "rounding to " + bytes(heap.granule()))
                + tile("Pool", bytes(heap.byteSize()), percent((double) heap.used() / heap.byteSize()) + " in use")
                + "</dl>";
    }

    private static String tile(String name, String value, String remark) {
        return "<div><dt>" + name + "</dt><dd>" + value + "<small>" + remark + "</small></dd></div>\n";
    }

    private String legend() {
        StringBuilder items = new StringBuilder("<ul>\n");
        var used = heap.regions().stream()
                .filter(region -> !region.isFree())
                .collect(Collectors.groupingBy(region -> SizeClass.of(region.requested()),
                        Collectors.summarizingLong(HeapSnapshot.Region::byteSize)));
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
