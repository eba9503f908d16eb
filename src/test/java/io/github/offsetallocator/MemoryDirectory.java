package io.github.offsetallocator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/// Temporary directories in memory, if there is a place for that: where a test is not about disks, each close of a file would wait for one.
public final class MemoryDirectory implements TempDirFactory {
    private static final long ROOM = 1L << 30;

    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) {
        return create("junit");
    }

    /// Makes one.
    ///
    /// @param prefix of its name
    public static Path create(String prefix) {
        Path memory = Path.of("/dev/shm");
        boolean isFast = Files.isWritable(memory) && memory.toFile().getUsableSpace() > ROOM;
        try {
            return isFast ? Files.createTempDirectory(memory, prefix) : Files.createTempDirectory(prefix);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
