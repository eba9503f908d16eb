package io.github.offsetallocator.contract;

import static io.github.offsetallocator.contract.Spec.allocator;
import static io.github.offsetallocator.contract.Spec.borrowed;
import static io.github.offsetallocator.contract.Spec.durable;
import static io.github.offsetallocator.contract.Spec.growable;
import static io.github.offsetallocator.contract.Spec.growableInFiles;
import static io.github.offsetallocator.contract.Spec.mapped;
import static io.github.offsetallocator.contract.Spec.nativeMemory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Every way to get an allocator, one line each. A new one joins by a line here; what it can't do, the line says
/// ([Spec#cannot]), and so do the defaults of its kind ([Spec#allocator], [Spec#nativeMemory]).
enum Subject {
    // Offsets
    GOOD(allocator(100_000).growsTo(2_000_000).operations(80_000)),
    GOOD_SMALL_BLOCKS(allocator(20_000).growsTo(30_000).sizes(64).operations(60_000)),
    GOOD_TIGHT(allocator(3000).growsTo(4000).sizes(256)),
    REFERENCE(allocator(100_000).reference().growsTo(2_000_000).operations(100_000)),
    REFERENCE_TIGHT(allocator(3000).reference().growsTo(4000).sizes(256)),
    REAL_TIME(allocator(40_000).atMost(2000).realTime().growsTo(50_000).sizes(512).operations(50_000)),
    REAL_TIME_REFERENCE(allocator(40_000).reference().atMost(300).realTime().growsTo(50_000).sizes(512)),
    FEW(allocator(50_000).atMost(37).growsTo(60_000).sizes(2048).operations(40_000)),
    FEW_REFERENCE(allocator(50_000).reference().atMost(37).growsTo(60_000).sizes(2048)),
    AT_MOST_ONE(allocator(1000).atMost(1).sizes(512).operations(5000)),
    TOP(allocator((1L << 32) - 5001).growsTo((1L << 32) - 1).sizes(1 << 30).operations(30_000)),
    TOP_REFERENCE(allocator((1L << 32) - 5001).reference().growsTo((1L << 32) - 1).sizes(1 << 30)),
    ONE_UNIT(allocator(1).sizes(2).operations(5000)),
    TWO_UNITS(allocator(2).growsTo(19).sizes(4).operations(5000)),
    SEVEN_UNITS(allocator(7).reference().sizes(8).operations(5000)),
    ODD_UNITS(allocator(1021).sizes(64)),

    // Native memory
    NATIVE(nativeMemory(256 << 10).operations(60_000)),
    NATIVE_SMALL_BLOCKS(nativeMemory(64 << 10).sizes(256).operations(40_000)),
    NATIVE_SHARED(nativeMemory(256 << 10).shared().operations(60_000)),
    NATIVE_SHARED_SMALL_BLOCKS(nativeMemory(64 << 10).shared().sizes(256).operations(40_000)),
    NATIVE_TIGHT(nativeMemory(24 << 10).sizes(2048)),
    NATIVE_SHARED_TIGHT(nativeMemory(24 << 10).shared().sizes(2048)),
    NATIVE_ODD_SIZE(nativeMemory(100_003)),
    ZEROED(nativeMemory(128 << 10).zeroed()),
    ZEROED_SHARED(nativeMemory(128 << 10).zeroed().shared()),
    ARENA_REFERENCE(nativeMemory(256 << 10).reference()),
    ARENA_REFERENCE_SHARED(nativeMemory(256 << 10).reference().shared()),
    ARENA_REAL_TIME(nativeMemory(256 << 10).atMost(1000).realTime()),
    ARENA_REAL_TIME_SHARED(nativeMemory(256 << 10).atMost(1000).realTime().shared()),
    ARENA_FEW(nativeMemory(256 << 10).atMost(23)),
    ARENA_FEW_SHARED(nativeMemory(256 << 10).atMost(23).shared()),
    GRANULE_64(nativeMemory(256 << 10).granule(64)),
    GRANULE_64_SHARED(nativeMemory(256 << 10).granule(64).shared()),
    GRANULE_4096(nativeMemory(1 << 20).granule(4096).sizes(32 << 10).zeroed()),
    GRANULE_4096_SHARED(nativeMemory(1 << 20).granule(4096).sizes(32 << 10).shared()),
    ONE_GRANULE(nativeMemory(16).sizes(32).operations(5000)),
    ONE_GRANULE_SHARED(nativeMemory(16).shared().sizes(32).operations(5000)),
    TEN_GRANULES_SHARED(nativeMemory(160).shared().sizes(32).operations(5000)),
    FORTY_GRANULES(nativeMemory(640).sizes(32).operations(5000)),
    FORTY_GRANULES_SHARED(nativeMemory(640).shared().sizes(32).operations(5000)),
    SIXTY_GRANULES_SHARED(nativeMemory(960).shared().sizes(64).operations(5000)),
    THREE_GRANULES_ZEROED(nativeMemory(53).zeroed().sizes(32).operations(5000)),

