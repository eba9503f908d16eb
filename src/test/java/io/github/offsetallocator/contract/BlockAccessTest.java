package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.offsetallocator.BlockAccess;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Bytes by handle: what is inside is the same as through the slice, what is outside is refused, and a neighbour sees nothing of either.
class BlockAccessTest {
    static final List<Subject> ARENAS = AddressTest.ARENAS.stream().filter(subject -> subject.spec().largestSize() <= 1 << 16).toList();

    @TempDir
    Path directory;

    @ParameterizedTest
    @FieldSource("ARENAS")
    void readsAndWritesWithinTheBlock(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            BlockAccess bytes = arena.access();
            SplittableRandom random = new SplittableRandom(8);
            for (int round = 0; round < 40; round++) {
                long size = random.nextInt(1 << random.nextInt(11));
                long before = arena.tryAllocate(arena.granule(), 1);
                long block = arena.tryAllocate(size, 1);
                long behind = arena.tryAllocate(arena.granule(), 1);
                if (before > 0) {
                    bytes.fill(before, 0, arena.granule(), (byte) 0x11);
                }
                if (behind > 0) {
                    bytes.fill(behind, 0, arena.granule(), (byte) 0x11);
                }
                if (block > 0) {
                    inside(bytes, arena.segment(block), block, random);
                    outside(bytes, arena.segment(block), block);
                }
                for (long neighbour : new long[] {before, behind}) {
                    if (neighbour > 0) {
                        for (int i = 0; i < arena.granule(); i++) {
                            assertEquals(0x11, bytes.getByte(neighbour, i));
                        }
                        arena.free(neighbour);
                        assertThrows(IllegalStateException.class, () -> bytes.getByte(neighbour, 0));
                        assertThrows(IllegalStateException.class, () -> bytes.fill(neighbour, 0, 0, (byte) 0));
                    }
                }
                if (block > 0) {
                    arena.free(block);
                }
            }
            assertThrows(IllegalStateException.class, () -> bytes.getLong(SegmentArena.NO_SPACE, 0));
            assertThrows(IllegalStateException.class, () -> bytes.setInt(0, 0, 1));
        }
    }

    private static void inside(BlockAccess bytes, MemorySegment slice, long block, SplittableRandom random) {
        long size = slice.byteSize();
        byte value = (byte) random.nextInt();
        long from = random.nextLong(size + 1);
        long length = random.nextLong(size - from + 1);
        MemorySegment expected = MemorySegment.ofArray(slice.toArray(ValueLayout.JAVA_BYTE));
        bytes.fill(block, from, length, value);
        expected.asSlice(from, length).fill(value);
        assertEquals(-1, expected.mismatch(slice));
        byte[] source = new byte[(int) length + 5];
        for (int i = 0; i < source.length; i++) {
            source[i] = (byte) random.nextInt();
        }
        bytes.copyIn(block, from, MemorySegment.ofArray(source), 5, length);
        MemorySegment.copy(MemorySegment.ofArray(source), 5, expected, from, length);
        assertEquals(-1, expected.mismatch(slice));
        byte[] target = new byte[source.length];
        bytes.copyOut(block, from, MemorySegment.ofArray(target), 5, length);
        assertEquals(-1, MemorySegment.ofArray(target).asSlice(5).mismatch(MemorySegment.ofArray(source).asSlice(5)));
        if (size >= 8) {
            long at = random.nextLong(size - 7);
            bytes.setLong(block, at, 0x1234_5678_9ABC_DEF0L);
            assertEquals(0x1234_5678_9ABC_DEF0L, slice.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
            assertEquals(0x1234_5678_9ABC_DEF0L, bytes.getLong(block, at));
            bytes.setDouble(block, at, 2.5);
            assertEquals(2.5, bytes.getDouble(block, at));
            bytes.setInt(block, at + 1, -3);
            assertEquals(-3, bytes.getInt(block, at + 1));
            bytes.setFloat(block, at + 2, 0.5f);
            assertEquals(0.5f, bytes.getFloat(block, at + 2));
            bytes.setShort(block, at + 3, (short) 77);
            assertEquals(77, bytes.getShort(block, at + 3));
            bytes.setByte(block, at + 7, (byte) 5);
            assertEquals(5, slice.get(ValueLayout.JAVA_BYTE, at + 7));
        }
    }

    private static void outside(BlockAccess bytes, MemorySegment slice, long block) {
        long size = slice.byteSize();
        MemorySegment kept = MemorySegment.ofArray(slice.toArray(ValueLayout.JAVA_BYTE));
        MemorySegment other = MemorySegment.ofArray(new byte[4096]);
        List<Runnable> wrong = List.of(() -> bytes.setByte(block, size, (byte) 1), () -> bytes.setByte(block, -1, (byte) 1), () -> bytes.setLong(block, size - 7, 1),
                () -> bytes.getLong(block, size - 7), () -> bytes.getInt(block, size - 3), () -> bytes.setShort(block, size - 1, (short) 1),
                () -> bytes.setDouble(block, Long.MAX_VALUE, 1), () -> bytes.setFloat(block, Long.MIN_VALUE, 1), () -> bytes.fill(block, 0, size + 1, (byte) 1),
                () -> bytes.fill(block, 1, size, (byte) 1), () -> bytes.fill(block, 0, -1, (byte) 1), () -> bytes.fill(block, 1, Long.MAX_VALUE, (byte) 1),
                () -> bytes.copyIn(block, 0, other, 0, size + 1), () -> bytes.copyOut(block, 1, other, 0, size), () -> bytes.copyIn(block, 0, other, 4097 - size, size),
                () -> bytes.copyOut(block, 0, other, -1, size));
        for (Runnable each : wrong) {
            assertThrows(IndexOutOfBoundsException.class, each::run);
        }
        assertEquals(-1, kept.mismatch(slice));
    }
}
