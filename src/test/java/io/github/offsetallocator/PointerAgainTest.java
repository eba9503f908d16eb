package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A source whose pointer has no size (nobody has reinterpreted it) and is that of an open chunk: it is refused, and not closed.
class PointerAgainTest {
    @Test
    void aPointerToAnOpenChunkIsLeftAsItIs() {
        List<MemorySegment> opened = new ArrayList<>();
        List<Long> closed = new ArrayList<>();
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                opened.add(opened.isEmpty() ? Arena.ofAuto().allocate(byteSize, byteAlignment) : MemorySegment.ofAddress(opened.getFirst().address()));
                return opened.getLast();
            }

            @Override
            public void close(MemorySegment chunk) {
                closed.add(chunk.address());
            }
        };
        try (SegmentArena arena = SegmentArena.builder().growable(source, 64 << 10, 1 << 20).shared().build()) {
            arena.allocate(64 << 10);
            assertThrows(IllegalArgumentException.class, () -> arena.allocate(64 << 10));
            assertEquals(List.of(), closed, "closed while a block is live there");
        }
    }
}
