package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/// Asks a disk for room before it is written to. What has filled a hole can't be taken back: Java has no call that makes one.
final class DiskRoom {
    private DiskRoom() {}

    /// @param file     a file on that disk
    /// @param byteSize bytes that it must have room for
    /// @throws IOException if it has not
    static void check(Path file, long byteSize) throws IOException {
        long free = free(file);
        if (free < byteSize) {
            throw new IOException("No space left on device: it takes " + byteSize + " bytes, and there are " + free);
        }
    }

    /// As far as one can know: a file that has no name any more can't be asked, and is written to.
    private static long free(Path file) {
        try {
            FileStore disk = Files.getFileStore(file);
            return disk.getUsableSpace();
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }
}
