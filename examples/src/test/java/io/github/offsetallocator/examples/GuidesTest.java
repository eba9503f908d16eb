package io.github.offsetallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.offsetallocator.examples.guides.ByteCache;
import io.github.offsetallocator.examples.guides.FirstSteps;
import io.github.offsetallocator.examples.guides.Handover;
import io.github.offsetallocator.examples.guides.Staging;
import io.github.offsetallocator.examples.guides.VertexBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What the guides show does what they say.
class GuidesTest {
    @Test
    void allOfThemRun() throws InterruptedException {
        FirstSteps.main(new String[0]);
        ByteCache.main(new String[0]);
        VertexBuffer.main(new String[0]);
        Staging.main(new String[0]);
        assertEquals(10_000L * 9_999 / 2, Handover.run());
    }

    @Test
    void theCacheGivesBackWhatItGotLast() {
        try (ByteCache cache = new ByteCache(64 << 10, 1 << 10)) {
            byte[] content = new byte[500];
            byte[] back = new byte[500];
            MemorySegment target = MemorySegment.ofArray(back);
            for (int i = 0; i < 10_000; i++) {
                Arrays.fill(content, (byte) i);
                int size = 1 + i * 7 % 500;
                assertTrue(cache.put(i % 700, MemorySegment.ofArray(content).asSlice(0, size)));
                assertEquals(size, cache.get(i % 700, target));
                assertEquals((byte) i, back[size - 1]);
                assertEquals((byte) i, back[0]);
            }
            assertEquals(-1, cache.get(12_345, target));
            assertFalse(cache.put(1, MemorySegment.ofArray(new byte[65 << 10])));
        }
    }

    /// Nothing makes room for it, so nothing goes for it either; but its own old value, which is out of date.
    @Test
    void theCacheKeepsTheOthersIfAValueIsTooLarge() {
        try (ByteCache cache = new ByteCache(64 << 10, 1 << 10)) {
            for (int i = 0; i < 10; i++) {
                assertTrue(cache.put(i, MemorySegment.ofArray(new byte[100])));
            }
            assertFalse(cache.put(3, MemorySegment.ofArray(new byte[65 << 10])));
            assertEquals(9, cache.size());
            assertEquals(-1, cache.get(3, MemorySegment.ofArray(new byte[100])));
            assertTrue(cache.put(3, MemorySegment.ofArray(new byte[64 << 10])));
            assertEquals(1, cache.size());
        }
    }

    /// Instead of waiting for a device that can't make room.
    @Test
    void whatIsLargerThanTheStagingMemoryIsRefused() {
        assertTimeoutPreemptively(Duration.ofSeconds(2), () -> {
            try (Staging staging = new Staging(MemorySegment.ofArray(new long[1000]), 64)) {
                assertThrows(IllegalArgumentException.class, () -> staging.stage(MemorySegment.ofArray(new byte[8001])));
                staging.stage(MemorySegment.ofArray(new byte[7900]));
                staging.stage(MemorySegment.ofArray(new byte[7900]));
            }
        });
    }

    /// On this thread, once it is warm.
    @Test
    void theCacheMakesNoGarbage() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        MemorySegment[] values = new MemorySegment[64];
        Arrays.setAll(values, i -> MemorySegment.ofArray(new byte[1 + i * 15]));
        MemorySegment target = MemorySegment.ofArray(new byte[1000]);
        try (ByteCache cache = new ByteCache(64 << 10, 1 << 10)) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 20 && least > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 50_000; i++) {
                    cache.put(i, values[i % 64]);
                    cache.get(i / 2, target);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertTrue(least < 50_000, least + " bytes in 50,000 puts and gets");
        }
    }

    @Test
    void aMeshKeepsItsVerticesWhereverItMoves() {
        try (VertexBuffer buffer = new VertexBuffer(64)) {
            long[] meshes = new long[400];
            for (int i = 0; i < meshes.length; i++) {
                int[] vertices = new int[1 + i % 13];
                Arrays.setAll(vertices, index -> 100 * vertices.length + index);
                meshes[i] = buffer.add(vertices);
                if (i % 3 == 2) {
                    buffer.remove(meshes[i - 1]);
                    meshes[i - 1] = 0;
                }
            }
            for (int i = 0; i < meshes.length; i++) {
                for (int index = 0; meshes[i] != 0 && index < 1 + i % 13; index++) {
                    assertEquals(100 * (1 + i % 13) + index, buffer.vertex(meshes[i], index));
                }
            }
        }
    }

    @Test
    void noSliceIsHandedOutBeforeTheDeviceHasReadIt() {
        MemorySegment memory = MemorySegment.ofArray(new long[1024]);
        try (Staging staging = new Staging(memory, 64)) {
            long first = staging.stage(MemorySegment.ofArray(new byte[4000]));
            long second = staging.stage(MemorySegment.ofArray(new byte[] {7}));
            assertTrue(second >= first + 4000 || second < first);
            assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, second));
            assertEquals(0, second % 64);
        }
    }
}
