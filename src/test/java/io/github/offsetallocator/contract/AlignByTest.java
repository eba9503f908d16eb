package io.github.offsetallocator.contract;

import io.github.offsetallocator.FlushRanges;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `alignByOffset()` and `alignByAddress()`: what a multiple is a multiple of is the builder's choice.
class AlignByTest {
    @TempDir
    Path directory;

    /// A mapping of GPU memory starts at a multiple of 64; buffer copies want offsets at multiples of 256.
    @ParameterizedTest
    @CsvSource({"64, false", "64, true", "16, false", "192, true", "8, false", "1, true", "4095, false"})
    @Fault(7)
    void offsetsAreAlignedWhereverTheMemoryStarts(int start, boolean shared) {
        MemorySegment memory = Arena.ofAuto().allocate(1 << 20, 4096).asSlice(start, 500_000);
        SegmentArena.Builder builder = SegmentArena.builder().backing(memory).alignByOffset();
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            for (int i = 0; i < 300; i++) {
                long alignment = 1L << i % 13;
                long block = arena.tryAllocate(1 + i * 3, alignment);
                Check.equal(0, arena.offset(block) % alignment, "the offset");
                Check.equal(memory.address() + arena.offset(block), arena.segment(block).address(), "the address");
                long moved = arena.reallocate(block, 50 + i, alignment);
                Check.equal(0, arena.offset(moved) % alignment, "the offset after a move");
                MemorySegment slice = arena.allocate(10, alignment);
                Check.equal(0, (slice.address() - memory.address()) % alignment, "the offset of a slice");
                if (i % 3 != 0) {
                    arena.free(moved);
                    arena.free(slice);
                }
            }
            arena.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 256, 4096, 64 << 10})
    @Fault(7)
    void granulesStartAtOffsetZero(long granule) {
        MemorySegment memory = Arena.ofAuto().allocate(2 << 20, 64).asSlice(64, 1 << 20);
        try (SegmentArena arena = SegmentArena.builder().backing(memory).granule(granule).alignByOffset().build()) {
            Check.equal(1 << 20, arena.byteSize(), "the capacity");
            BitSet taken = new BitSet();
            for (long at = 0; at < 1 << 20; at += granule) {
                long offset = arena.offset(arena.tryAllocate(granule, 1));
                Check.equal(0, offset % granule, "the offset in a granule");
                taken.set((int) (offset / granule));
            }
            Check.equal((1 << 20) / granule, taken.cardinality(), "granules that are taken");
            Check.equal(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1), "more than there is");
        }
    }

    /// Ranges that are flushed are whole atoms from the start of the mapping.
    @ParameterizedTest
    @ValueSource(longs = {64, 256, 4096})
    @Fault(7)
    void flushRangesAreWholeAtomsOfTheMapping(long atom) {
        MemorySegment memory = Arena.ofAuto().allocate(1 << 20, 4096).asSlice(64, 256 << 10);
        try (SegmentArena arena = SegmentArena.builder().backing(memory).granule(atom).alignByOffset().build()) {
            FlushRanges ranges = FlushRanges.of(arena, atom);
            for (int i = 0; i < 20; i++) {
                long block = arena.tryAllocate(1 + 37 * i, 1);
                if (i % 3 == 0) {
                    ranges.add(block);
                }
            }
            Check.that(ranges.count() > 0, "no ranges");
            for (int i = 0; i < ranges.count(); i++) {
                Check.equal(0, ranges.offset(i) % atom, "the offset");
                Check.equal(0, ranges.size(i) % atom, "the size");
            }
        }
    }

    /// Memory on the heap has offsets as any other; what it can't have are addresses.
    @ParameterizedTest
    @ValueSource(longs = {2, 16, 256, 4096})
    @Fault(7)
    void memoryOnTheHeapCanBeAlignedByOffset(long alignment) {
        try (SegmentArena arena = SegmentArena.builder().backing(MemorySegment.ofArray(new byte[100_000])).alignByOffset().build()) {
            for (int i = 0; i < 10; i++) {
                Check.equal(0, arena.offset(arena.tryAllocate(100, alignment)) % alignment, "the offset");
            }
        }
    }

    /// A file can be aligned by address, for those who need that more.
    @ParameterizedTest
    @ValueSource(longs = {4096, 64 << 10, 256 << 10})
    @Fault({6, 7})
    void aFileCanBeAlignedByAddress(long alignment) {
        for (int i = 0; i < 8; i++) {
            try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("file" + i), 1 << 20).alignByAddress().build()) {
                Check.equal(0, arena.allocate(100, alignment).address() % alignment, "the address");
                Check.equal(0, arena.allocate(100, alignment).address() % alignment, "the address");
            }
        }
    }

    /// The last word counts.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(7)
    void oneOfTheTwo(boolean byOffset) {
        MemorySegment memory = Arena.ofAuto().allocate(1 << 16, 4096).asSlice(64, 1 << 15);
        SegmentArena.Builder builder = SegmentArena.builder().backing(memory);
        try (SegmentArena arena = (byOffset ? builder.alignByAddress().alignByOffset() : builder.alignByOffset().alignByAddress()).build()) {
            MemorySegment slice = arena.allocate(1, 1024);
            Check.equal(0, (byOffset ? slice.address() - memory.address() : slice.address()) % 1024, "the alignment");
        }
    }
}
