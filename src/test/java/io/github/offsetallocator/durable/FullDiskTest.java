package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// A disk that is full. It takes a small one, in memory for example: see docs/testing.md.
@EnabledIfSystemProperty(named = "durable.smallDisk", matches = ".+")
class FullDiskTest {
    private final Path disk = Path.of(System.getProperty("durable.smallDisk", "."));
    private final Path file = disk.resolve("arena");
    private final Path filler = disk.resolve("filler");

    @AfterEach
    void clear() throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(filler);
    }

    private void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(new byte[4096]);
            }
        } catch (IOException full) {
            assertTrue(disk.toFile().getUsableSpace() < 1 << 16, full.getMessage());
        }
    }

    @Test
    void aFileThatIsTooLargeIsRefusedAndLeavesNothing() throws IOException {
        long larger = disk.toFile().getTotalSpace() + (1 << 20);
        String message = assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(file, larger).reserve().build()).getMessage();
        assertTrue(message.contains(file.toString()), message);
        assertTrue(message.contains("it takes"), "the disk was not asked first: " + message);
        fill();
        assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(file, 1 << 20).build());
        try (var files = Files.list(disk)) {
            assertEquals(List.of(filler), files.toList());
        }
    }

    /// With [SegmentArena.Builder#reserve()] what is added must have a place on disk.
    @Test
    void aDiskThatIsFullLetsNothingGrow() throws IOException {
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, 1 << 16, 1 << 19).reserve();
        try (SegmentArena arena = builder.build()) {
            long block = arena.tryAllocate(1 << 16, 1);
            arena.segment(block).fill((byte) 1);
            fill();
            String message = assertThrows(OutOfMemoryError.class, () -> arena.grow(1 << 19)).getMessage();
            assertTrue(message.contains(file.toString()), message);
            assertEquals(1 << 16, arena.byteSize());
            arena.verify();
            Files.delete(filler);
            arena.grow(1 << 18);
            arena.segment(arena.tryAllocate(3 << 16, 1)).fill((byte) 2);
        }
        try (SegmentArena arena = builder.build()) {
            assertEquals(1 << 18, arena.byteSize());
            assertEquals(2, arena.allocations());
        }
    }

    /// Else nobody has room any more: what has filled a hole can't be taken back.
    @Test
    void whatIsRefusedUsesNothing() throws IOException {
        long more = disk.toFile().getTotalSpace() + (1 << 20);
        for (SegmentArena.Builder builder : List.of(SegmentArena.builder().durable(file, 1 << 16, more).reserve(),
                SegmentArena.builder().durable(file, 1 << 16).growable(1 << 16, more).reserve())) {
            try (SegmentArena arena = builder.build()) {
                long free = disk.toFile().getUsableSpace();
                assertThrows(OutOfMemoryError.class, () -> arena.grow(more));
                assertEquals(free, disk.toFile().getUsableSpace());
                arena.tryAllocate(1 << 15, 1);
                free = disk.toFile().getUsableSpace();
                try {
                    assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(more - (1 << 16), 1));
                } catch (OutOfMemoryError full) {
                    assertTrue(full.getMessage().contains(file.toString()), full.getMessage());
                }
                assertEquals(free, disk.toFile().getUsableSpace());
                arena.verify();
            }
            Files.delete(file);
        }
        try (RandomAccessFile holes = new RandomAccessFile(file.toFile(), "rw")) {
            holes.setLength(1 << 18);
        }
        long free = disk.toFile().getUsableSpace();
        assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().mapped(file, more).reserve().build());
        assertEquals(free, disk.toFile().getUsableSpace());
        assertEquals(1 << 18, Files.size(file));
    }

    /// Tables that can't grow fail the call and nothing else.
    @Test
    void aDiskThatBecomesFullFailsTheCall() throws IOException {
        long size = 64 << 20;
        List<Long> handles = new ArrayList<>();
        try (SegmentArena arena = SegmentArena.builder().durable(file, size).build()) {
            handles.add(arena.tryAllocate(32, 1));
            fill();
            OutOfMemoryError full = null;
            for (int i = 0; full == null && i < 100_000; i++) {
                try {
                    long handle = arena.tryAllocate(i % 3 == 0 ? 17_000 : 32, 1);
                    if (handle == SegmentArena.NO_SPACE) {
                        break;
                    }
                    handles.add(handle);
                } catch (OutOfMemoryError e) {
                    full = e;
                }
            }
            assertTrue(full != null && full.getMessage().contains(file.toString()), "no failure after " + handles.size());
            arena.verify();
            assertEquals(handles.size(), arena.allocations());
            Files.delete(filler);
            for (int i = 0; i < 1000; i++) {
                handles.add(arena.tryAllocate(17_000, 1));
            }
            arena.verify();
        }
        try (SegmentArena arena = SegmentArena.builder().durable(file, size).build()) {
            assertEquals(handles.size(), arena.allocations());
            handles.forEach(arena::free);
            arena.verify();
        }
    }
}
