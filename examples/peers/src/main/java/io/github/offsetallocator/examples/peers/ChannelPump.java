package io.github.offsetallocator.examples.peers;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// Copies from one channel to another, through a buffer that is a slice of an arena.
///
/// The view of a slice of native memory is a direct buffer: the system reads and writes the slice itself. While it does, the arena can't be
/// closed. Which arenas the kinds of channels take is in `docs/peers.md`.
///
/// **Threads.** As the arena.
public final class ChannelPump {
    private static final long ALIGNMENT = 64;

    private ChannelPump() {}

    /// Copies all that comes, until its end.
    ///
    /// @param arena    where the buffer lies; it is freed at the end
    /// @param byteSize of the buffer, at least 1
    /// @return how many bytes that were
    /// @throws IllegalArgumentException if the buffer would have no bytes: a channel reads none into it, for ever
    /// @throws IOException if a channel fails
    public static long copy(ReadableByteChannel from, WritableByteChannel to, SegmentArena arena, int byteSize) throws IOException {
        if (byteSize < 1) {
            throw new IllegalArgumentException("byteSize " + byteSize + ": a buffer must have a byte at least");
        }
        MemorySegment slice = arena.allocate(byteSize, ALIGNMENT);
        try {
            ByteBuffer buffer = slice.asByteBuffer();
            long copied = 0;
            while (from.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    copied += to.write(buffer);
                }
                buffer.clear();
            }
            return copied;
        } finally {
            arena.free(slice);
        }
    }
}
