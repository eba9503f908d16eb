package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever a source throws: free slots in slabs make room for a request before it is refused.
class SourceErrorTest {
    @ParameterizedTest
    @ValueSource(classes = {OutOfMemoryError.class, RuntimeException.class, InternalError.class, AssertionError.class, java.io.IOException.class})
    void freeSlotsServeARequestWhoseChunkCanNotBeOpened(Class<? extends Throwable> kind) {
        boolean[] fails = {false};
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                if (fails[0]) {
                    try {
                        SourceErrorTest.<RuntimeException>sneak(kind.getConstructor().newInstance());
                    } catch (ReflectiveOperationException e) {
                        throw new IllegalStateException(e);
                    }
                }
                return Arena.ofAuto().allocate(byteSize, byteAlignment);
            }

            @Override
            public void close(MemorySegment chunk) {}
        };
        try (SegmentArena arena = SegmentArena.builder().growable(source, 256 << 10, 1 << 20).shared().build()) {
            List<Long> small = new ArrayList<>();
            while (arena.byteSize() <= 256 << 10) {
                small.add(arena.tryAllocate(64, 1));
            }
            fails[0] = true;
            // the second chunk is filled, then half of all slots are free
            for (long next; (next = tryOne(arena)) > 0; ) {
                small.add(next);
            }
            for (int i = 0; i < small.size(); i++) {
                if (i % 8 != 0 && (int) (long) small.get(i) < 0) { // a slot of a slab
                    arena.free(small.get(i));
                }
            }
            assertNotEquals(SegmentArena.NO_SPACE, arena.tryAllocate(448, 1));
        }
    }

    private static long tryOne(SegmentArena arena) {
        try {
            return arena.tryAllocate(64, 1);
        } catch (Throwable full) {
            return -1;
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable thrown) throws E {
        throw (E) thrown;
    }
}
