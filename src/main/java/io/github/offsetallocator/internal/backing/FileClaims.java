package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// How an arena gets a file to itself, and which files arenas of this process have.
///
/// ```
///   absent -> made  |
///   there           |-> claimed -> opened -> locked -> still what its path names? -> the arena's
///                                  closed  -> claim given back
/// ```
///
/// The claim, which is of this process, comes before a file is opened and goes after it is closed: POSIX takes a lock away when its
/// process closes any channel of that file. The lock keeps other processes out. Whoever deletes a file does so while it has
/// the lock, so one that is locked and what its path names stays so.
final class FileClaims {
    private static final Map<Object, Claim> CLAIMS = new ConcurrentHashMap<>();
    /// So many times in a row can a file go while it is being opened.
    private static final int PATIENCE = 100;
    /// The byte that is locked. No file is so long: where a lock keeps everyone from reading, it keeps no one from reading who has it.
    private static final long LOCKED = Long.MAX_VALUE - 1;

    private FileClaims() {}

    /// That of one arena to one file.
    private static final class Claim {
        final Object key;
        final String owner = "opened by thread " + Thread.currentThread().getName() + " at " + Instant.now();

        Claim(Object key) {
            this.key = key;
        }
    }

    /// What puts a file at a path where none is.
    interface Making {
        /// @return false if one has come there meanwhile; that one stays
        boolean at(Path path) throws IOException;
    }

    /// What says who has a file that another process has locked.
    interface Owner {
        String of(FileChannel channel) throws IOException;
    }

    /// A file that one arena has.
    ///
    /// @param place  what it is called, without links
    /// @param isNew  whether it was made for this arena
    /// @param length bytes that it had
    record Opened(Path place, FileChannel channel, Claim claim, boolean isNew, long length) {
        void close() throws IOException {
            end(channel, claim);
        }

        /// Deletes it before others can have it. Says no if this system deletes no file that is open.
        boolean delete() {
            try {
                if (key(place).equals(claim.key)) { // or someone who asks for no lock has replaced it
                    Files.delete(place);
                }
                return true;
            } catch (NoSuchFileException e) {
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        /// Lets the file be as it was: absent, or as long. It is not mapped.
        void undo() throws IOException {
            undo(isNew);
        }

        /// As [#undo()], of a file that goes or stays. If an interrupt has closed the channel, and so ended the lock, somebody else may have
        /// the file: then it is left alone.
        void undo(boolean goes) throws IOException {
            boolean isDone = !goes || !channel.isOpen() || delete();
            try {
                if (!goes && channel.isOpen() && channel.size() > length) {
                    channel.truncate(length);
                }
            } finally {
                close();
            }
            if (!isDone) {
                Files.deleteIfExists(place);
            }
        }
    }

    /// Opens a file that no other arena has, or makes it.
    ///
    /// @throws IOException that says who has it
    static synchronized Opened open(Path path, Making making, Owner owner) throws IOException {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new IOException("it is in a file system of the kind " + path.getFileSystem().provider().getScheme() + ", whose files can't be mapped");
        }
        for (int attempt = 1;; attempt++) {
            boolean isThere = Files.exists(path);
            if (!isThere && Files.isSymbolicLink(path)) {
                throw new IOException("it is a link to a file that is not there");
            }
            boolean isNew = !isThere && making.at(path);
            try {
                return openThere(path.toRealPath(), isNew, owner);
            } catch (NoSuchFileException e) { // who had it has deleted it meanwhile
                if (attempt == PATIENCE) {
                    throw e;
                }
            }
        }
    }

    private static Opened openThere(Path place, boolean isNew, Owner owner) throws IOException {
        Claim claim = claim(place);
        FileChannel channel = null;
        Opened opened = null;
        try {
            channel = FileChannel.open(place, StandardOpenOption.READ, StandardOpenOption.WRITE);
            lock(channel, owner);
            opened = new Opened(place, channel, claim, isNew, channel.size());
            if (!key(place).equals(claim.key)) {
                throw new NoSuchFileException(place.toString());
            }
            return opened;
        } catch (Throwable failure) {
            if (opened == null) { // without the lock it is not known to be nobody else's
                end(channel, claim);
            } else {
                opened.undo();
            }
            throw failure;
        }
    }

    private static Claim claim(Path place) throws IOException {
        Claim claim = new Claim(key(place));
        Claim other = CLAIMS.putIfAbsent(claim.key, claim);
        if (other != null) {
            throw new IOException("another arena of this process has it, " + other.owner);
        }
        return claim;
    }

    /// What names a file, by whatever path.
    private static Object key(Path place) throws IOException {
        Object key = Files.readAttributes(place, BasicFileAttributes.class).fileKey();
        return key == null ? place : key;
    }

    private static void lock(FileChannel channel, Owner owner) throws IOException {
        try {
            if (channel.tryLock(LOCKED, 1, false) == null) {
                throw new IOException("another process has it: " + owner.of(channel) + "; see to it that this one ends, or closes it");
            }
        } catch (OverlappingFileLockException e) {
            throw new IOException("another part of this process has locked it", e);
        }
    }

    private static void end(FileChannel channel, Claim claim) throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            CLAIMS.remove(claim.key, claim); // once, though a close that failed is tried again
        }
    }
}
