package io.github.offsetallocator.examples;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// A [SegmentArena] over native memory. A block is a [MemorySegment], and is freed by it.
final class SegmentSubject implements Subject {
    private final SegmentArena arena;
    private final MemorySegment[] segments;

    SegmentSubject(SegmentArena arena, int slotCount) {
        this.arena = arena;
        segments = new MemorySegment[slotCount];
    }

    @Override
    public void replay(Workload work) {
        SegmentArena arena = this.arena;
        MemorySegment[] segments = this.segments;
        int operations = work.operations();
        for (int i = 0; i < operations; i++) {
            int slot = work.slot(i);
            if (slot >= 0) {
                MemorySegment segment = arena.allocate(work.size(i), Workload.ALIGNMENT);
                segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
                segments[slot] = segment;
            } else {
                arena.free(segments[slot & ~Trace.FREE]);
            }
        }
    }

    @Override
    public MemorySegment allocate(int slot, int bytes) {
        segments[slot] = arena.allocate(bytes, Workload.ALIGNMENT);
        return segments[slot];
    }

    @Override
    public void free(int slot) {
        arena.free(segments[slot]);
    }

    @Override
    public Optional<SegmentArena> arena() {
        return Optional.of(arena);
    }

    @Override
    public void close() {
        arena.close();
    }
}
