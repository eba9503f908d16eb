package io.github.offsetallocator.contract;

import io.github.offsetallocator.BesideOthers;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// `address(handle)`, `allocationAt(address)` and `owns(segment)`: to free by address alone, and to ask whose a pointer is.
@BesideOthers
class AddressTest {
    static final EnumSet<Subject> ARENAS = EnumSet.allOf(Subject.class);

    static {
        ARENAS.removeIf(subject -> !subject.spec().can(Can.SEGMENTS));
    }

    @TempDir
    Path directory;

    /// Against a map, through all that makes and ends blocks.
    @ParameterizedTest
    @FieldSource("ARENAS")
    @Help(6)
    void aBlockIsFoundAtItsAddressAndNowhereElse(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            SplittableRandom random = new SplittableRandom(6);
            Map<Long, Long> byAddress = new HashMap<>();
            long granule = arena.granule();
            for (int i = 0; i < 3000; i++) {
                long size = 1 + random.nextLong(Math.min(subject.spec().largestSize(), 1 << 16));
                long block = arena.tryAllocate(size, 1);
                if (block != SegmentArena.NO_SPACE) {
                    long address = arena.address(block);
                    if (face.isOnePiece()) {
                        Check.equal(arena.backing().address() + arena.offset(block), address, "the address");
                    }
                    Check.equal(arena.segment(block).address(), address, "the address");
                    Check.that(byAddress.put(address, block) == null, "two blocks at one address");
                }
                if (!byAddress.isEmpty() && (block == SegmentArena.NO_SPACE || random.nextInt(3) == 0)) {
                    long address = byAddress.keySet().iterator().next();
                    long there = byAddress.remove(address);
                    Check.equal(there, arena.allocationAt(address), "the block at an address");
                    Check.equal(arena.size(there), arena.sizeAt(address), "the size at an address");
                    switch (random.nextInt(3)) {
                        case 0 -> arena.freeAt(address);
                        case 1 -> arena.free(arena.segment(there));
                        default -> {
                            arena.retire(there, i);
                            Check.equal(SegmentArena.NO_SPACE, arena.allocationAt(address), "a retired block");
                            arena.reclaim(i);
                        }
                    }
                    Check.equal(SegmentArena.NO_SPACE, arena.allocationAt(address), "a block that is gone");
                }
                long anywhere = face.isOnePiece() ? arena.backing().address() + random.nextLong(arena.backing().byteSize() + 2 * granule) - granule
                        : (byAddress.isEmpty() ? 0 : byAddress.keySet().iterator().next()) + (random.nextInt(2000) - 1000) * granule;
                long found = byAddress.getOrDefault(anywhere, SegmentArena.NO_SPACE);
                Check.equal(found, arena.allocationAt(anywhere), "the block at 0x" + Long.toHexString(anywhere));
            }
            byAddress.forEach((address, block) -> Check.equal(block, arena.allocationAt(address), "the block at an address"));
            arena.reset();
            byAddress.forEach((address, _) -> Check.equal(SegmentArena.NO_SPACE, arena.allocationAt(address), "after a reset"));
            for (long address : new long[] {0, -1, 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                Check.equal(SegmentArena.NO_SPACE, arena.allocationAt(address), "the block at " + address);
            }
            arena.verify();
        }
    }

