package io.github.offsetallocator.internal.backing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The memory that an arena divides, and how it ends. Places in it are bytes from its start.
public abstract sealed class Backing permits Backing.Native, Backing.Borrowed, MappedFile, DurableFile, ChunkedMemory, CheckedMemory {
    private final MemorySegment segment;
    private final Piece whole;
    private final Object heapBase;
    private final long address;

    Backing(MemorySegment segment) {
        this.segment = segment;
        whole = new Piece(segment, 0);
        heapBase = segment.heapBase().orElse(null);
        address = segment.address();
    }

    /// One that stands before another.
    Backing(Backing behind) {
        segment = behind.segment;
        whole = behind.whole;
        heapBase = behind.heapBase;
        address = behind.address;
    }

    /// All of it.
    public MemorySegment segment() {
        return segment;
    }

    /// Bytes of it that may be used now: all, unless it can be made larger.
    public long byteSize() {
        return segment.byteSize();
    }

    /// This memory, if it can be made larger.
    ///
    /// @throws IllegalStateException if it can't
    public DurableFile resizable() {
        throw new IllegalStateException("only a durable arena can be made larger: what is growable grows by itself, and other memory has one size");
    }

    /// A part of it.
    MemorySegment slice(long place, long byteSize) {
        return segment.asSlice(place, byteSize);
    }

    /// As [#slice], up to the end of the memory at most.
    MemorySegment sliceUpTo(long place, long byteSize) {
        return slice(place, Math.min(byteSize, segment.byteSize() - place));
    }

    /// The slice of the block that a handle named when the caller asked where it lies.
    public MemorySegment sliceOf(long handle, long place, long byteSize) {
        return slice(place, byteSize);
    }

    /// The slice that a block will have if this thread makes it so large; it may be cut short at its end. To be followed by
    /// [#dropNext()], whatever happens.
    public MemorySegment nextSliceOf(long handle, long place, long byteSize) {
        return sliceUpTo(place, byteSize);
    }

    /// Forgets what this thread was about to do.
    public void dropNext() {}

    /// Fills a part of it with zeros.
    public void zero(long place, long byteSize) {
        Piece piece = piece(place);
        Fill.zero(piece.segment, piece.at(place), byteSize);
    }

    /// The segment that a place lies in.
    public Piece piece(long place) {
        return whole;
    }

    /// Whether the memory lives until [#close], or in part until a chunk goes back, whatever others do.
    public boolean isOwn() {
        return true;
    }

    /// The address of a place.
    public long address(long place) {
        return address + place;
    }

    /// The place of an address. If that is none of this memory's, the place is none either: negative, or beyond the end.
    public long place(long at) {
        return at - address;
    }

    /// Whether a segment is memory of the same kind: native, or of the same array.
    public final boolean isKindOf(MemorySegment other) {
        return heapBase == null ? other.isNative() : other.heapBase().orElse(null) == heapBase || isReadOnlyPart(other);
    }

    /// The JDK tells nobody the array of what is read-only. At the ends of a segment, what has no bytes doesn't overlap it, but is equal to an
    /// empty part of it.
    private boolean isReadOnlyPart(MemorySegment other) {
        return other.isReadOnly() && (segment.asOverlappingSlice(other).isPresent()
                || owns(other.address(), 0) && segment.asSlice(other.address() - address, 0).equals(other));
    }

    /// Whether all bytes of a segment lie here.
    public final boolean owns(MemorySegment other) {
        return isKindOf(other) && owns(other.address(), other.byteSize());
    }

    boolean owns(long at, long byteSize) {
        return at >= address && byteSize <= segment.byteSize() && at - address <= segment.byteSize() - byteSize;
    }

    /// Whether the tables of what is live are there: not if they lie in a file that somebody has cut.
    public boolean isWhole() {
        return true;
    }

    /// Ends the memory if it is the arena's own. If that fails with an [IllegalStateException], nothing has changed.
    public void end() {}

    /// Closes the file of memory that has ended, if there is one. To be called again if it has failed; one that could not be closed as it
    /// should is told of once.
    public void finish() {}

    /// Both.
    public final void close() {
        end();
        finish();
    }

    /// As [#close], of memory that no arena came to use: a file is as it was before it was opened.
    public void undo() {
        close();
    }

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
        public void end() {
            if (arena.scope().isAlive()) { // or an error has struck after an earlier try
                arena.close();
            }
        }
    }

    /// Memory that someone else owns.
    static final class Borrowed extends Backing {
        Borrowed(MemorySegment segment) {
            super(segment);
        }

        @Override
        public boolean isOwn() {
            return false;
        }
    }
}
