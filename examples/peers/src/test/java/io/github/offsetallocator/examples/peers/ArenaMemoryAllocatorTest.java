package io.github.offsetallocator.examples.peers;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryUtil;

/// LWJGL's own methods, with an arena behind them. LWJGL chooses its allocator once for each JVM, so all tests have the same.
class ArenaMemoryAllocatorTest {
    private static final SegmentArena ARENA = SegmentArena.builder().growable(1 << 20, 8 << 20).shared().build();

    static {
        Configuration.MEMORY_ALLOCATOR.set(new ArenaMemoryAllocator(ARENA));
    }

    private int before;

    @BeforeEach
    void count() {
        assertTrue(MemoryUtil.getAllocator() instanceof ArenaMemoryAllocator, "LWJGL has taken " + MemoryUtil.getAllocator());
        before = ARENA.allocations();
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(before, ARENA.allocations());
        ARENA.verify();
    }

    @Test
    void buffersOfAllKinds() {
        ByteBuffer bytes = MemoryUtil.memAlloc(1000);
        IntBuffer zeros = MemoryUtil.memCallocInt(5000);
        PointerBuffer aligned = MemoryUtil.memAllocPointer(3);
        ByteBuffer page = MemoryUtil.memAlignedAlloc(4096, 100);
        assertEquals(before + 4, ARENA.allocations());
        assertEquals(1000, ARENA.sizeAt(MemoryUtil.memAddress(bytes)));
        assertEquals(0, MemoryUtil.memAddress(page) % 4096);
        for (int i = 0; i < 5000; i++) {
            assertEquals(0, zeros.get(i));
        }
        MemoryUtil.memAlignedFree(page);
        MemoryUtil.memFree(aligned);
        MemoryUtil.memFree(zeros);
        MemoryUtil.memFree(bytes);
    }

    @Test
    void anArenaInAnArrayIsRefused() {
        try (SegmentArena arena = SegmentArena.ofShared(MemorySegment.ofArray(new byte[1 << 16]))) {
            assertThrows(IllegalArgumentException.class, () -> new ArenaMemoryAllocator(arena));
        }
    }

    @Test
    void callocClearsWhatOthersLeft() {
        for (int size : new int[] {1, 100, 5000, 100_000}) {
            for (int i = 0; i < 50; i++) { // until the size has a slab, if it gets one
                MemoryUtil.nmemFree(MemoryUtil.nmemAllocChecked(size));
            }
            long dirty = MemoryUtil.nmemAllocChecked(size);
            MemoryUtil.memSet(dirty, 0xFF, size);
            MemoryUtil.nmemFree(dirty);
            long clean = MemoryUtil.nmemCallocChecked(size, 1);
            assertEquals(dirty, clean, "it gets the same place, so the next line can fail");
            for (int i = 0; i < size; i++) {
                assertEquals(0, MemoryUtil.memGetByte(clean + i));
            }
            MemoryUtil.nmemFree(clean);
        }
    }

    @Test
    void reallocKeepsTheContent() {
        Random random = new Random(4);
        ByteBuffer buffer = null;
        for (int round = 0; round < 200; round++) {
            int size = 1 + random.nextInt(30_000);
            int kept = buffer == null ? 0 : Math.min(size, buffer.capacity());
            buffer = MemoryUtil.memRealloc(buffer, size);
            for (int i = 0; i < kept; i++) {
                assertEquals((byte) (i * 7), buffer.get(i));
            }
            for (int i = kept; i < size; i++) {
                buffer.put(i, (byte) (i * 7));
            }
        }
        MemoryUtil.memFree(buffer);
    }

    @Test
    void edges() {
        long first = MemoryUtil.nmemAlloc(0);
        long second = MemoryUtil.nmemAlloc(0);
        assertNotEquals(first, second);
        MemoryUtil.nmemFree(first);
        assertEquals(0, MemoryUtil.nmemRealloc(second, 0), "a realloc to no bytes is a free");
        MemoryUtil.nmemFree(0);
        assertEquals(0, MemoryUtil.nmemAlloc(-1));
        assertEquals(0, MemoryUtil.nmemCalloc(1L << 33, 1L << 33));
        assertEquals(0, MemoryUtil.nmemCalloc(1L << 32, 1L << 31));
        assertThrows(IllegalArgumentException.class, () -> MemoryUtil.nmemFree(first), "free twice");
        assertThrows(IllegalArgumentException.class, () -> MemoryUtil.nmemRealloc(first, 8));
        MemoryUtil.memFree((ByteBuffer) null);
    }

