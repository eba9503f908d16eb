package io.github.offsetallocator.examples;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A [SegmentArena] over native memory or over a file that it maps. A block is a `long`: no object is made.
final class HandleSubject implements Subject {
    private final SegmentArena arena;
    private final Runnable whenClosed;
    private final long[] handles;

    private HandleSubject(SegmentArena arena, Runnable whenClosed, int slotCount) {
        this.arena = arena;
        this.whenClosed = whenClosed;
        handles = new long[slotCount];
    }

    static Subject inNativeMemory(Workload work) {
        return new HandleSubject(SegmentArena.ofConfined(work.pool()), () -> {}, work.slotCount());
    }

    /// The file is deleted when the subject is closed.
    static Subject inFile(Path file, Workload work) {
        SegmentArena arena = SegmentArena.builder().mapped(file, work.pool()).build();
        return new HandleSubject(arena, () -> delete(file), work.slotCount());
    }

    @Override
    public void replay(Workload work) {
        SegmentArena arena = this.arena;
        MemorySegment backing = arena.backing();
        long[] handles = this.handles;
        int operations = work.operations();
        for (int i = 0; i < operations; i++) {
            int slot = work.slot(i);
            if (slot >= 0) {
                long handle = arena.tryAllocate(work.size(i), Workload.ALIGNMENT);
                if (handle == SegmentArena.NO_SPACE) {
                    throw Subject.refused(work.size(i));
                }
                backing.set(ValueLayout.JAVA_BYTE, arena.offset(handle), (byte) 1);
                handles[slot] = handle;
            } else {
                arena.free(handles[slot & ~Trace.FREE]);
            }
        }
    }

    @Override
    public MemorySegment allocate(int slot, int bytes) {
        handles[slot] = arena.tryAllocate(bytes, Workload.ALIGNMENT);
        if (handles[slot] == SegmentArena.NO_SPACE) {
            throw Subject.refused(bytes);
        }
        return arena.segment(handles[slot]);
    }

    @Override
    public void free(int slot) {
        arena.free(handles[slot]);
    }

    @Override
    public Optional<SegmentArena> arena() {
        return Optional.of(arena);
    }

    @Override
    public void close() {
        arena.close();
        whenClosed.run();
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException("can't delete " + file, e);
        }
    }
}
