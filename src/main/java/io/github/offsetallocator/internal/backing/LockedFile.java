package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/// The file of a durable arena, locked: one that was there, or an unfinished one that is to be made.
///
/// @param isNew whether it is unfinished
record LockedFile(FileClaims.Opened claimed, boolean isNew) {
    static LockedFile of(Path path) throws IOException {
        checkKind(path);
        FileClaims.Opened claimed = FileClaims.open(path, LockedFile::begin, LockedFile::owner);
        try {
            return new LockedFile(claimed, isUnfinished(claimed.channel()));
        } catch (Throwable failure) {
            claimed.undo();
            throw failure;
        }
    }

    private static void checkKind(Path path) throws IOException {
        BasicFileAttributes found;
        try {
            found = Files.readAttributes(path, BasicFileAttributes.class);
        } catch (NoSuchFileException e) { // it is to be made
            return;
        }
        if (!found.isRegularFile()) {
            throw new IOException(found.isDirectory() ? "it is a directory" : "it is no regular file");
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
        Files.write(path, FilePlan.unfinished(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC,
                StandardOpenOption.SPARSE); // which Windows has to be told
    }

    private static boolean isUnfinished(FileChannel channel) throws IOException {
        return Arrays.equals(read(channel, FilePlan.MARK), FilePlan.unfinished());
    }

    /// The first bytes, or fewer if there are fewer.
    static byte[] read(FileChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {
            continue;
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /// Whether a file is a durable arena's.
    static boolean isDurable(FileChannel channel) throws IOException {
        byte[] start = read(channel, FilePlan.MARK);
        return start.length == FilePlan.MARK && FilePlan.isAny(words(start));
    }

    /// Who has a file that another process has locked, for a message. Only that of a durable arena says so itself.
    static String owner(FileChannel channel) throws IOException {
        byte[] bytes = read(channel, 2 * FilePlan.PAGE);
        if (bytes.length == 0 || isUnfinished(channel)) {
            return "one that is making it";
        }
        if (bytes.length < 2 * FilePlan.PAGE || !FilePlan.isFinished(words(bytes))) {
            return "one that may have mapped it";
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

    /// The one that has the lock. There is no other, so what it reads, writes and maps is what is locked.
    FileChannel channel() {
        return claimed.channel();
    }

    void close() throws IOException {
        claimed.close();
    }

    /// Closes it; an unfinished one goes.
    void undo() throws IOException {
        claimed.undo(isNew);
    }
}
