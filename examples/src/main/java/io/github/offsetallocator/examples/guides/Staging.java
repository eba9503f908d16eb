package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;

/// Staging memory for a device that copies later: a slice must not be handed out again before the device has read it. The
/// device here is a counter.
public final class Staging implements AutoCloseable {
    private static final int SLICE = 1000;

    private final SegmentArena arena;
    private long submitted;
    private long completed;

    /// @param mapped memory that the device can read
    public Staging(MemorySegment mapped, long atomSize) {
        arena = SegmentArena.builder().backing(mapped)
                .alignByOffset()                     // the GPU counts from the start
                .granule(Math.max(16, atomSize)).build();
    }

    /// Copies data to where the device will find it.
    ///
    /// @return the offset for the device's copy command
    /// @throws IllegalArgumentException if it is more than there is memory: to wait for the device would not help
    public long stage(MemorySegment data) {
        if (data.byteSize() > arena.byteSize()) {
            throw new IllegalArgumentException(data.byteSize() + " bytes, and there are " + arena.byteSize());
        }
        long slice = arena.tryAllocate(data.byteSize(), 64);
        while (slice == SegmentArena.NO_SPACE) {
            waitForDevice();
            arena.reclaim(completed);                // frees what the device has read
            slice = arena.tryAllocate(data.byteSize(), 64);
        }
        long offset = arena.offset(slice);
        MemorySegment.copy(data, 0, arena.backing(), offset, data.byteSize());
        arena.retire(slice, submitted + 1);          // freed when the counter is there
        return offset;
    }

    /// Hands over what was recorded, as `vkQueueSubmit` does.
    public void submit() {
        submitted++;
    }

    private void waitForDevice() {
        if (completed == submitted) {
            submit();
        }
        completed++;
    }

    @Override
    public void close() {
        arena.close();
    }

    /// Stages a hundred times as much as there is memory.
    public static void main(String[] args) {
        try (Staging staging = new Staging(MemorySegment.ofArray(new long[8 * SLICE]), 64)) {
            MemorySegment data = MemorySegment.ofArray(new byte[SLICE]);
            for (int i = 0; i < 6400; i++) {
                staging.stage(data);
                staging.submit();
            }
            System.out.println(staging.completed + " of " + staging.submitted + " batches are done");
        }
    }
}
