package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Source;
import java.lang.foreign.MemorySegment;

/// Chunks that someone else makes. What is no chunk goes back, but for memory of a chunk that is open: to end that would end live memory.
///
/// @param isShared whether any thread must be able to use a chunk, or only the one that opens it
record ForeignChunks(ChunkSource source, boolean isShared) implements Source {
    /// What is opened goes back if the heap has no room for what is to be known of it.
    @Override
    public Opened open(long byteSize, long byteAlignment, Taken isTaken) {
        MemorySegment segment = source.open(byteSize, byteAlignment);
        if (segment == null) {
            throw new IllegalArgumentException("the ChunkSource opened no chunk: it returned null for a request of " + byteSize
                    + " bytes; one that has no memory should throw an OutOfMemoryError");
        }
        if (segment.isNative() && isTaken.test(segment.address(), Math.clamp(segment.byteSize(), 1, byteSize))) {
            throw new IllegalArgumentException(segment + " is no chunk: it overlaps one that has not been closed yet, and is left as it is");
        }
        Throwable refusal;
        try {
            String wrong = whatIsWrongWith(segment, byteSize, byteAlignment);
            if (wrong == null) {
                return new Opened(segment.asSlice(0, byteSize), () -> source.close(segment));
            }
            refusal = new IllegalArgumentException(segment + " is no chunk: " + wrong);
        } catch (RuntimeException | Error failure) {
            refusal = failure;
        }
        try {
            source.close(segment);
        } catch (Throwable failure) {
            refusal.addSuppressed(failure);
        }
        throw ForeignChunks.<RuntimeException>unchecked(refusal);
    }

    /// Returns null if it is a chunk.
    private String whatIsWrongWith(MemorySegment segment, long byteSize, long byteAlignment) {
        if (!segment.scope().isAlive() || !segment.isNative() || segment.isReadOnly() || segment.byteSize() < byteSize
                || (segment.address() & byteAlignment - 1) != 0) {
            return "it must be alive, native, not read-only, of " + byteSize + " bytes or more, at a multiple of " + byteAlignment;
        }
        if (!segment.isAccessibleBy(user())) {
            return isShared ? "any thread must be able to access it, as the arena is shared; take an Arena.ofShared()"
                    : "this thread can't access it: it belongs to another one";
        }
        return null;
    }

    /// It is a RuntimeException or an Error.
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> E unchecked(Throwable failure) throws E {
        throw (E) failure;
    }

    /// A thread that must be able to use a chunk. One that has never started is the owner of no memory.
    private Thread user() {
        return isShared ? Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(() -> {}) : Thread.currentThread();
    }
}