    @Test
    void noRoomIsWhatLwjglSaysItIs() {
        assertEquals(0, MemoryUtil.nmemAlloc(9 << 20));
        assertThrows(OutOfMemoryError.class, () -> MemoryUtil.memAlloc(9 << 20));
        long block = MemoryUtil.nmemAlloc(1000);
        MemoryUtil.memPutLong(block, 42);
        assertEquals(0, MemoryUtil.nmemRealloc(block, 9 << 20));
        assertEquals(42, MemoryUtil.memGetLong(block), "the old block is as it was");
        MemoryUtil.nmemFree(block);
    }

    @Test
    void aBadAlignmentIsNull() {
        MemoryUtil.MemoryAllocator allocator = MemoryUtil.getAllocator();
        assertEquals(0, allocator.aligned_alloc(3, 100));
        assertEquals(0, allocator.aligned_alloc(-4096, 100));
        assertEquals(0, allocator.aligned_alloc(1 << 19, 100), "more than a quarter of a chunk");
        try (SegmentArena arena = SegmentArena.builder().growable(1 << 16, 1 << 20).shared().closeRefusesLive().build()) {
            ArenaMemoryAllocator inChunks = new ArenaMemoryAllocator(arena);
            long block = inChunks.aligned_alloc(1 << 14, 100);
            assertEquals(0, block % (1 << 14));
            inChunks.aligned_free(block);
        }
    }

    @Test
    void aChunkThatCannotBeMadeIsNull(@TempDir Path directory) throws IOException {
        Path gone = Files.createDirectory(directory.resolve("gone"));
        try (SegmentArena arena = SegmentArena.builder().growable(gone, 1 << 16, 1 << 20).shared().build()) {
            ArenaMemoryAllocator inFiles = new ArenaMemoryAllocator(arena);
            long block = inFiles.malloc(100);
            try (Stream<Path> files = Files.list(gone)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(gone);
            assertEquals(0, inFiles.malloc(1 << 16));
            assertEquals(0, inFiles.calloc(1 << 16, 1));
            assertEquals(0, inFiles.aligned_alloc(64, 1 << 16));
            assertEquals(0, inFiles.realloc(block, 1 << 17));
            inFiles.free(block);
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void nativeCodeAllocatesHereToo() throws Throwable {
        MemoryUtil.MemoryAllocator allocator = MemoryUtil.getAllocator();
        FunctionDescriptor one = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
        FunctionDescriptor two = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG);
        long block = (long) function(allocator.getMalloc(), one).invokeExact(100L);
        assertEquals(100, ARENA.sizeAt(block));
        block = (long) function(allocator.getRealloc(), two).invokeExact(block, 50_000L);
        assertEquals(50_000, ARENA.sizeAt(block));
        long zeros = (long) function(allocator.getCalloc(), two).invokeExact(10L, 30L);
        long page = (long) function(allocator.getAlignedAlloc(), two).invokeExact(4096L, 30L);
        assertEquals(0, page % 4096);
        assertEquals(before + 3, ARENA.allocations());
        MethodHandle free = function(allocator.getFree(), FunctionDescriptor.ofVoid(JAVA_LONG));
        free.invokeExact(block);
        free.invokeExact(zeros);
        function(allocator.getAlignedFree(), FunctionDescriptor.ofVoid(JAVA_LONG)).invokeExact(page);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(long pointer, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(pointer), type);
    }

    @Test
    void anyThreadFrees() throws InterruptedException {
        Throwable[] failure = new Throwable[1];
        long[] blocks = new long[500];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = MemoryUtil.nmemAllocChecked(1 + i * 11);
        }
        Thread other = new Thread(() -> {
            for (long block : blocks) {
                MemoryUtil.nmemFree(block);
            }
        });
        other.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
        other.start();
        other.join();
        assertNull(failure[0]);
        assertSame(MemoryUtil.getAllocator(), MemoryUtil.getAllocator(false));
    }
}
