package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where chunks come from.
@FunctionalInterface
public interface Source {
    /// A segment, and what ends it. Running that a second time after it has failed goes on with what is left to do.
    record Opened(MemorySegment segment, Runnable close) {}

    Opened open(long byteSize, long byteAlignment);

    /// Native memory, each chunk by itself.
    static Source ofNative(boolean shared) {
        return (byteSize, byteAlignment) -> {
            Arena arena = Backing.newArena(shared);
            try {
                return new Opened(arena.allocate(byteSize, byteAlignment), arena::close);
            } catch (Throwable failure) {
                arena.close();
                throw failure;
            }
        };
    }

    /// A file for each chunk, which is deleted when the chunk ends.
    static Source inDirectory(Path directory, boolean shared, boolean reserve) {
        return (byteSize, byteAlignment) -> {
            Path file = newFile(directory);
            try {
                MappedFile mapped = MappedFile.of(file, byteSize, shared, reserve);
                return new Opened(mapped.segment(), () -> {
                    mapped.close();
                    delete(file);
                });
            } catch (Throwable failure) {
                delete(file);
                throw failure;
            }
        };
    }

    private static Path newFile(Path directory) {
        try {
            return Files.createTempFile(directory, "chunk", null);
        } catch (IOException e) {
            throw new UncheckedIOException("can't make a file in " + directory + ": " + e, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("can't delete " + file + ": " + e, e);
        }
    }
}
