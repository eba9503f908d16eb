package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file that the arena maps. It is locked while it is mapped; its channel stays open for that. What an attempt that
/// fails has made or made longer, it takes back.
public final class MappedFile extends Backing {
    private static final int BLOCK = 1 << 16;

    private final Arena arena;
    private final FileClaims.Opened file;

    private MappedFile(MemorySegment segment, Arena arena, FileClaims.Opened file) {
        super(segment);
        this.arena = arena;
        this.file = file;
    }

    /// @param reserve whether the disk must have room for the whole file now
    /// @throws UncheckedIOException that names the path and the reason
    public static MappedFile of(Path path, long byteSize, boolean shared, boolean reserve) {
        try {
            return Uninterrupted.call(() -> {
                FileClaims.Opened file = FileClaims.open(path, MappedFile::make, LockedFile::owner);
                try {
                    return map(file, byteSize, shared, reserve);
                } catch (Throwable failure) {
                    file.undo();
                    throw failure;
                }
            });
        } catch (IOException | UnsupportedOperationException e) {
            throw new UncheckedIOException("can't map " + byteSize + " bytes of " + path + ": " + e, e instanceof IOException io ? io : new IOException(e));
        }
    }

    private static boolean make(Path path) throws IOException {
        try {
            Files.createFile(path);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private static MappedFile map(FileClaims.Opened file, long byteSize, boolean shared, boolean reserve) throws IOException {
        FileChannel channel = file.channel();
        if (LockedFile.isDurable(channel)) {
            throw new IOException("it is the file of a durable arena, which would be lost: open it with durable(path, byteSize), or delete it first");
        }
        Arena arena = newArena(shared);
        try {
            if (reserve) {
                DiskRoom.check(file.place(), byteSize - channel.size());
                Uninterrupted.apart(() -> reserve(channel, byteSize));
            }
            return new MappedFile(channel.map(FileChannel.MapMode.READ_WRITE, 0, byteSize, arena), arena, file);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    /// Writes each block of the file once, with what it has, so that the file system must find a place for it.
    private static Void reserve(FileChannel channel, long byteSize) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (long at = 0; at < byteSize; at += BLOCK) {
            int length = (int) Math.min(BLOCK, byteSize - at);
            block.clear().limit(length);
            while (block.hasRemaining() && channel.read(block, at + block.position()) > 0) {
                continue;
            }
            while (block.hasRemaining()) {
                block.put((byte) 0);
            }
            block.flip();
            while (block.hasRemaining()) {
                channel.write(block, at + block.position());
            }
        }
        return null;
    }

    @Override
    public void force() {
        segment().force();
    }

    @Override
    public void undo() {
        end();
        try {
            Uninterrupted.apart(() -> {
                file.undo();
                return null;
            });
        } catch (IOException e) {
            throw new UncheckedIOException("can't let the file of " + segment() + " be as it was", e);
        }
    }

    @Override
    public void end() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public void finish() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("can't close the file of " + segment(), e);
        }
    }
}
