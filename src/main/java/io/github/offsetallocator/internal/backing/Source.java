package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// Where chunks come from.
@FunctionalInterface
public interface Source {
    /// No mapping starts elsewhere than at a multiple of this.
    long SMALLEST_PAGE = 4096;

    /// A segment, and what ends it. Running that a second time after it has failed goes on with what is left to do.
    ///
    /// @param use held by who writes it to its file, so that it does not end meanwhile: the JDK would interrupt that thread
    record Opened(MemorySegment segment, Runnable close, ReadWriteLock use) {
        public Opened(MemorySegment segment, Runnable close) {
            this(segment, close, new ReentrantReadWriteLock());
        }

        /// Writes it to its file, unless it has ended.
        void force() {
            use.readLock().lock();
            try {
                if (segment.scope().isAlive()) {
                    segment.force();
                }
            } finally {
                use.readLock().unlock();
            }
        }

        /// Ends it.
        ///
        /// @param waits whether to wait for a disk that it is being written to
        /// @throws IllegalStateException if not, and it is
        public void end(boolean waits) {
            Lock alone = use.writeLock();
            if (waits) {
                alone.lock();
            } else if (!alone.tryLock()) {
                throw new IllegalStateException("it is being written to its file");
            }
            try {
                close.run();
            } finally {
                alone.unlock();
            }
        }

        /// Whether native memory shares bytes with it. Creates no object.
        public boolean overlaps(long address, long byteSize) {
            return address < segment.address() + segment.byteSize() && segment.address() < address + byteSize;
        }
    }

    /// Whether native memory is, in part, that of a chunk which has not ended yet. Creates no object, so that it can be told when there is
    /// no room for one.
    @FunctionalInterface
    interface Taken {
        boolean test(long address, long byteSize);
    }

    Opened open(long byteSize, long byteAlignment, Taken isTaken);

    /// Native memory, each chunk by itself.
    static Source ofNative(boolean shared) {
        return (byteSize, byteAlignment, _) -> {
            Arena arena = Backing.newArena(shared);
            try {
                return new Opened(arena.allocate(byteSize, byteAlignment), () -> {
                    if (arena.scope().isAlive()) { // or an error has struck after an earlier try
                        arena.close();
                    }
                });
            } catch (Throwable failure) {
                arena.close();
                throw failure;
            }
        };
    }

    /// A file for each chunk, which is deleted when the chunk ends. Wherever the system maps it, a chunk that is aligned by address is a
    /// part of it.
    static Source inDirectory(Path directory, boolean shared, boolean reserve, boolean byAddress) {
        return (byteSize, byteAlignment, _) -> {
            long alignment = byAddress ? Math.max(SMALLEST_PAGE, byteAlignment) : SMALLEST_PAGE;
            Path file = newFile(directory);
            MappedFile mapped = null;
            try {
                mapped = MappedFile.of(file, byteSize + alignment - SMALLEST_PAGE, shared, reserve);
                MemorySegment whole = mapped.segment();
                return openedOf(mapped, whole.asSlice(-whole.address() & alignment - 1, byteSize), file);
            } catch (Throwable failure) {
                if (mapped != null) {
                    mapped.close();
                }
                delete(file);
                throw failure;
            }
        };
    }

    private static Opened openedOf(MappedFile mapped, MemorySegment chunk, Path file) {
        return new Opened(chunk, () -> {
            mapped.close();
            delete(file);
        });
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
