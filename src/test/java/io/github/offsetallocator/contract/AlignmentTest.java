package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// In a file offsets count, in memory addresses do.
class AlignmentTest {
    private static final int MAPPINGS = 12;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {16, 4096, 8192, 64 << 10, 1 << 20, 16 << 20})
    @Fault(6)
    void aFileOfOneGranuleHasOneAtItsStart(long granule) {
        for (int i = 0; i < MAPPINGS; i++) {
            try (SegmentArena arena = SegmentArena.builder().mapped(directory.resolve("one" + i), granule).granule(granule).build()) {
                Check.equal(granule, arena.byteSize(), "the capacity");
                long block = arena.tryAllocate(granule, 1);
                Check.equal(0, arena.offset(block), "the offset");
                Check.equal(granule, arena.segment(block).byteSize(), "the size");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {64 << 10, 128 << 10, 512 << 10})
    @Fault(6)
    void everyMappingOfAFileHasTheSamePlaces(long granule) {
        Path file = directory.resolve("same");
        for (int i = 0; i < MAPPINGS; i++) {
            try (Arena shift = Arena.ofConfined(); SegmentArena arena = SegmentArena.builder().mapped(file, 1 << 20).granule(granule).build()) {
                shift.allocate(100_000L * i + 1); // so that the next mapping lies elsewhere
                Check.equal(1 << 20, arena.byteSize(), "the capacity");
                for (long at = 0; at < 1 << 20; at += granule) {
                    Check.equal(at, arena.offset(arena.tryAllocate(1, 1)), "the offset");
                }
                Check.equal(SegmentArena.NO_SPACE, arena.tryAllocate(1, 1), "more than there is");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(6)
    void inAFileAnAlignmentIsOneOfOffsets(boolean shared) {
        for (int i = 0; i < MAPPINGS; i++) {
            SegmentArena.Builder builder = SegmentArena.builder().mapped(directory.resolve("aligned" + i), (1 << 20) - 4096);
            try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
                for (long alignment = 1; alignment <= 256 << 10; alignment *= 2) {
                    long block = arena.tryAllocate(17, alignment);
                    Check.equal(0, arena.offset(block) % alignment, "the offset");
                    long moved = arena.reallocate(block, 100, alignment);
                    Check.equal(0, arena.offset(moved) % alignment, "the offset");
                    arena.free(moved);
                }
            }
        }
    }

    /// Native memory and memory of someone else, wherever it starts.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 16, 24, 48, 64, 1000, 4095})
    @Fault(7)
    void inMemoryAnAlignmentIsOneOfAddresses(int start) {
        MemorySegment memory = Arena.ofAuto().allocate(300_000, 4096).asSlice(start, 200_000);
        try (SegmentArena borrowed = SegmentArena.ofConfined(memory); SegmentArena shared = SegmentArena.ofShared(memory);
                SegmentArena own = SegmentArena.ofConfined(200_000 + start)) {
            for (SegmentArena arena : new SegmentArena[] {borrowed, shared, own}) {
                for (long alignment = 1; alignment <= 64 << 10; alignment *= 2) {
                    MemorySegment slice = arena.allocate(33, alignment);
                    Check.equal(0, slice.address() % alignment, "the address");
                    MemorySegment moved = arena.reallocate(slice, 5000, alignment);
                    Check.equal(0, moved.address() % alignment, "the address");
                    arena.free(moved);
                }
                arena.verify();
            }
        }
    }

    /// Slabs of 2048 bytes lie at odd multiples of 1024 here: a slot that was taken there and doesn't fit goes back.
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    @Fault(6)
    void aSlotThatLiesWrongIsNotLost(boolean durable, boolean shared) {
        SegmentArena.Builder builder = SegmentArena.builder();
        builder = durable ? builder.durable(directory.resolve("odd"), 16 << 20) : builder.backing(Arena.ofAuto().allocate(16 << 20, 4096));
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            arena.tryAllocate(1024, 16);
            for (int i = 0; i < 100; i++) {
                arena.tryAllocate(2048, 16);
            }
            for (int i = 0; i < 40; i++) {
                long block = arena.tryAllocateZeroed(2048, 2048);
                Check.equal(0, (durable ? arena.offset(block) : arena.address(block)) % 2048, "the place");
                long moved = arena.reallocate(block, 4096, 4096);
                Check.equal(0, (durable ? arena.offset(moved) : arena.address(moved)) % 4096, "the place");
                arena.free(moved);
            }
            Check.equal(101, arena.allocations(), "live blocks");
            Check.equal(0, arena.retired(), "retired blocks");
            arena.verify();
        }
    }
}
