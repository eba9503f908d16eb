package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Which files durable arenas of this process have open. It is asked before a file is opened: to open and close it once more
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

    /// Refuses a file that is claimed.
    static void checkFree(Path path) throws IOException {
        if (!OWNERS.isEmpty() && Files.exists(path)) {
            String owner = OWNERS.get(key(path));
            if (owner != null) {
                throw new IOException("a durable arena of this process has it, " + owner);
            }
        }
    }
}
