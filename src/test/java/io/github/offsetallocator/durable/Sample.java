package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/// A durable arena with blocks of all kinds in it, and what must be in it.
final class Sample {
    static final long BYTE_SIZE = 256 << 10;
    static final int PAGE = 4096;

    final Map<Long, Long> tags = new HashMap<>();
    final Map<Long, Long> sizes = new HashMap<>();

    static SegmentArena open(Path file) {
        return SegmentArena.builder().durable(file, BYTE_SIZE).build();
    }

    static SegmentArena openShared(Path file) {
        return SegmentArena.builder().durable(file, BYTE_SIZE).shared().build();
    }

    /// Makes and frees blocks: in slabs and outside, moved from slabs, of popular sizes, with tags.
    void work(SegmentArena arena, SplittableRandom random, int calls) {
        for (int i = 0; i < calls; i++) {
            int dice = random.nextInt(10);
            if (dice < 6 || tags.isEmpty()) {
                long size = dice < 3 ? 1 + random.nextInt(60) : dice < 5 ? 200 : 1 + random.nextInt(3000);
                long handle = arena.tryAllocate(size, 1);
                if (handle != SegmentArena.NO_SPACE) {
                    assertEquals(0, arena.tag(handle));
                    set(arena, handle, size, random.nextLong());
                }
            } else {
                long handle = any(random);
                if (dice == 9 && arena.resize(handle, 1 + random.nextInt(400))) {
                    set(arena, handle, arena.size(handle), tags.get(handle));
                } else {
                    arena.free(handle);
                    forget(handle);
                }
            }
        }
    }

    private void set(SegmentArena arena, long handle, long size, long tag) {
        tags.put(handle, tag);
        sizes.put(handle, size);
        arena.setTag(handle, tag);
        MemorySegment bytes = arena.segment(handle);
        for (long i = 0; i < size; i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, Report.content(tag, i));
        }
    }

    void forget(long handle) {
        tags.remove(handle);
        sizes.remove(handle);
    }

    private long any(SplittableRandom random) {
        int n = random.nextInt(tags.size());
        for (long handle : tags.keySet()) {
            if (n-- == 0) {
                return handle;
            }
        }
        throw new AssertionError();
    }

    /// All is there and nothing else.
    void check(SegmentArena arena) {
        arena.verify();
        Set<Long> found = new HashSet<>();
        arena.forEachAllocation(found::add);
        assertEquals(tags.keySet(), found);
        tags.keySet().forEach(handle -> checkBlock(arena, handle));
    }

    void checkBlock(SegmentArena arena, long handle) {
        long tag = tags.get(handle);
        assertEquals(sizes.get(handle), arena.size(handle));
        assertEquals(tag, arena.tag(handle));
        MemorySegment bytes = arena.segment(handle);
        for (long i = 0; i < bytes.byteSize(); i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != Report.content(tag, i)) {
                throw new AssertionError("byte " + i + " of " + Long.toHexString(handle) + " has changed");
            }
        }
    }

    /// Whatever is in an arena that has been opened, it works.
    static void mustWork(SegmentArena arena, SplittableRandom random) {
        arena.verify();
        Sample sample = new Sample();
        sample.work(arena, random, 150);
        Set<Long> found = new HashSet<>();
        long[] end = {0};
        arena.forEachRegion((offset, size, allocation) -> {
            assertEquals(end[0], offset);
            end[0] = offset + size;
            if (allocation > 0) {
                found.add(allocation);
                assertTrue(arena.size(allocation) <= size && arena.offset(allocation) == offset);
                arena.tag(allocation);
                arena.segment(allocation).byteSize();
            }
        });
        assertTrue(found.containsAll(sample.tags.keySet()), "a new block is missing");
        sample.tags.keySet().forEach(handle -> sample.checkBlock(arena, handle));
        for (long handle : found) {
            arena.free(handle);
        }
        arena.verify();
        assertEquals(0, arena.allocations());
    }

    /// Opening is refused, with a message that names the file, which is as it was.
    static String mustBeRefused(Path file, Path original, boolean compares) throws IOException {
        String message = assertThrows(UncheckedIOException.class, () -> open(file).close()).getMessage();
        assertTrue(message.contains(file.toString()), message);
        assertTrue(!compares || Files.mismatch(file, original) < 0, "the file has changed: " + message);
        return message;
    }

    static void copy(Path from, Path to) throws IOException {
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    static void write(Path file, long at, byte... bytes) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(at);
            access.write(bytes);
        }
    }

    static byte[] read(Path file, long at, int length) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "r")) {
            byte[] bytes = new byte[length];
            access.seek(at);
            access.readFully(bytes);
            return bytes;
        }
    }

    /// Lets the first page have the checksum that belongs to it.
    static void correct(Path file) throws IOException {
        byte[] page = read(file, 0, PAGE);
        CRC32C crc = new CRC32C();
        crc.update(page, 0, PAGE - 8);
        ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN).putLong(PAGE - 8, crc.getValue());
        write(file, 0, page);
    }
}
