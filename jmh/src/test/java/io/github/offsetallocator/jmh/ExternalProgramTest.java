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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The protocol of `docs/benchmarks.md`, seen from the other side.
class ExternalProgramTest {
    private static final Script SCRIPT = Work.GAWK.script();

    @TempDir
    private Path directory;

    @Test
    void theFileHoldsTheScript() throws IOException {
        Path file = directory.resolve("script.bin");
        ExternalProgram.write(SCRIPT, file);
        IntBuffer words = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        assertEquals(0x4353414F, words.get());
        assertEquals(1, words.get());
        assertEquals(SCRIPT.operations(), words.get());
        assertEquals(SCRIPT.slotCount(), words.get());
        assertEquals(SCRIPT.pool() >> 4, words.get());
        for (int i = 0; i < SCRIPT.operations(); i++) {
            int slot = words.get();
            assertEquals(SCRIPT.slot(i), slot);
            if (slot >= 0) {
                assertEquals((SCRIPT.bytes(i) + 15) / 16, words.get());
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
        try (ExternalProgram program = program("size")) {
            Path file = directory.resolve("script.bin");
            ExternalProgram.write(SCRIPT, file);
            assertEquals(Files.size(file) + 0.5, program.round());
        }
    }

    @Test
    void failureIsNotTakenForANumber() throws IOException {
        try (ExternalProgram words = program("words");
                ExternalProgram fails = program("fail")) {
            assertThrows(IOException.class, words::round);
            assertThrows(IOException.class, fails::round);
        }
    }

    private static ExternalProgram program(String mode) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = Path.of("target", "test-classes").toString();
        return new ExternalProgram(
                java + " -cp " + classes + " " + Replayer.class.getName() + " " + mode, SCRIPT);
    }
}
