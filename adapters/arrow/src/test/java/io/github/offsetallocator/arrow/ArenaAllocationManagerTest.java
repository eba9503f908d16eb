package io.github.offsetallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.unsafe.UnsafeAllocationManager;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.junit.jupiter.api.Test;

class ArenaAllocationManagerTest {
    private static final long LIMIT = 64 << 20;

    private static SegmentArena arena(long limit) {
        return SegmentArena.builder().growable(1 << 20, limit).shared().closeRefusesLive().build();
    }

    private static BufferAllocator over(SegmentArena arena, long limit) {
        return new RootAllocator(RootAllocator.configBuilder().allocationManagerFactory(ArenaAllocationManager.factory(arena)).maxAllocation(limit).build());
    }

    /// Else Arrow's own tests would say nothing.
    @Test
    void anAllocatorOfArrowsOwnTestsIsInAnArena() {
        try (BufferAllocator root = new RootAllocator(); ArrowBuf buffer = root.buffer(100)) {
            assertTrue(UnsafeAllocationManager.ARENA.allocationAt(buffer.memoryAddress()) != SegmentArena.NO_SPACE);
        }
    }

    @Test
    void vectorsLiveInTheArena() {
        try (SegmentArena arena = arena(LIMIT); BufferAllocator root = over(arena, LIMIT)) {
            try (IntVector numbers = new IntVector("numbers", root); VarCharVector words = new VarCharVector("words", root)) {
                for (int i = 0; i < 100_000; i++) {
                    numbers.setSafe(i, 3 * i);
                    words.setSafe(i, ("word " + i).getBytes(StandardCharsets.UTF_8));
                }
                numbers.setValueCount(100_000);
                words.setValueCount(100_000);
                assertTrue(arena.allocations() > 0);
                assertTrue(arena.byteSize() > 1 << 20, "it has grown");
                assertEquals(0, numbers.getDataBuffer().memoryAddress() % 64);
                assertTrue(arena.allocationAt(numbers.getDataBuffer().memoryAddress()) != SegmentArena.NO_SPACE);
                for (int i = 0; i < 100_000; i += 997) {
                    assertEquals(3 * i, numbers.get(i));
                    assertEquals("word " + i, words.getObject(i).toString());
                }
            }
            assertEquals(0, arena.allocations());
            assertTrue(arena.byteSize() <= 1 << 20, "chunks went back");
            arena.verify();
        }
    }

    @Test
    void aStreamIsWrittenAndRead() throws Exception {
        try (SegmentArena arena = arena(LIMIT); BufferAllocator root = over(arena, LIMIT)) {
            java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
            try (IntVector numbers = new IntVector("numbers", root); VectorSchemaRoot table = VectorSchemaRoot.of(numbers);
                    ArrowStreamWriter writer = new ArrowStreamWriter(table, null, bytes)) {
                for (int batch = 0; batch < 5; batch++) {
                    for (int i = 0; i < 1000; i++) {
                        numbers.setSafe(i, batch * i);
                    }
                    table.setRowCount(1000);
                    writer.writeBatch();
                }
            }
            try (ArrowStreamReader reader = new ArrowStreamReader(new java.io.ByteArrayInputStream(bytes.toByteArray()), root)) {
                for (int batch = 0; batch < 5; batch++) {
                    assertTrue(reader.loadNextBatch());
                    assertEquals(batch * 999, ((IntVector) reader.getVectorSchemaRoot().getVector(0)).get(999));
                }
            }
            assertEquals(0, arena.allocations());
        }
    }

    @Test
    void whenTheArenaIsFullArrowSaysSo() {
        try (SegmentArena arena = arena(4 << 20); BufferAllocator root = over(arena, LIMIT)) {
            List<ArrowBuf> buffers = new ArrayList<>();
            OutOfMemoryException full = assertThrows(OutOfMemoryException.class, () -> {
                while (true) {
                    buffers.add(root.buffer(1 << 18));
                }
            });
            assertEquals(16, buffers.size());
            assertTrue(full.getMessage().contains("262144"), full::getMessage);
            assertEquals(4 << 20, root.getAllocatedMemory(), "Arrow counts none that failed");
            buffers.removeFirst().close();
            root.buffer(1 << 18).close();
            buffers.forEach(ArrowBuf::close);
        }
    }

    @Test
    void arrowsOwnLimitsHold() {
        try (SegmentArena arena = arena(LIMIT); BufferAllocator root = over(arena, 1 << 20)) {
            try (BufferAllocator child = root.newChildAllocator("child", 1 << 10, 1 << 16)) {
                assertThrows(OutOfMemoryException.class, () -> child.buffer(1 << 17).close());
                child.buffer(1 << 15).close();
            }
            assertThrows(OutOfMemoryException.class, () -> root.buffer(1 << 21).close());
            assertEquals(0, root.buffer(0).capacity());
        }
    }

    @Test
    void theArenaDoesNotCloseUnderABuffer() {
        SegmentArena arena = arena(LIMIT);
        try (BufferAllocator root = over(arena, LIMIT)) {
            ArrowBuf buffer = root.buffer(100);
            assertTrue(assertThrows(IllegalStateException.class, arena::close).getMessage().contains("1 allocations are live"));
            buffer.setLong(0, 42);
            assertEquals(42, buffer.getLong(0));
            buffer.close();
        }
        arena.close();
    }

    /// A buffer is handed from one allocator to another, sliced, and let go on another thread.
    @Test
    void ownershipMovesAndThreadsShare() throws Exception {
        try (SegmentArena arena = arena(LIMIT); BufferAllocator root = over(arena, LIMIT)) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                long seed = thread;
                all.add(CompletableFuture.runAsync(() -> work(root, new SplittableRandom(seed))));
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
            assertEquals(0, arena.allocations());
            assertEquals(0, root.getAllocatedMemory());
            arena.verify();
        }
    }

    @Test
    void anArenaInAnArrayIsRefused() {
        try (SegmentArena arena = SegmentArena.ofShared(MemorySegment.ofArray(new byte[1 << 16]))) {
            assertThrows(IllegalArgumentException.class, () -> ArenaAllocationManager.factory(arena));
        }
    }

    private static void work(BufferAllocator root, SplittableRandom random) {
        try (BufferAllocator one = root.newChildAllocator("one", 0, LIMIT); BufferAllocator other = root.newChildAllocator("other", 0, LIMIT)) {
            for (int i = 0; i < 500; i++) {
                ArrowBuf buffer = one.buffer(1 + random.nextInt(1 << random.nextInt(1, 17)));
                buffer.setByte(0, i);
                ArrowBuf moved = buffer.getReferenceManager().transferOwnership(buffer, other).getTransferredBuffer();
                buffer.close();
                ArrowBuf slice = moved.slice(0, 1);
                slice.getReferenceManager().retain();
                CompletableFuture<Void> elsewhere = CompletableFuture.runAsync(moved::close);
                assertEquals((byte) i, slice.getByte(0));
                slice.close();
                elsewhere.join();
            }
        }
    }
}