    /// An address in the middle of a block is no block's.
    @ParameterizedTest
    @FieldSource("ARENAS")
    @Help(6)
    void theMiddleOfABlockIsNoBlock(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            long units = face.isOnePiece() ? Math.min(4, face.capacity()) : 4;
            long block = arena.tryAllocate(units * arena.granule(), 1);
            long address = arena.address(block);
            for (long distance : new long[] {-1, 1, 7, arena.granule() - 1, arena.granule(), units * arena.granule() - 1, units * arena.granule()}) {
                Check.equal(SegmentArena.NO_SPACE, arena.allocationAt(address + distance), "the block " + distance + " bytes on");
                Check.equal(SegmentArena.NO_SPACE, arena.sizeAt(address + distance), "the size " + distance + " bytes on");
                Check.thrown(IllegalArgumentException.class, () -> arena.freeAt(address + distance));
            }
            Check.equal(block, arena.allocationAt(address), "the block");
        }
    }

    @ParameterizedTest
    @FieldSource("ARENAS")
    @Help(6)
    void aBlockThatMovesIsFoundWhereItIsNow(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            SegmentArena arena = face.arena;
            if (face.isOnePiece() && face.capacity() < 12 || arena.granule() > 1 << 16) {
                return;
            }
            long block = arena.tryAllocate(arena.granule(), 1);
            long before = arena.address(block);
            arena.tryAllocate(1, 1);
            long moved = arena.reallocate(block, 5 * arena.granule(), 1);
            Check.equal(moved, arena.allocationAt(arena.address(moved)), "the block");
            Check.that(arena.address(moved) == before || arena.allocationAt(before) == SegmentArena.NO_SPACE, "the place that it left");
            Check.refused(() -> arena.address(SegmentArena.NO_SPACE));
            Check.refused(() -> arena.address(0));
            if (moved != block) {
                Check.refused(() -> arena.address(block));
            }
        }
    }

    @ParameterizedTest
    @FieldSource("ARENAS")
    @Help(6)
    void anArenaOwnsItsMemoryAndNothingElse(Subject subject) {
        try (ArenaFace face = (ArenaFace) subject.open(directory); ArenaFace other = (ArenaFace) subject.open(directory);
                Arena memory = Arena.ofConfined()) {
            SegmentArena arena = face.arena;
            MemorySegment slice = arena.allocate(5);
            Check.that(arena.owns(slice), "its own slice");
            Check.that(arena.owns(arena.segment(arena.allocationOf(slice))), "its own slice");
            for (MemorySegment foreign : new MemorySegment[] {other.arena.allocate(5), memory.allocate(5), MemorySegment.NULL,
                MemorySegment.ofArray(new byte[5]), MemorySegment.ofArray(new long[5])}) {
                Check.that(!arena.owns(foreign), () -> "it claims to own " + foreign);
            }
            Check.that(arena.owns(slice.asSlice(2, 3)), "a part of it");
            arena.free(slice);
            Check.that(arena.owns(slice), "its memory, live or not");
            Check.thrown(NullPointerException.class, () -> arena.owns(null));
            arena.close();
            Check.thrown(IllegalStateException.class, () -> arena.owns(slice)); // the address may be someone else's by now
        }
    }

    @Test
    @Help(6)
    void aClosedArenaFindsNothing() {
        SegmentArena arena = SegmentArena.ofShared(4096);
        long block = arena.tryAllocate(10, 1);
        long address = arena.address(block);
        arena.close();
        Check.thrown(IllegalStateException.class, () -> arena.address(block));
        Check.thrown(IllegalStateException.class, () -> arena.allocationAt(address));
    }

    /// Frees by address, of which each block is freed once, though two threads try.
    @Test
    @Help(6)
    void twoThreadsFreeByAddress() {
        try (SegmentArena arena = SegmentArena.ofShared(8 << 20)) {
            int blocks = 5000;
            long[] addresses = new long[blocks];
            for (int i = 0; i < blocks; i++) {
                addresses[i] = arena.address(arena.tryAllocate(1 + i % 800, 1));
            }
            java.util.concurrent.atomic.AtomicInteger freed = new java.util.concurrent.atomic.AtomicInteger();
            Elsewhere.together(2, _ -> {
                for (long address : addresses) {
                    long block = arena.allocationAt(address);
                    if (block != SegmentArena.NO_SPACE) {
                        try {
                            arena.free(block);
                            freed.getAndIncrement();
                        } catch (IllegalStateException other) {
                            Check.that(other.getMessage().contains("live"), other.getMessage());
                        }
                    }
                }
            });
            Check.equal(blocks, freed.get(), "freed");
            Check.equal(0, arena.allocations(), "live");
            arena.verify();
        }
    }

    /// A read-only view of a slice is found by where it lies, in an array too.
    @Test
    void aReadOnlyViewIsWhatItIsAViewOf() {
        byte[] array = new byte[4096];
        for (MemorySegment memory : List.of(MemorySegment.ofArray(array), Arena.ofAuto().allocate(4096, 16))) {
            try (SegmentArena arena = SegmentArena.ofConfined(memory)) {
                MemorySegment empty = arena.allocate(0); // at the start, which nothing overlaps
                Check.that(arena.owns(empty.asReadOnly()), "owns " + empty);
                Check.that(arena.owns(memory.asSlice(4096).asReadOnly()), "owns its end");
                Check.that(!arena.owns(MemorySegment.ofArray(new byte[100]).asSlice(0, 0).asReadOnly()), "owns the start of another array");
                Check.equal(arena.allocationOf(empty), arena.allocationOf(empty.asReadOnly()), "the handle");
                arena.free(empty.asReadOnly());
                MemorySegment slice = arena.allocate(100);
                Check.that(arena.owns(slice.asReadOnly()), "owns " + slice);
                Check.that(!arena.owns(MemorySegment.ofArray(new byte[100]).asReadOnly()), "owns another array");
                Check.equal(arena.allocationOf(slice), arena.allocationOf(slice.asReadOnly()), "the handle");
                arena.free(slice.asReadOnly());
                Check.equal(0, arena.allocations(), "live");
            }
        }
    }
}
