package io.github.offsetallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// All Java in the documentation is in the examples too, so the compiler has seen it: each statement of a block, in this order,
/// in one of their files. Comments may differ, and the file may have more between two statements.
class SnippetTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```");
    private static final Pattern COMMENT = Pattern.compile("//[^\\n]*");

    private static List<Path> files(String ending, Path... folders) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path folder : folders) {
            try (Stream<Path> all = Files.walk(folder)) {
                all.filter(file -> file.toString().endsWith(ending) && !file.toString().contains("target")).sorted().forEach(files::add);
            }
        }
        return files;
    }

    private static String squeezed(String code) {
        return COMMENT.matcher(code).replaceAll("").replaceAll("\\s+", "");
    }

    private static boolean isIn(String source, String block) {
        int at = 0;
        for (String statement : squeezed(block).split("(?<=[;{}])")) {
            at = source.indexOf(statement, at);
            if (at < 0) {
                return false;
            }
            at += statement.length();
        }
        return true;
    }

    @Test
    void theCompilerHasSeenAllJavaInTheDocumentation() throws IOException {
        List<String> sources = new ArrayList<>();
        for (Path file : files(".java", Path.of("src/main/java"), Path.of("vulkan/src/main/java"), Path.of("vulkan/src/test/java"),
                Path.of("peers/src/main/java"), Path.of("peers/src/test/java"))) {
            sources.add(squeezed(Files.readString(file)));
        }
        List<Path> pages = files(".md", ROOT.resolve("docs"));
        pages.add(ROOT.resolve("README.md"));
        List<String> unknown = new ArrayList<>();
        int blocks = 0;
        for (Path page : pages) {
            Matcher block = BLOCK.matcher(Files.readString(page).replace("\r", ""));
            while (block.find()) {
                blocks++;
                if (sources.stream().noneMatch(source -> isIn(source, block.group(1)))) {
                    unknown.add(page + ":\n" + block.group(1));
                }
            }
        }
        assertEquals("", String.join("\n", unknown), "not in the examples");
        assertTrue(blocks > 5, "the pages were not read");
    }
}
