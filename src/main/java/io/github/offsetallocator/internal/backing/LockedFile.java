package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/// The file of a durable arena, locked: one that was there, or an unfinished one that is to be made.
///
/// @param file  for plain I/O: a channel is closed when an interrupted thread uses it
/// @param isNew whether it is unfinished
record LockedFile(FileClaims.Opened claimed, RandomAccessFile file, boolean isNew) {
    static LockedFile of(Path path) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new IOException(Files.isDirectory(path) ? "it is a directory" : "it is no regular file");
        }
        FileClaims.Opened claimed = FileClaims.open(path, LockedFile::begin, LockedFile::owner);
        try {
            boolean isNew = isUnfinished(claimed.channel());
            return new LockedFile(claimed, new RandomAccessFile(claimed.place().toFile(), "rw"), isNew);
        } catch (Throwable failure) {
            claimed.undo();
            throw failure;
        }
    }

    /// Puts an unfinished file at a path where none is, as a whole: it is written under a name that nobody knows, closed, and linked, which
    /// never replaces a file. To be killed in here leaves a name too many at worst. Where there are no links, it is written in its place.
    private static boolean begin(Path path) throws IOException {
        Path unknown = path.resolveSibling("offset-allocator-" + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".new");
        try {
            write(unknown);
            try {
                Files.createLink(path, unknown);
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (UnsupportedOperationException | FileSystemException noLinks) {
                write(path);
            }
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } finally {
            Files.deleteIfExists(unknown);
        }
    }

    private static void write(Path path) throws IOException {
        Files.write(path, FilePlan.unfinished(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
    }

    private static boolean isUnfinished(FileChannel channel) throws IOException {
        return Arrays.equals(read(channel, FilePlan.MARK), FilePlan.unfinished());
    }

    /// The first bytes, or fewer if there are fewer.
    private static byte[] read(FileChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {
            continue;
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private static String owner(FileChannel channel) throws IOException {
        byte[] bytes = read(channel, 2 * FilePlan.PAGE);
        if (bytes.length < 2 * FilePlan.PAGE || isUnfinished(channel)) {
            return "one that is making it";
        }
        return new StatePage(words(bytes).asSlice(FilePlan.PAGE)).owner();
    }

    /// The same bytes where words can be read from.
    static MemorySegment words(byte[] bytes) {
        return MemorySegment.ofArray(MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_LONG_UNALIGNED));
    }

    Path place() {
        return claimed.place();
    }

    void close() throws IOException {
        try {
            file.close();
        } finally {
            claimed.close();
        }
    }

    /// Closes it; a new one goes.
    void undo() throws IOException {
        boolean isDone = !isNew || claimed.delete();
        close();
        if (!isDone) {
            Files.deleteIfExists(claimed.place());
        }
    }
}
