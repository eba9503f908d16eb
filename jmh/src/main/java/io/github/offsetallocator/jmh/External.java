package io.github.offsetallocator.jmh;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// A program outside this project that replays the same work, for instance an allocator in another language. In each round
/// it is started as `COMMAND FILE`; it warms up, replays, and prints one number: the median of its replays in nanoseconds
/// of CPU time per operation.
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
///
/// @param command a program and its first arguments, separated by blanks
/// @param pool    in multiples of the peak live size
record External(String command, double pool) implements Runner.Contestant {
    static final int MAGIC = 0x4353414F;
    static final int VERSION = 1;

    private List<String> words() {
        return List.of(command.strip().split("\\s+"));
    }

    /// Whether it is a file that can be run, or the name of one on the path.
    boolean isThere() {
        Path program = Path.of(words().getFirst());
        Stream<Path> places = program.getParent() != null
                ? Stream.of(program)
                : Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(directory -> Path.of(directory).resolve(program));
        return places.flatMap(place -> Stream.of(place, Path.of(place + ".exe"))).anyMatch(file -> Files.isRegularFile(file) && Files.isExecutable(file));
    }

    @Override
    public Map<String, double[]> measure(Runner.Case testCase) throws IOException, InterruptedException {
        Path file = Files.createTempFile("script", ".bin");
        try {
            write(Work.valueOf(testCase.arguments().getFirst()).script(), pool, file);
            List<String> words = new ArrayList<>(words());
            words.add(file.toString());
            String output = Fork.output(words);
            try {
                return Map.of(Quick.NANOS, new double[] {Double.parseDouble(output)});
            } catch (NumberFormatException e) {
                throw new IOException(command + " printed no number but: " + output, e);
            }
        } finally {
            Files.delete(file);
        }
    }

    static void write(Script script, double pool, Path file) throws IOException {
        try (DataOutputStream words = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            put(words, MAGIC);
            put(words, VERSION);
            put(words, script.operations());
            put(words, script.slotCount());
            put(words, (int) (script.pool(pool) >> 4));
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
}
