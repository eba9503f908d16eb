package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The protocol of `docs/benchmarks.md`, seen from the other side.
class ExternalTest {
    private static final Runner.Case GAWK = new Runner.Case("gawk", List.of("GAWK"));

    @TempDir
    private Path directory;

    @Test
    void theFileHoldsTheScript() throws IOException {
        Script script = Work.GAWK.script();
        Path file = directory.resolve("script.bin");
        External.write(script, 2, file);
        IntBuffer words = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        assertEquals(0x4353414F, words.get());
        assertEquals(1, words.get());
        assertEquals(script.operations(), words.get());
        assertEquals(script.slotCount(), words.get());
        assertEquals(2 * script.peak() >> 4, words.get());
        for (int i = 0; i < script.operations(); i++) {
            int slot = words.get();
            assertEquals(script.slot(i), slot);
            if (slot >= 0) {
                assertEquals((script.bytes(i) + 15) / 16, words.get());
            }
        }
        assertFalse(words.hasRemaining());
    }

    /// A program of somebody else: prints the size of the file as its figure, or no figure, or fails.
    static final class Replayer {
        public static void main(String[] args) throws IOException {
            switch (args[0]) {
                case "size" -> System.out.println(Files.size(Path.of(args[1])) + ".5");
                case "words" -> System.out.println("no number");
                default -> System.exit(3);
            }
        }
    }

    @Test
    void theNumberIsRead() throws IOException, InterruptedException {
        Path file = directory.resolve("script.bin");
        External.write(Work.GAWK.script(), 2, file);
        assertEquals(Files.size(file) + 0.5, program("size").measure(GAWK).get(Quick.NANOS)[0]);
    }

    @Test
    void failureIsNotTakenForANumber() {
        assertThrows(IOException.class, () -> program("words").measure(GAWK));
        assertThrows(IOException.class, () -> program("fail").measure(GAWK));
    }

    private static External program(String mode) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = Path.of("target", "test-classes").toString();
        return new External(java + " -cp " + classes + " " + Replayer.class.getName() + " " + mode, 2);
    }
}
