package io.github.offsetallocator.examples.vulkan;

import static org.lwjgl.vulkan.VK12.*;

import io.github.offsetallocator.SegmentArena;
import java.util.ArrayDeque;
import java.util.Queue;

/// The way back: copies ranges of device memory into mapped memory and, when the device is done with the batch, compares
/// every byte with its [Pattern].
final class Readback implements AutoCloseable {
    private record Pending(long slice, long seed) {}

    private final CommandQueue queue;
    private final MappedBuffer buffer;
    private final SegmentArena arena;
    private final Queue<Pending> pending = new ArrayDeque<>();
    private long comparedBytes;
    private int comparedRanges;

    Readback(VulkanDevice device, CommandQueue queue, long byteSize, boolean alwaysInvalidate) {
        this.queue = queue;
        buffer = new MappedBuffer(device, byteSize, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                VK_MEMORY_PROPERTY_HOST_CACHED_BIT, alwaysInvalidate);
        arena = buffer.arena();
    }

    /// Records the copy of a range that is to hold the pattern of `seed`.
    void read(long source, long offset, long byteSize, long seed) {
        long slice = arena.tryAllocate(byteSize, 1);
        if (slice == SegmentArena.NO_SPACE) {
            compareAll();
            slice = arena.tryAllocate(byteSize, 1);
        }
        if (slice == SegmentArena.NO_SPACE) {
            throw new IllegalStateException(byteSize + " bytes don't fit into " + arena.byteSize());
        }
        queue.copy(source, offset, buffer.handle(), arena.offset(slice), byteSize);
        pending.add(new Pending(slice, seed));
    }

    /// Submits, waits, and compares all that was read.
    ///
    /// @throws IllegalStateException if a byte is not what it should be
    void compareAll() {
        queue.await(queue.submit());
        pending.forEach(range -> buffer.add(range.slice));
        buffer.invalidate();
        while (!pending.isEmpty()) {
            compare(pending.remove());
        }
    }

    private void compare(Pending range) {
        long byteSize = arena.size(range.slice);
        long mismatch = Pattern.mismatch(arena.backing(), arena.offset(range.slice), byteSize, range.seed);
        if (mismatch >= 0) {
            throw new IllegalStateException("range of seed " + range.seed + ", " + byteSize
                    + " bytes, differs at byte " + mismatch);
        }
        arena.free(range.slice);
        comparedBytes += byteSize;
        comparedRanges++;
    }

    /// How many bytes were compared so far; all of them matched.
    long comparedBytes() {
        return comparedBytes;
    }

    /// How many ranges were compared so far; all of them matched.
    int comparedRanges() {
        return comparedRanges;
    }

    @Override
    public void close() {
        buffer.close();
    }
}
