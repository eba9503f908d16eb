package io.github.offsetallocator.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.LeakDetection;
import io.github.offsetallocator.SegmentArena;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page that `map` writes: from a real arena with a planted leak, through a real dump, into a real browser.
class MapTest {
    @TempDir
    Path directory;

    private Path first;
    private Path second;
    private long leakAt;

    private static long plantedLeak(SegmentArena arena) {
        return arena.tryAllocate(7000, 256);
    }

    @BeforeEach
    void dump() throws IOException {
        first = directory.resolve("first.json");
        second = directory.resolve("second.json");
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("<scene> & \"co\"").leakDetection(LeakDetection.ALL).build()) {
            SplittableRandom random = new SplittableRandom(3);
            for (int i = 0; i < 500; i++) {
                long block = arena.tryAllocate(1 + random.nextInt(900), 1);
                if (i % 3 == 0) {
                    arena.free(block);
                }
            }
            write(arena, first);
            long leaked = plantedLeak(arena);
            arena.setTag(leaked, Long.MAX_VALUE);
            leakAt = arena.offset(leaked);
            write(arena, second);
            arena.reset();
        }
    }

    private static void write(SegmentArena arena, Path file) throws IOException {
        try (var out = Files.newBufferedWriter(file)) {
            arena.dump(out);
        }
    }

    private String page(Path page, String... dumps) throws IOException {
        String[] args = new String[dumps.length + 3];
        args[0] = "map";
        args[1] = "-o";
        args[2] = page.toString();
        System.arraycopy(dumps, 0, args, 3, dumps.length);
        assertEquals(0, Tools.run(args));
        return Files.readString(page);
    }

    @Test
    void thePageIsXmlAndNeedsNothingElse() throws Exception {
        String html = page(directory.resolve("page.html"), first.toString(), second.toString());
        parse(html);
        assertFalse(html.contains("src=") || html.contains("href=") || html.contains("url("), "something from elsewhere");
        assertTrue(html.contains("Heap of &lt;scene&gt; &amp; &quot;co&quot;"), html);
    }

    private static void parse(String html) throws Exception {
        DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new ByteArrayInputStream(html.replaceFirst("<!DOCTYPE html>", "").getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aDumpSaysWhatTheArenaSays() throws IOException {
        HeapSnapshot heap = HeapSnapshot.read(second);
        assertEquals("<scene> & \"co\"", heap.name());
        assertEquals(1 << 20, heap.byteSize());
        assertEquals(heap.statistics().usedBytes(), heap.used());
        assertEquals(heap.statistics().liveAllocations(), heap.liveRegions());
        assertTrue(heap.slabs().stream().allMatch(slab -> slab.live() <= slab.slots() && slab.slots() <= 64));
        HeapSnapshot.Region leaked = heap.regions().stream().filter(region -> region.offset() == leakAt).findFirst().orElseThrow();
        assertEquals(7000, leaked.requested());
        assertEquals(Long.MAX_VALUE, leaked.tag());
        assertTrue(heap.sites().get(leaked.site()).frames().getFirst().contains("MapTest.plantedLeak("));
    }

    @Test
    void whatIsNoDumpIsRefused() throws IOException {
        Path file = directory.resolve("no.json");
        for (String text : new String[] {"", "[]", "{\"format\": \"else\"}", "{\"format\": \"io.github.offsetallocator.dump\", \"version\": 2}",
            "{\"format\": \"io.github.offsetallocator.dump\", \"version\": 1}"}) {
            Files.writeString(file, text);
            assertEquals(1, Tools.run("map", file.toString()), text);
        }
        assertEquals(1, Tools.run("map", directory.resolve("absent.json").toString()));
    }

    /// Between chunks is no memory: it counts neither as used nor as part of the pool, and offsets behind it are right.
    @Test
    void aGrowableArena() throws IOException {
        try (SegmentArena arena = SegmentArena.builder().growable(64 << 10, 1 << 20).build()) {
            HeapSnapshot empty = HeapSnapshot.of(arena);
            assertEquals(0, empty.byteSize());
            assertFalse(new HeapPicture("empty", empty).html().contains("NaN"));
            arena.tryAllocate(60_000, 1);
            arena.tryAllocate(300_000, 1);
            long last = arena.tryAllocate(60_000, 1);
            HeapSnapshot heap = HeapSnapshot.of(arena);
            assertEquals(arena.byteSize(), heap.byteSize());
            assertEquals(arena.statistics().usedBytes(), heap.used());
            assertEquals(arena.statistics().freeBytes(), heap.free());
            assertEquals(3, heap.liveRegions());
            assertEquals(0, heap.internalFragmentation());
            long at = heap.origin();
            for (HeapSnapshot.Region region : heap.regions()) {
                assertEquals(at, region.offset(), "the script of the page adds sizes up");
                at = region.end();
            }
            assertTrue(heap.regions().stream().anyMatch(region -> region.offset() == arena.offset(last)));
            assertTrue(new HeapPicture("in chunks", heap, empty).html().contains("no memory, between chunks"));
        }
    }

    /// What was retired is not live: it counts in the pool that is in use, and has an entry of its own.
    @Test
    void aRetiredBlockIsNotLive() {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).build()) {
            arena.tryAllocate(100, 1);
            HeapSnapshot none = HeapSnapshot.of(arena);
            assertFalse(new HeapPicture("some", none).html().contains("</i>retired"));
            long live = arena.tryAllocate(200_000, 1);
            HeapSnapshot before = HeapSnapshot.of(arena);
            arena.retire(live, 1);
            HeapSnapshot now = HeapSnapshot.of(arena);
            String html = new HeapPicture("some", now, before).html();
            assertTrue(html.contains("<dt>Live</dt><dd>112 B<small>1 block</small>"), html);
            assertTrue(html.contains(": 112 B live, "), html);
            assertTrue(html.contains("</i>retired <span>1, 195 KiB</span>"), html);
            assertTrue(html.contains("19.1 % in use"), html);
            assertTrue(html.contains("0 blocks of 0 B new, 1 block of 195 KiB gone, 1 block of 112 B that were there"), html);
            assertEquals(arena.statistics().usedBytes(), now.used());
            assertEquals(arena.statistics().liveAllocations(), now.liveRegions());
            assertEquals(12.0 / 112, now.internalFragmentation(), 1e-9);
        }
    }

    private static void two(SegmentArena arena) {
        arena.tryAllocate(64, 1); arena.tryAllocate(4000, 1); // two sites whose frames read alike: they are on one line
    }

    @Test
    void twoSitesOnOneLineHaveNotGrown() {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).leakDetection(LeakDetection.ALL).build()) {
            for (int i = 0; i < 10; i++) {
                two(arena);
            }
            HeapSnapshot before = HeapSnapshot.of(arena);
            assertEquals(2, before.sites().size());
            String same = new Changes(before, HeapSnapshot.of(arena)).html();
            assertTrue(same.contains("0 blocks of 0 B new"), same);
            assertFalse(same.contains("<th>more</th>"), same);
            two(arena);
            String more = new Changes(before, HeapSnapshot.of(arena)).html();
            assertTrue(more.contains("<td>3.97 KiB</td>"), more);
            arena.reset();
        }
    }

    /// A name may have any character; XML has no way to write some.
    @Test
    void aNameWithCharactersThatXmlForbids() throws Exception {
        String name = "\0a\u0001\t\u007F\uFFFE\uFFFF\uD800b\uD83D\uDE00\uDC00";
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name(name).build()) {
            String html = new HeapPicture("Heap of " + arena.name(), HeapSnapshot.of(arena)).html();
            parse(html);
            assertTrue(html.contains("<h1>Heap of \uFFFDa\uFFFD\t\u007F\uFFFD\uFFFD\uFFFDb\uD83D\uDE00\uFFFD</h1>"), html);
        }
    }

    private static String heap(String regions) {
        return "{\"format\": \"io.github.offsetallocator.dump\", \"version\": 1, \"name\": \"x\", \"time\": \"t\", \"granule\": 16, \"origin\": 0, \"statistics\": {},"
                + " \"bins\": [{\"size\": 0, \"below\": 16, \"count\": 0}, {\"size\": 16, \"below\": 32, \"count\": 2147483647}], \"slabs\": [],"
                + " \"sites\": [], \"regions\": [" + regions + "]}";
    }

    /// With a message that names the file, and no more of the heap than it takes.
    @Test
    void aDamagedDumpIsRefused() throws IOException {
        Path file = directory.resolve("damaged.json");
        Files.writeString(file, heap("{\"offset\": 0, \"size\": 64, \"state\": \"free\"}"));
        page(directory.resolve("page.html"), file.toString());
        String live = "\"state\": \"live\", \"requested\": 1}";
        for (String damaged : List.of("null", heap("null"), heap("{\"offset\": 0, \"size\": 64}"), heap("{\"offset\": 0, \"size\": 64, \"state\": \"none\"}"),
                heap("{\"offset\": 0, \"size\": -64, " + live), heap("{\"offset\": -64, \"size\": 64, " + live), heap("{\"offset\": 0, \"size\": 8, " + live),
                heap("{\"offset\": 0, \"size\": 9223372036854775807, " + live), heap("{\"offset\": 9223372036854775792, \"size\": 16, " + live),
                heap("{\"offset\": 0, \"size\": 64, " + live + ", {\"offset\": 48, \"size\": 64, " + live),
                heap("{\"offset\": 0, \"size\": 64, \"site\": 0, " + live), heap("").replace("\"time\": \"t\",", ""), heap("").replace("\"name\": \"x\",", ""),
                heap("").replace("\"sites\": [", "\"sites\": [null"), heap("").replace("\"sites\": [", "\"sites\": [{\"count\": 1}"),
                heap("").replace("\"bins\": [", "\"bins\": [null, "), heap("").replace("\"granule\": 16", "\"granule\": 0"), heap("").replace("\"granule\": 16", "\"granule\": 24"),
                heap("").replace("\"granule\": 16", "\"granule\": 8"), heap("").replace("\"granule\": 16", "\"granule\": 33554432"),
                heap("{\"offset\": 0, \"size\": 1125899906842624, " + live).replace("\"granule\": 16", "\"granule\": 1125899906842624"),
                heap("{\"offset\": 0, \"size\": 64, \"state\": \"live\", \"requested\": 65}"))) {
            Files.writeString(file, damaged);
            assertRefused(file, damaged);
        }
        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE});
        assertRefused(file, "no text");
        assertRefused(directory, "a directory");
    }

    private static void assertRefused(Path file, String what) {
        IOException refusal = assertThrows(IOException.class, () -> HeapSnapshot.read(file), what);
        assertTrue(refusal.getMessage().contains(file.toString()), refusal::toString);
        assertEquals(1, Tools.run("map", file.toString()), what);
    }

    /// In a browser: the script runs to its end, nothing goes wrong, and who points at the leak sees who asked for it.
    @Test
    void aBrowserNamesTheLeak() throws Exception {
        Path page = directory.resolve("page.html");
        page(page, first.toString(), second.toString());
        Browser.Result seen = Browser.open(page, "#at=" + (leakAt + 100), directory.resolve("profile"));
        assertTrue(seen.dom().contains("data-ready=\"yes\""), seen::toString);
        String told = seen.dom().replaceAll("(?s).*<pre id=\"told\">(.*?)</pre>.*", "$1");
        assertTrue(told.contains("at " + leakAt + ","), told);
        assertTrue(told.contains("tag: " + Long.MAX_VALUE), told);
        assertTrue(told.contains("since the other dump: new"), told);
        assertTrue(told.contains("io.github.offsetallocator.tools.MapTest.plantedLeak(MapTest.java:"), told);
        assertTrue(seen.dom().matches("(?s).*<path id=\"lit\" d=\"M\\d+ \\d+h\\d+.*"), "nothing is marked");
        assertFalse(seen.log().contains("Uncaught") || seen.log().contains(":CONSOLE"), seen.log());
    }

    /// The button of a site marks its blocks.
    @Test
    void aBrowserMarksASite() throws Exception {
        Path page = directory.resolve("page.html");
        page(page, second.toString());
        Browser.Result seen = Browser.open(page, "#site=0", directory.resolve("profile"));
        String told = seen.dom().replaceAll("(?s).*<pre id=\"told\">(.*?)</pre>.*", "$1");
        assertTrue(told.contains("333 regions of this site are marked"), told);
        assertFalse(seen.log().contains("Uncaught") || seen.log().contains(":CONSOLE"), seen.log());
    }

    /// What has no site has no place that asked for it.
    @Test
    void aBrowserPointsAtWhatIsFree() throws Exception {
        Path file = Files.writeString(directory.resolve("free.json"), heap("{\"offset\": 0, \"size\": 64, \"state\": \"free\"}"));
        Path page = directory.resolve("page.html");
        page(page, file.toString());
        Browser.Result seen = Browser.open(page, "#at=16", directory.resolve("profile"));
        assertTrue(seen.dom().contains("<pre id=\"told\">at 0, 64 B: free</pre>"), seen::toString);
        assertFalse(seen.log().contains("Uncaught") || seen.log().contains(":CONSOLE"), seen.log());
    }

    /// A site that the page doesn't have marks nothing, and one without a button is marked.
    @Test
    void aBrowserIsAskedForASiteThatHasNoButton() throws Exception {
        String sites = "{\"count\": 1, \"bytes\": 1, \"frames\": [\"some frame\"]}, ".repeat(100) + "{\"count\": 1, \"bytes\": 1, \"frames\": [\"last frame\"]}";
        Path file = Files.writeString(directory.resolve("sites.json"), heap("{\"offset\": 0, \"size\": 64, \"state\": \"live\", \"requested\": 1, \"site\": 100}")
                .replace("\"sites\": []", "\"sites\": [" + sites + "]"));
        Path page = directory.resolve("page.html");
        page(page, file.toString());
        for (String[] askedAndTold : new String[][] {{"#site=100", "1 regions of this site are marked:\nlast frame"}, {"#site=101", "Point at a region."}}) {
            Browser.Result seen = Browser.open(page, askedAndTold[0], directory.resolve("profile"));
            assertTrue(seen.dom().contains("data-ready=\"yes\""), seen::toString);
            assertTrue(seen.dom().contains("<pre id=\"told\">" + askedAndTold[1]), seen::toString);
            assertFalse(seen.log().contains("Uncaught") || seen.log().contains(":CONSOLE"), seen.log());
        }
    }

    /// A page whose script fails is noticed.
    @Test
    void theTestItselfNotices() throws Exception {
        Path page = directory.resolve("page.html");
        Files.writeString(page, page(page, second.toString()).replace("function light(regions) {", "function light(regions) { nowhere();"));
        Browser.Result seen = Browser.open(page, "#at=" + leakAt, directory.resolve("profile"));
        assertTrue(seen.log().contains("nowhere"), seen.log());
        assertFalse(seen.dom().contains("data-ready=\"yes\""));
    }
}
