package io.github.offsetallocator.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Pattern;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `watch`, on a process of its own and on a recording.
class WatchTest {
    @TempDir
    Path directory;

    /// A program that fills an arena bit by bit.
    static final class Filling {
        public static void main(String[] args) throws InterruptedException {
            try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("filling").build()) {
                while (true) {
                    arena.tryAllocate(4096, 1);
                    Thread.sleep(50);
                }
            }
        }
    }

    private static String printed(String... args) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            assertEquals(0, Tools.run(args), () -> bytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static Process filling() throws IOException {
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                Filling.class.getName()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    @Test
    void aRunningProcess() throws IOException {
        Process process = filling();
        try {
            String seen = printed("watch", Long.toString(process.pid()), "--interval", "200", "--seconds", "12", "--plain");
            assertTrue(seen.contains("filling: 1 MiB"), seen);
            assertTrue(seen.contains("fragmentation"), seen);
            assertTrue(seen.contains("▁"), seen);
        } finally {
            process.destroyForcibly();
        }
    }

    /// Its end is the end of `watch`, and no error.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProcessThatEnds(boolean isKilled) throws Exception {
        Process process = filling();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Thread end = new Thread(() -> {
            try {
                while (!bytes.toString(StandardCharsets.UTF_8).contains("filling: 1 MiB")) {
                    Thread.sleep(100);
                }
                if (isKilled) {
                    process.destroyForcibly();
                } else {
                    process.destroy();
                }
            } catch (InterruptedException watchIsDone) {
                // without a picture
            }
        });
        PrintStream before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            end.start();
            assertTimeoutPreemptively(Duration.ofMinutes(2),
                    () -> assertEquals(0, Tools.run("watch", Long.toString(process.pid()), "--interval", "200", "--plain")));
        } finally {
            System.setOut(before);
            process.destroyForcibly();
            end.interrupt();
            end.join();
        }
    }

    @Test
    void aRecording() throws IOException, InterruptedException {
        Path file = directory.resolve("some.jfr");
        try (Recording recording = new Recording(); SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("recorded").build()) {
            recording.enable(Watch.STATISTICS).withPeriod(Duration.ofMillis(50));
            recording.start();
            arena.tryAllocate(1 << 19, 1);
            Thread.sleep(500);
            recording.stop();
            recording.dump(file);
        }
        String seen = printed("watch", file.toString());
        assertTrue(seen.contains("recorded: 1 MiB, 1 live, 0 refused"), seen);
        assertTrue(seen.contains("512 KiB"), seen);
    }

    /// Names may be alike: each arena has a picture of its own.
    @Test
    void twoArenasOfOneName() throws IOException, InterruptedException {
        Path file = directory.resolve("twins.jfr");
        try (Recording recording = new Recording(); SegmentArena first = SegmentArena.builder().nativeMemory(1 << 20).name("twin").build();
                SegmentArena second = SegmentArena.builder().nativeMemory(1 << 21).name("twin").build()) {
            recording.enable(Watch.STATISTICS).withPeriod(Duration.ofMillis(50));
            recording.start();
            first.tryAllocate(1 << 19, 1);
            second.tryAllocate(100, 1);
            second.tryAllocate(100, 1);
            Thread.sleep(300);
            recording.stop();
            recording.dump(file);
        }
        String seen = printed("watch", file.toString());
        assertTrue(Pattern.compile("twin #\\d+: 1 MiB, 1 live").matcher(seen).find(), seen);
        assertTrue(Pattern.compile("twin #\\d+: 2 MiB, 2 live").matcher(seen).find(), seen);
    }

    /// With a message, and no stack trace.
    @Test
    void aDamagedRecordingIsRefused() throws IOException {
        Path whole = directory.resolve("whole.jfr");
        try (Recording recording = new Recording(); SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).build()) {
            recording.enable(Watch.STATISTICS).with("period", "endChunk");
            recording.start();
            arena.tryAllocate(100, 1);
            recording.stop();
            recording.dump(whole);
        }
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = directory.resolve("cut.jfr");
        for (int length : new int[] {0, 40, bytes.length / 2, bytes.length - 100}) {
            Files.write(cut, Arrays.copyOf(bytes, length));
            PrintStream before = System.err;
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
            try {
                assertEquals(1, Tools.run("watch", cut.toString()), "cut to " + length);
            } finally {
                System.setErr(before);
            }
            assertFalse(said.toString(StandardCharsets.UTF_8).contains("\tat "), said.toString(StandardCharsets.UTF_8));
            assertFalse(said.toString(StandardCharsets.UTF_8).isBlank(), "cut to " + length);
        }
        assertEquals(1, Tools.run("watch", "2000000000", "--interval", "0"));
    }

    @Test
    void whatIsNoProcessIsRefused() {
        assertEquals(1, Tools.run("watch", Long.toString(ProcessHandle.current().pid())));
        assertEquals(1, Tools.run("watch", "2000000000"));
    }
}
