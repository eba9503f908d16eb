package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Reads the library's sources and classes: arrows between its packages point down, and no file is too long to hold in mind.
///
/// ```
///   io.github.offsetallocator     5   uses all below, and backing
///   internal.watch                4
///   internal.engine               3
///   internal.slabs                2
///   internal.regions              1
///   internal.tables               0   uses none
///   internal.backing              -   uses none, and is used by the exported package alone
/// ```
class HouseTest {
    private static final String EXPORTED = "io.github.offsetallocator";
    private static final String BACKING = EXPORTED + ".internal.backing";
    private static final Map<String, Integer> FLOORS = Map.of(EXPORTED + ".internal.tables", 0, EXPORTED + ".internal.regions", 1,
            EXPORTED + ".internal.slabs", 2, EXPORTED + ".internal.engine", 3,
            EXPORTED + ".internal.watch", 4, EXPORTED, 5);

    /// Lines of code, without comments and blank lines, that a file should have at most, and must.
    private static final int LONG = 250, TOO_LONG = 420;

    /// Files that are longer, and are still to be divided. They may become shorter, not longer.
    private static final Map<String, Integer> STILL_LONGER = Map.of("OneThread.java", 560, "SegmentArena.java", 541);

    private static final Pattern NOT_CODE = Pattern.compile(
            "\"\"\"[\\s\\S]*?\"\"\"|\"(\\\\.|[^\"\\\\\\n])*\"|'(\\\\.|[^'\\\\\\n])+'|//[^\\n]*|/\\*[\\s\\S]*?\\*/");
    private static final Pattern OUR_NAME = Pattern.compile("\\bio\\.github\\.offsetallocator(\\.[a-z]\\w*)*");

    /// A source file without its comments and strings.
    private record Source(String name, String home, String code) {
        static Source of(Path file) {
            try {
                String code = NOT_CODE.matcher(Files.readString(file)).replaceAll(match -> match.group().startsWith("/") ? "" : "\"\"");
                Matcher home = Pattern.compile("(?m)^package\\s+([\\w.]+);").matcher(code);
                return new Source(file.getFileName().toString(), home.find() ? home.group(1) : "", code);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /// The packages of ours that it names, in imports or elsewhere.
        List<String> uses() {
            return OUR_NAME.matcher(code).results().map(match -> packageOf(match.group())).distinct().toList();
        }

        /// A static import or a call through a package's name may go on with the names of members.
        private static String packageOf(String name) {
            String rest = name.substring(EXPORTED.length());
            return rest.startsWith(".internal.") ? EXPORTED + ".internal." + rest.split("\\.")[2] : EXPORTED;
        }

        long lines() {
            return code.lines().filter(line -> !line.isBlank()).count();
        }
    }

    private static Path root() {
        Path here = Path.of("main", "java");
        return Files.isDirectory(here) ? here : Path.of("src", "main", "java");
    }

    private static List<Source> sources() throws IOException {
        try (Stream<Path> files = Files.walk(root())) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().map(Source::of).toList();
        }
    }

    @Test
    void arrowsPointDown() throws IOException {
        List<String> wrong = new ArrayList<>();
        int arrows = 0;
        for (Source source : sources()) {
            if (source.home.isEmpty()) {
                continue; // the module
            }
            for (String used : source.uses()) {
                arrows += used.equals(source.home) ? 0 : 1;
                if (!mayUse(source.home, used)) {
                    wrong.add(source.home + ": " + source.name + " uses " + used);
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(arrows > 20, "the sources were not read");
    }

    private static boolean mayUse(String home, String used) {
        if (home.equals(used)) {
            return home.equals(BACKING) || FLOORS.containsKey(home);
        }
        if (used.equals(BACKING)) {
            return home.equals(EXPORTED);
        }
        return FLOORS.containsKey(home) && FLOORS.containsKey(used) && FLOORS.get(used) < FLOORS.get(home);
    }

    @Test
    void theRuleItselfIsRight() {
        assertFalse(mayUse(EXPORTED + ".internal.tables", EXPORTED + ".internal.regions"));
        assertFalse(mayUse(EXPORTED + ".internal.engine", EXPORTED));
        assertFalse(mayUse(EXPORTED + ".internal.engine", BACKING));
        assertFalse(mayUse(BACKING, EXPORTED + ".internal.tables"));
        assertFalse(mayUse(EXPORTED, EXPORTED + ".internal.another"));
        assertFalse(mayUse(EXPORTED + ".internal.another", EXPORTED + ".internal.another"));
        assertTrue(mayUse(EXPORTED, BACKING));
        assertTrue(mayUse(EXPORTED + ".internal.slabs", EXPORTED + ".internal.tables"));
        Source source = new Source("A.java", EXPORTED, "import static io.github.offsetallocator.internal.tables.Header.*; io.github.offsetallocator.Fit f;");
        assertEquals(List.of(EXPORTED + ".internal.tables", EXPORTED), source.uses());
    }

    @Test
    void onlyOnePackageIsExported() throws IOException {
        String code = Source.of(root().resolve("module-info.java")).code;
        List<String> directives = Pattern.compile("(exports|opens|open|uses|provides)\\b\\s*([^;{]*)").matcher(code).results()
                .map(match -> match.group(1) + " " + match.group(2).strip()).toList();
        assertEquals(List.of("exports " + EXPORTED), directives);
    }

    /// Where the stack ends while the JDK links such a call for the first time, a class of the JDK may fail to be initialized, and with it
    /// every later message.
    @Test
    void messagesAreConcatenatedInline() throws Exception {
        Path classes = Path.of(OffsetAllocator.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            List<Path> all = files.filter(file -> file.toString().endsWith(".class")).toList();
            List<Path> linked = new ArrayList<>();
            for (Path file : all) {
                if (Files.readString(file, StandardCharsets.ISO_8859_1).contains("StringConcatFactory")) {
                    linked.add(file);
                }
            }
            assertTrue(all.size() > 100, () -> "no classes in " + classes);
            assertEquals(List.of(), linked);
        }
    }

    @Test
    void noFileIsTooLong() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Source source : sources()) {
            long lines = source.lines();
            if (lines > LONG) {
                System.out.println(source.name + " has " + lines + " lines of code, more than " + LONG);
            }
            if (lines > STILL_LONGER.getOrDefault(source.name, TOO_LONG)) {
                tooLong.add(source.name + ": " + lines);
            }
        }
        assertEquals(List.of(), tooLong, () -> "more than " + TOO_LONG + " lines of code");
    }
}
