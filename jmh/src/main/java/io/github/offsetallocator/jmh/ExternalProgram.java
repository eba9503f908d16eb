package io.github.offsetallocator.jmh;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A program outside this project that replays the same work, for instance an allocator in another language. For each
/// round it is started as `COMMAND FILE`, and prints one number: the median of its replays in nanoseconds per operation.
/// It should warm up first and then replay for about a second.
///
/// The file holds unsigned 32-bit numbers, little-endian:
///
/// ```
///  0x4353414F  "OASC"        slot, granules        allocate so many granules of 16 bytes into an empty slot
///  1           version       slot | 0x80000000     free what is in the slot
///  operations                ...
///  slots
///  pool, in granules         nothing is live at the end
/// ```
final class ExternalProgram implements Contestant {
    static final int MAGIC = 0x4353414F;
    static final int VERSION = 1;

    private final List<String> command;
    private final Path file;

    /// @param command a program and its first arguments, separated by blanks
    ExternalProgram(String command, Script script) throws IOException {
        file = Files.createTempFile("script", ".bin");
        write(script, file);
        this.command = new ArrayList<>(Arrays.asList(command.strip().split("\\s+")));
        this.command.add(file.toString());
    }

    static void write(Script script, Path file) throws IOException {
        try (OutputStream stream = Files.newOutputStream(file);
                DataOutputStream words = new DataOutputStream(new BufferedOutputStream(stream))) {
            put(words, MAGIC);
            put(words, VERSION);
            put(words, script.operations());
            put(words, script.slotCount());
            put(words, Math.toIntExact(script.pool() >> 4));
            for (int i = 0; i < script.operations(); i++) {
                put(words, script.slot(i));
                if (script.slot(i) >= 0) {
                    put(words, (int) Subject.granules(script.bytes(i)));
                }
            }
        }
    }

    private static void put(DataOutputStream words, int word) throws IOException {
        words.writeInt(Integer.reverseBytes(word));
    }

    @Override
    public double round() throws IOException, InterruptedException {
        String output = Jvm.output(new ProcessBuilder(command));
        try {
            return Double.parseDouble(output);
        } catch (NumberFormatException e) {
            throw new IOException(String.join(" ", command) + " printed no number but: " + output, e);
        }
    }

    @Override
    public void close() throws IOException {
        Files.delete(file);
    }
}
