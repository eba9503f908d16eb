package io.github.offsetallocator.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Chromium without a window.
final class Browser {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final long SECONDS = 120;

    /// What a page has become, and what the browser has said.
    record Result(String dom, String log) {}

    private Browser() {}

    /// Opens a page and waits until its scripts are done. Without a browser the test is skipped.
    static Result open(Path page, String fragment, Path profile) throws IOException, InterruptedException {
        Optional<Path> browser = find();
        Assumptions.assumeTrue(browser.isPresent(), "no Chromium: install the package chromium to test pages in a browser");
        Path dom = Files.createTempFile(page.getParent(), "dom", ".html");
        Path log = Files.createTempFile(page.getParent(), "log", ".txt");
        Process process = new ProcessBuilder(browser.get().toString(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--user-data-dir=" + profile, "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", page.toUri() + fragment)
                .redirectOutput(dom.toFile()).redirectError(log.toFile()).start();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the browser has not ended in " + SECONDS + " seconds: " + Files.readString(log));
        }
        return new Result(Files.readString(dom), Files.readString(log));
    }

    private static Optional<Path> find() {
        return Stream.of(System.getenv("PATH").split(":")).flatMap(directory -> NAMES.stream().map(name -> Path.of(directory, name)))
                .filter(Files::isExecutable).findFirst();
    }
}
