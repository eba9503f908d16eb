package io.github.offsetallocator.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    @Test
    void aRunningProcess() throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                Filling.class.getName()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            String seen = printed("watch", Long.toString(process.pid()), "--interval", "200", "--seconds", "12", "--plain");
            assertTrue(seen.contains("filling: 1 MiB"), seen);
            assertTrue(seen.contains("fragmentation"), seen);
            assertTrue(seen.contains("▁"), seen);
        } finally {
            process.destroyForcibly();
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

    @Test
    void whatIsNoProcessIsRefused() {
        assertEquals(1, Tools.run("watch", Long.toString(ProcessHandle.current().pid())));
        assertEquals(1, Tools.run("watch", "2000000000"));
    }
}