    // Files
    MAPPED(mapped(256 << 10)),
    MAPPED_SHARED(mapped(256 << 10).shared()),
    MAPPED_ZEROED(mapped(100_003).zeroed()),
    LARGEST_GRANULE(mapped(40L << 24).granule(1 << 24).sizes(64 << 20).operations(1500)),
    LARGEST_GRANULE_SHARED(mapped(40L << 24).granule(1 << 24).sizes(64 << 20).operations(1500).shared()),
    MOST_GRANULES(mapped((1L << 36) - 16).sizes(1L << 34).operations(1500)),
    MOST_GRANULES_SHARED(mapped((1L << 36) - 16).sizes(1L << 34).operations(1500).shared()),
    DURABLE(durable(256 << 10)),
    DURABLE_SHARED(durable(256 << 10).shared()),
    DURABLE_ZEROED(durable(100_003).zeroed()),
    DURABLE_ZEROED_SHARED(durable(100_003).zeroed().shared()),
    DURABLE_REFERENCE(durable(256 << 10).reference()),
    DURABLE_FEW_SHARED(durable(256 << 10).atMost(23).shared()),
    DURABLE_GROWS(durable(64 << 10, 1 << 20)),
    DURABLE_GROWS_SHARED(durable(64 << 10, 1 << 20).shared()),
    DURABLE_GROWS_REFERENCE(durable(100_003, 300_003).reference()),
    DURABLE_GRANULE_4096(durable(1 << 20).granule(4096).sizes(32 << 10)),

    // With borders, and slices that die
    CHECKED(nativeMemory(256 << 10).checked()),
    CHECKED_SHARED(nativeMemory(64 << 10).checked().shared().operations(5000)),
    CHECKED_REFERENCE_GRANULE_64(nativeMemory(256 << 10).checked().reference().granule(64)),
    CHECKED_ZEROED_DURABLE(durable(100_003).checked().zeroed()),
    CHECKED_GROWABLE_SHARED(growable(32 << 10, 256 << 10).checked().shared().operations(5000)),
    CHECKED_BORROWED(borrowed(() -> MemorySegment.ofArray(new long[8 << 10])).checked().alignsUpTo(8)
            .cannot(Can.ALIGN_FREELY, "a long[] has no larger unit")),

    // Chunks that come and go
    GROWABLE(growable(32 << 10, 256 << 10).operations(60_000)),
    GROWABLE_SHARED(growable(32 << 10, 256 << 10).shared().operations(60_000)),
    GROWABLE_SMALL_BLOCKS(growable(8 << 10, 128 << 10).sizes(256).operations(40_000)),
    GROWABLE_SHARED_SMALL_BLOCKS(growable(128 << 10, 1 << 20).shared().sizes(256).operations(40_000)),
    GROWABLE_LARGE_BLOCKS(growable(4 << 10, 128 << 10).sizes(32 << 10)),
    GROWABLE_SHARED_TIGHT(growable(4 << 10, 12 << 10).sizes(2048).shared()),
    GROWABLE_ZEROED(growable(20 << 10, 200_003).zeroed().granule(64)),
    GROWABLE_REFERENCE(growable(32 << 10, 256 << 10).reference()),
    GROWABLE_FEW_SHARED(growable(8 << 10, 256 << 10).atMost(23).shared()),
    GROWABLE_IN_FILES(growableInFiles(32 << 10, 256 << 10)),
    GROWABLE_IN_FILES_SHARED(growableInFiles(32 << 10, 256 << 10).shared().zeroed()),

    // Memory of someone else
    BORROWED(borrowed(() -> Arena.ofAuto().allocate(256 << 10, 4096))),
    BORROWED_SHARED(borrowed(() -> Arena.ofAuto().allocate(256 << 10, 4096)).shared()),
    ODD_BASE(borrowed(() -> Arena.ofAuto().allocate(60_100, 64).asSlice(3, 60_033)).zeroed()),
    ODD_BASE_SHARED(borrowed(() -> Arena.ofAuto().allocate(60_100, 64).asSlice(3, 60_033)).shared()),
    ODD_BASE_GRANULE_4096(borrowed(() -> Arena.ofAuto().allocate(600_100, 4096).asSlice(16, 600_033)).granule(4096).sizes(16 << 10)),
    HEAP_BYTES(borrowed(() -> MemorySegment.ofArray(new byte[256 << 10])).alignsUpTo(1)
            .cannot(Can.ALIGN_FREELY, "a byte[] has no larger unit")),
    HEAP_BYTES_SHARED(borrowed(() -> MemorySegment.ofArray(new byte[65_537]).asSlice(1)).shared().alignsUpTo(1)
            .cannot(Can.ALIGN_FREELY, "a byte[] has no larger unit")),
    HEAP_SHORTS_ZEROED(borrowed(() -> MemorySegment.ofArray(new short[30_001])).zeroed().alignsUpTo(2)
            .cannot(Can.ALIGN_FREELY, "a short[] has no larger unit")),
    HEAP_FLOATS(borrowed(() -> MemorySegment.ofArray(new float[30_001])).alignsUpTo(4)
            .cannot(Can.ALIGN_FREELY, "a float[] has no larger unit")),
    HEAP_LONGS(borrowed(() -> MemorySegment.ofArray(new long[32 << 10])).alignsUpTo(8)
            .cannot(Can.ALIGN_FREELY, "a long[] has no larger unit")),
    HEAP_LONGS_SHARED(borrowed(() -> MemorySegment.ofArray(new long[32 << 10])).shared().alignsUpTo(8)
            .cannot(Can.ALIGN_FREELY, "a long[] has no larger unit"));

    private final Spec spec;

    Subject(Spec spec) {
        this.spec = spec;
    }

    Spec spec() {
        return spec;
    }

    /// A new one. Files are made in the directory.
    Face open(Path directory) {
        return spec.open(directory);
    }
}
