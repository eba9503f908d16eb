package io.github.offsetallocator.jmh;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;

/// The subjects of this project.
final class OwnSubjects {
    private OwnSubjects() {}

    /// [OffsetAllocator], which divides a range and has no memory behind it.
    static final class Offsets extends Subject {
        private final OffsetAllocator allocator;
        private final long[] handles;

        Offsets(int slots, OffsetAllocator allocator) {
            this.allocator = allocator;
            handles = new long[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            long handle = allocator.allocate(granules(bytes));
            if (handle == OffsetAllocator.NO_SPACE) {
                throw refused(bytes);
            }
            handles[slot] = handle;
        }

        @Override
        void free(int slot) {
            allocator.free(handles[slot]);
        }

        @Override
        long offset(int slot) {
            return allocator.offset(handles[slot]);
        }

        @Override
        public void close() {
            allocator.close();
        }
    }

    /// [HeapTwin], as [Offsets].
    static final class Twin extends Subject {
        private final HeapTwin allocator;
        private final long[] handles;

        Twin(int slots, long capacity) {
            allocator = new HeapTwin(capacity);
            handles = new long[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            long handle = allocator.allocate(granules(bytes));
            if (handle == HeapTwin.NO_SPACE) {
                throw refused(bytes);
            }
            handles[slot] = handle;
        }

        @Override
        void free(int slot) {
            allocator.free(handles[slot]);
        }

        @Override
        long offset(int slot) {
            return allocator.offset(handles[slot]);
        }

        @Override
        public void close() {}
    }

    /// [SegmentArena] by handle.
    static final class Handles extends Subject {
        private final SegmentArena arena;
        private final long[] handles;

        Handles(int slots, SegmentArena arena) {
            this.arena = arena;
            handles = new long[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            long handle = arena.tryAllocate(bytes, 16);
            if (handle == SegmentArena.NO_SPACE) {
                throw refused(bytes);
            }
            handles[slot] = handle;
        }

        @Override
        void free(int slot) {
            arena.free(handles[slot]);
        }

        @Override
        long offset(int slot) {
            return arena.offset(handles[slot]) >> 4;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /// [SegmentArena] by segment.
    static final class Segments extends Subject {
        private final SegmentArena arena;
        private final MemorySegment[] segments;

        Segments(int slots, SegmentArena arena) {
            this.arena = arena;
            segments = new MemorySegment[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            segments[slot] = arena.allocate(bytes, 16);
        }

        @Override
        void free(int slot) {
            arena.free(segments[slot]);
        }

        @Override
        long offset(int slot) {
            return arena.offset(arena.allocationOf(segments[slot])) >> 4;
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
