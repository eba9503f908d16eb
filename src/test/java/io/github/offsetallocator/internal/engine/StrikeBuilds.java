package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.MemoryDirectory;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.internal.tables.FailingSource;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Builds, each of which is struck once. To be loaded by a [StrikeLoader].
public final class StrikeBuilds implements Consumer<String> {
    /// Calls at the start and at the end of a build each of which is struck. Those in between fill tables.
    private static final int ALL_OF = 120;
    private static final int SOME_OF = 97;

    private Path file;

    /// Builds what has one of the names here.
    @Override
    public void accept(String what) {
        try (FailingSource source = new FailingSource()) {
            Path directory = MemoryDirectory.create("strike");
            file = directory.resolve("file");
            build(what).run(); // loads classes
            int calls = Strike.callsOf(build(what));
            assertTrue(calls > 10, () -> what + ": only " + calls + " calls");
            for (int n = 1; n <= calls; n += n > ALL_OF && n < calls - ALL_OF ? SOME_OF : 1) {
                strike(what, n, source);
            }
            build(what).run(); // nobody has the file
            for (File left : directory.toFile().listFiles()) {
                Files.delete(left.toPath());
            }
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void strike(String what, int n, FailingSource source) throws IOException {
        String when = what + " was struck at call " + n;
        if (!what.equals("durableAgain")) {
            Files.deleteIfExists(file);
        }
        boolean struck = Strike.strikes(n, build(what));
        assertEquals(0, source.openArenas(), () -> when + ": native memory of tables is left");
        assertEquals(0, Strike.openArenas(), () -> when + ": memory is left");
        if (struck && !what.equals("durableAgain") && Files.exists(file)) { // it wasn't locked yet
            assertTrue(Files.size(file) <= Long.BYTES, () -> when + ": the file is left");
            build(what).run();
        }
    }

    /// Its close is not struck: strikes end with the build.
    private Runnable build(String what) {
        return switch (what) {
            case "allocator" -> () -> end(OffsetAllocator.builder(1 << 14).build());
            case "native" -> () -> end(SegmentArena.builder().nativeMemory(1 << 14).build());
            case "nativeShared" -> () -> end(SegmentArena.builder().nativeMemory(1 << 14).shared().build());
            case "checked" -> () -> end(SegmentArena.builder().nativeMemory(1 << 14).fit(Fit.REFERENCE).checked().build());
            case "growable" -> () -> end(SegmentArena.builder().growable(1 << 12, 1 << 16).shared().build());
            case "mapped" -> () -> end(SegmentArena.builder().mapped(file, 1 << 14).fit(Fit.REFERENCE).build());
            case "durable", "durableAgain" -> () -> end(SegmentArena.builder().durable(file, 1 << 14).fit(Fit.REFERENCE).build());
            default -> throw new IllegalArgumentException(what);
        };
    }

    private static void end(AutoCloseable built) {
        Strike.calm();
        try {
            built.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
