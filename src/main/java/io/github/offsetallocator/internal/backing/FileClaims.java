package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Which files arenas of this process have open. It is asked before a file is opened: to open and close it once more
/// would take the lock off it that keeps other processes out, as POSIX has it.
final class FileClaims {
    private static final Map<Object, String> OWNERS = new ConcurrentHashMap<>();

    private FileClaims() {}

    /// What names a file, by whatever path.
    private static Object key(Path path) throws IOException {
        Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return key == null ? path.toRealPath() : key;
    }

    /// Claims a file that exists.
    ///
    /// @return what to release
    static Object claim(Path path) throws IOException {
        Object key = key(path);
        String owner = OWNERS.putIfAbsent(key, "opened by thread " + Thread.currentThread().getName() + " at " + Instant.now());
        if (owner != null) {
            throw new IOException("another arena of this process has it, " + owner);
        }
        return key;
    }

    static void release(Object key) {
        OWNERS.remove(key);
    }

    /// A file that was opened for one arena, and made for it if `isNew`.
    record Opened(FileChannel channel, Object claim, boolean isNew) {
        /// Undoes the opening.
        void undo(Path path) throws IOException {
            release(claim);
            channel.close();
            if (isNew) {
                Files.deleteIfExists(path);
            }
        }
    }

    /// Opens a file that no other arena of this process has, or makes it.
    static synchronized Opened open(Path path) throws IOException {
        if (!Files.exists(path)) {
            try {
                FileChannel made = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
                return claimNew(path, made);
            } catch (FileAlreadyExistsException e) {
                // another process was first: the lock decides
            }
        }
        Object claim = claim(path);
        try {
            return new Opened(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE), claim, false);
        } catch (Throwable failure) {
            release(claim);
            throw failure;
        }
    }

    private static Opened claimNew(Path path, FileChannel made) throws IOException {
        try {
            return new Opened(made, claim(path), true);
        } catch (Throwable failure) {
            made.close();
            Files.deleteIfExists(path);
            throw failure;
        }
    }
}
