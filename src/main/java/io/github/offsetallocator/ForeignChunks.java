package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Source;
import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;

/// Chunks that someone else makes. What is no chunk goes back, but for memory of a chunk that is open: to end that would end live memory.
///
/// @param isShared whether any thread must be able to use a chunk, or only the one that opens it
record ForeignChunks(ChunkSource source, boolean isShared) implements Source {
    @Override
    public Opened open(long byteSize, long byteAlignment, Predicate<MemorySegment> isTaken) {
        MemorySegment segment = source.open(byteSize, byteAlignment);
        if (segment == null) {
            throw new IllegalArgumentException("the ChunkSource opened no chunk: it returned null for a request of " + byteSize
                    + " bytes; one that has no memory should throw an OutOfMemoryError");
        }
        if (segment.isNative() && isTaken.test(segment.asSlice(0, Math.min(byteSize, segment.byteSize())))) {
            throw new IllegalArgumentException(segment + " is no chunk: it overlaps one that has not been closed yet, and is left as it is");
        }
        if (!segment.scope().isAlive() || !segment.isNative() || segment.isReadOnly() || segment.byteSize() < byteSize
                || (segment.address() & byteAlignment - 1) != 0) {
            throw refused(segment, "it must be alive, native, not read-only, of " + byteSize + " bytes or more, at a multiple of " + byteAlignment);
        }
        if (!segment.isAccessibleBy(user())) {
            throw refused(segment, isShared ? "any thread must be able to access it, as the arena is shared; take an Arena.ofShared()"
                    : "this thread can't access it: it belongs to another one");
        }
        return new Opened(segment.asSlice(0, byteSize), () -> source.close(segment));
    }

    /// A thread that must be able to use a chunk. One that has never started is the owner of no memory.
    private Thread user() {
        return isShared ? Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(() -> {}) : Thread.currentThread();
    }

    private IllegalArgumentException refused(MemorySegment segment, String reason) {
        IllegalArgumentException wrong = new IllegalArgumentException(segment + " is no chunk: " + reason);
        try {
            source.close(segment);
        } catch (Throwable failure) {
            wrong.addSuppressed(failure);
        }
        return wrong;
    }
}
