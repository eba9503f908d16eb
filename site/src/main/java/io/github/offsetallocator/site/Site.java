package io.github.offsetallocator.site;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;
import org.commonmark.renderer.text.TextContentRenderer;

/// Turns the project's Markdown into pages, puts the Javadoc beside them, and sees that no link leads nowhere.
///
/// ```
///  README.md            --> index.html
///  docs/**/*.md …       --> the same path, .html       a link to a page goes to its .html,
///  docs/**/*.svg, .json --> the same path              one to another file of the project to GitHub
///  target/reports/apidocs --> api/
/// ```
///
/// Run: `.ci/site`
public final class Site {
    private static final String SOURCE = "https://github.com/offsetallocator/offset-allocator/blob/main/";

    /// What the list beside each page shows, in its order; pages that are not in it follow.
    private static final List<String> ORDER = List.of("README.md", "docs/guides/choosing.md", "docs/guides/cache.md", "docs/guides/threads.md",
            "docs/guides/ranges.md", "docs/guides/staging.md", "docs/vulkan.md", "docs/durable.md", "docs/observability.md", "docs/threads.md",
            "docs/performance.md", "docs/benchmarks.md", "docs/testing.md", "docs/original.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md");
    private static final List<Extension> EXTENSIONS = List.of(TablesExtension.create(), HeadingAnchorExtension.create());

    private final Path root;
    private final Path target;
    private final Map<String, Node> pages = new LinkedHashMap<>();
    private final Map<String, String> titles = new LinkedHashMap<>();

    private Site(Path root, Path target) {
        this.root = root.toAbsolutePath().normalize();
        this.target = target.toAbsolutePath().normalize();
    }

    /// The project's folder, where the site goes, and where the Javadoc is.
    public static void main(String[] args) throws IOException {
        Path javadoc = Path.of(args[2]);
        List<String> faults = build(Path.of(args[0]), Path.of(args[1]), javadoc);
        faults.forEach(System.err::println);
        if (!faults.isEmpty()) {
            System.exit(1);
        }
        System.out.println("site: " + Path.of(args[1]).toAbsolutePath().normalize().resolve("index.html"));
    }

    /// Makes the site.
    ///
    /// @param javadoc null for a site without
    /// @return links that lead nowhere
    static List<String> build(Path root, Path target, Path javadoc) throws IOException {
        Site site = new Site(root, target);
        site.read();
        if (javadoc != null) {
            site.copyFolder(javadoc, site.target.resolve("api"));
        }
        for (String page : site.pages.keySet()) {
            site.write(page, javadoc != null);
        }
        return Links.faults(site.target);
    }

    private void read() throws IOException {
        List<String> names = new ArrayList<>(ORDER);
        try (Stream<Path> files = Files.walk(root.resolve("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).map(this::name).sorted().filter(name -> !names.contains(name)).forEach(names::add);
        }
        Parser parser = Parser.builder().extensions(EXTENSIONS).build();
        for (String name : names) {
            Node page = parser.parse(Files.readString(root.resolve(name)));
            pages.put(name, page);
            titles.put(name, title(page, name));
        }
    }

    private String name(Path file) {
        return root.relativize(file.toAbsolutePath().normalize()).toString().replace('\\', '/');
    }

    private static String title(Node page, String name) {
        String[] title = {name};
        page.accept(new AbstractVisitor() {
            @Override
            public void visit(Heading heading) {
                if (heading.getLevel() == 1) {
                    title[0] = TextContentRenderer.builder().build().render(heading).strip();
                }
            }
        });
        return title[0];
    }

    private static String html(String page) {
        return page.equals("README.md") ? "index.html" : page.replaceFirst("\\.md$", ".html");
    }

    private void write(String page, boolean hasJavadoc) throws IOException {
        Path file = target.resolve(html(page));
        Files.createDirectories(file.getParent());
        Node node = pages.get(page);
        List<Path> copies = new ArrayList<>();
        node.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                link.setDestination(destination(page, link.getDestination(), copies));
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                image.setDestination(destination(page, image.getDestination(), copies));
                visitChildren(image);
            }
        });
        for (Path copy : copies) {
            Path to = target.resolve(name(copy));
            Files.createDirectories(to.getParent());
            Files.copy(copy, to, StandardCopyOption.REPLACE_EXISTING);
        }
        String up = "../".repeat((int) html(page).chars().filter(c -> c == '/').count());
        StringBuilder list = new StringBuilder();
        titles.forEach((name, title) -> list.append("<li><a%s href=\"%s\">%s</a></li>%n".formatted(
                name.equals(page) ? " aria-current=\"page\"" : "", up + html(name), title)));
        if (hasJavadoc) {
            list.append("<li><a href=\"%sapi/index.html\">API</a></li>%n".formatted(up));
        }
        String body = HtmlRenderer.builder().extensions(EXTENSIONS).build().render(node);
        Files.writeString(file, resource("page.html").replace("{title}", titles.get(page)).replace("{list}", list).replace("{body}", body));
    }

    /// Where a link of a page goes on the site. What is not in the project stays as it is, and is found broken later.
    private String destination(String page, String link, List<Path> copies) {
        if (link.startsWith("#") || link.matches("[a-z]+:.*")) {
            return link;
        }
        String[] parts = link.split("#", 2);
        Path file = root.resolve(page).resolveSibling(parts[0]).normalize();
        String name = name(file);
        if (pages.containsKey(name)) {
            String relative = target.resolve(html(page)).getParent().relativize(target.resolve(html(name))).toString().replace('\\', '/');
            return relative + (parts.length > 1 ? "#" + parts[1] : "");
        }
        if (name.startsWith("docs/") && Files.isRegularFile(file)) {
            copies.add(file);
            return link;
        }
        return Files.exists(file) ? SOURCE + name : link;
    }

    private void copyFolder(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Site.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
