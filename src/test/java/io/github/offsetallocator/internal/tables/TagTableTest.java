package io.github.offsetallocator.internal.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SparseFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tags of the last node and the last slot that handles reach.
@ResourceLock("source of table memory")
class TagTableTest {
    private static final long GENERATION = 0x7654_3211L << 32;
    private static final long LAST = Integer.MAX_VALUE;

    @TempDir
    Path directory;
    private int files;

    /// A file of which only those pages are on a disk that are written to.
    private MemorySegment map(Arena arena, long byteSize, long byteAlignment) {
        Path file = directory.resolve("table" + files++);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(MapMode.READ_WRITE, 0, byteSize, arena);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterEach
    void theRealSource() {
        TableMemory.source = Arena::allocate;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0x8000_0000L})
    @SparseFiles
    void theLastHandleHasATag(long slot) {
        TableMemory.source = this::map;
        try (Arena common = Arena.ofShared(); TagTable tags = new TagTable(TablePlaces.ofNative(TableMemory.Threads.ONE_AT_A_TIME), common)) {
            long first = GENERATION | slot | 5;
            long last = GENERATION | slot | LAST;
            assertEquals(0, tags.get(last));
            tags.set(first, 7);
            assertEquals(512 << 4, tags.byteSize());
            tags.set(last, -1);
            assertEquals(LAST + 1 << 4, tags.byteSize());
            assertEquals(7, tags.get(first));
            assertEquals(-1, tags.get(last));
            assertEquals(0, tags.get(last - 1));
            assertEquals(0, tags.get(last + (1L << 32)));
            assertEquals(0, tags.get(last ^ 0x8000_0000L), "of the other kind");
            tags.set(last - 1, 9);
            tags.set(last, 8);
            assertEquals(9, tags.get(last - 1));
            assertEquals(8, tags.get(last));
            assertEquals(LAST + 1 << 4, tags.byteSize());
        }
    }

    /// The first tag of all is that of the last block; then there are more blocks, and a reset.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTableIsAsLargeAsItHasToBe(boolean slabs) {
        try (OffsetAllocator allocator = OffsetAllocator.builder(1 << 20).fit(slabs ? Fit.GOOD : Fit.REFERENCE).build()) {
            List<Long> blocks = new ArrayList<>();
            allocate(allocator, blocks, 50_000);
            long before = allocator.metadataSize();
            allocator.setTag(blocks.getLast(), 1);
            long tags = allocator.metadataSize() - before;
            assertTrue(tags >= 49_000 << 4 && tags < 60_000 << 4, () -> tags + " bytes");
            allocate(allocator, blocks, 10_000);
            before = allocator.metadataSize();
            allocator.setTag(blocks.getLast(), 2);
            assertEquals(before + tags, allocator.metadataSize());
            assertEquals(1, allocator.tag(blocks.get(49_999)));
            for (int i = 0; i < blocks.size(); i++) {
                allocator.setTag(blocks.get(i), i);
            }
            allocator.reset();
            blocks.clear();
            long after = allocator.metadataSize();
            assertTrue(after >= 2 * tags, () -> after + " bytes");
            allocate(allocator, blocks, 60_000);
            for (int i = 0; i < blocks.size(); i++) {
                assertEquals(0, allocator.tag(blocks.get(i)));
                allocator.setTag(blocks.get(i), -i);
                assertEquals(-i, allocator.tag(blocks.get(i)));
            }
            allocator.verify();
        }
    }

    private static void allocate(OffsetAllocator allocator, List<Long> blocks, int count) {
        for (int i = 0; i < count; i++) {
            blocks.add(allocator.allocate(3));
            assertNotEquals(OffsetAllocator.NO_SPACE, blocks.getLast());
        }
    }
}
