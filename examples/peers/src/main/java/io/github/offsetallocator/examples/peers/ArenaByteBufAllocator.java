package io.github.offsetallocator.examples.peers;

import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.SegmentArena;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.util.internal.CleanableDirectBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Netty's direct buffers, as slices of an arena.
///
/// ```java
/// bootstrap.childOption(ChannelOption.ALLOCATOR, new ArenaByteBufAllocator(arena));
/// ```
///
/// The last `release()` of a buffer frees its slice. A buffer that nobody releases is a leak: Netty's detector samples for those, and the
/// arena's own names the place of each ([SegmentArena.Builder#leakDetection]).
///
/// If there is no room, an [OutOfMemoryError], on which Netty closes the connection that has asked and lives on.
///
/// **Threads.** As the arena, which should be shared: a buffer is released by whoever lets go of it last.
public final class ArenaByteBufAllocator extends AbstractByteBufAllocator {
    private static final long ALIGNMENT = 16;

    private final SegmentArena arena;

    /// @param arena whose memory is native; it must outlive all buffers
    public ArenaByteBufAllocator(SegmentArena arena) {
        super(true);
        this.arena = arena;
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        Slice slice = allocate(initialCapacity);
        try {
            return toLeakAwareBuffer(new ArenaByteBuf(this, slice, maxCapacity));
        } catch (Throwable failure) {
            slice.clean();
            throw failure;
        }
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
    }

    /// True: Netty then copies heap buffers into ours before it writes them to a socket, instead of keeping direct ones for each thread.
    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    private Slice allocate(int capacity) {
        try {
            return sliceOf(arena.allocate(capacity, ALIGNMENT));
        } catch (OutOfSpaceException full) {
            throw (OutOfMemoryError) new OutOfMemoryError("no room for a buffer of " + capacity + " bytes").initCause(full);
        }
    }

    private Slice sliceOf(MemorySegment slice) {
        try {
            return new Slice(arena, slice, slice.asByteBuffer());
        } catch (Throwable failure) {
            arena.free(slice);
            throw failure;
        }
    }

    /// Netty's own buffer over a slice. It takes its first one as someone else's, which it does not free; it asks for others when its
    /// capacity changes, and frees those.
    private static final class ArenaByteBuf extends UnpooledDirectByteBuf {
        private Slice first;

        ArenaByteBuf(ArenaByteBufAllocator allocator, Slice slice, int maxCapacity) {
            super(allocator, slice.buffer(), maxCapacity);
            first = slice;
            clear(); // a buffer that is given counts as written
        }

        @Override
        protected CleanableDirectBuffer allocateDirectBuffer(int capacity) {
            return ((ArenaByteBufAllocator) alloc()).allocate(capacity);
        }

        @Override
        public ByteBuf capacity(int newCapacity) {
            boolean changes = newCapacity != capacity();
            super.capacity(newCapacity);
            if (changes) {
                freeFirst();
            }
            return this;
        }

        @Override
        protected void deallocate() {
            super.deallocate();
            freeFirst();
        }

        private void freeFirst() {
            if (first != null) {
                first.clean();
                first = null;
            }
        }

        @Override
        public boolean hasMemoryAddress() {
            return true;
        }

        @Override
        public long memoryAddress() {
            return first == null ? super.memoryAddress() : first.memoryAddress();
        }
    }

    private record Slice(SegmentArena arena, MemorySegment slice, ByteBuffer buffer) implements CleanableDirectBuffer {
        @Override
        public void clean() {
            arena.free(slice);
        }

        @Override
        public boolean hasMemoryAddress() {
            return true;
        }

        @Override
        public long memoryAddress() {
            return slice.address();
        }
    }
}
