package io.github.offsetallocator.internal.backing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The memory that an arena divides, and how it ends.
public abstract sealed class Backing permits Backing.Native, Backing.Borrowed, MappedFile, DurableFile {
    private final MemorySegment segment;

    Backing(MemorySegment segment) {
        this.segment = segment;
    }

    public final MemorySegment segment() {
        return segment;
    }

    /// Ends the memory if it is the arena's own. If that fails, nothing has changed.
    public void close() {}

    /// Writes to the file what was changed in memory.
    ///
    /// @throws IllegalStateException if there is no file
    public void force() {
        throw new IllegalStateException("only an arena over a file that it has mapped itself can be forced");
    }

    /// The handle that was set last, or 0.
    ///
    /// @throws IllegalStateException if there is no place for one
    public long root() {
        throw new IllegalStateException("only a durable arena has a root");
    }

    /// As [#root()].
    public void setRoot(long root) {
        throw new IllegalStateException("only a durable arena has a root");
    }

    public static Backing ofNative(long byteSize, long byteAlignment, boolean shared) {
        Arena arena = newArena(shared);
        try {
            return new Native(arena.allocate(byteSize, byteAlignment), arena);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    public static Backing borrowed(MemorySegment segment) {
        return new Borrowed(segment);
    }

    static Arena newArena(boolean shared) {
        return shared ? Arena.ofShared() : Arena.ofConfined();
    }

    /// Native memory of the arena's own.
    static final class Native extends Backing {
        private final Arena arena;

        Native(MemorySegment segment, Arena arena) {
            super(segment);
            this.arena = arena;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /// Memory that someone else owns.
    static final class Borrowed extends Backing {
        Borrowed(MemorySegment segment) {
            super(segment);
        }
    }
}
