package io.github.offsetallocator.site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The project's own pages, without the Javadoc.
class SiteTest {
    @TempDir
    Path directory;

    @Test
    void noLinkLeadsNowhere() throws IOException {
        assertEquals("", String.join("\n", Site.build(Path.of(".."), directory, null)));
        String index = Files.readString(directory.resolve("index.html"));
        assertTrue(index.contains("href=\"docs/guides/choosing.html\""), "a link to a page");
        assertTrue(index.contains("<table>"), "a table");
        assertTrue(Files.size(directory.resolve("docs/footprint.svg")) > 0, "a picture");
    }

    @Test
    void brokenLinksAreFound() throws IOException {
        Files.writeString(directory.resolve("a.html"), "<h1 id=\"top\">A</h1><a href=\"b.html\">b</a><a href=\"#top\">top</a><a href=\"https://c\">c</a>");
        Files.writeString(directory.resolve("b.html"), "<a href=\"a.html#top\">a</a>");
        assertEquals(List.of(), Links.faults(directory));
        Files.writeString(directory.resolve("b.html"), "<a href=\"a.html#bottom\">a</a> <img src=\"c.svg\"> <a href=\"d.md\">d</a>");
        assertEquals(3, Links.faults(directory).size());
    }
}
