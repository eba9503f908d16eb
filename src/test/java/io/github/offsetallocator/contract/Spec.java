package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/// How to make a subject, what it can do, and how hard it is driven. The defaults suit a pool of 256 KiB or 100,000 units.
final class Spec {
    /// Where an arena's memory comes from. What is left behind is removed after its close.
    private record Source(SegmentArena.Builder builder, Runnable afterwards) {}

    private static final AtomicInteger FILES = new AtomicInteger();

    private final long capacity;
    private final Function<Path, Source> source;
    private final EnumSet<Can> can = EnumSet.allOf(Can.class);
    private Fit fit = Fit.GOOD;
    private int maxAllocations = OffsetAllocator.MAX_ALLOCATIONS;
    private boolean realTime;
    private boolean shared;
    private boolean zeroed;
    private boolean checked;
    private long granule;
    private long largestSize = 4096;
    private long largestAlignment = 1 << 13;
    private long growsTo;
    private long chunk;
    private int operations = 15_000;

    private Spec(long capacity, Function<Path, Source> source) {
        this.capacity = capacity;
        this.source = source;
        growsTo = capacity;
    }

    // ---- what it is --------------------------------------------------------------------------------------------

    static Spec allocator(long capacity) {
        return new Spec(capacity, null)
                .cannot(Can.SEGMENTS, "it has no memory")
                .cannot(Can.ANY_THREAD, "one thread at a time is its rule");
    }

    private static Spec arena(Function<Path, Source> source) {
        return new Spec(0, source)
                .cannot(Can.GROW, "its memory has one size")
                .cannot(Can.COMPACT, "slices have addresses, which must stay")
                .cannot(Can.ANY_THREAD, "confined, unless shared() follows");
    }

    static Spec nativeMemory(long byteSize) {
        return arena(_ -> new Source(SegmentArena.builder().nativeMemory(byteSize), () -> {}));
    }

    static Spec borrowed(Supplier<MemorySegment> memory) {
        return arena(_ -> new Source(SegmentArena.builder().backing(memory.get()), () -> {}));
    }

    static Spec mapped(long byteSize) {
        return arena(directory -> {
            try {
                Path file = Files.createTempFile(directory, "arena", null);
                return new Source(SegmentArena.builder().mapped(file, byteSize), () -> delete(file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }).alignsUpTo(4096);
    }

    static Spec growable(long chunkByteSize, long maxByteSize) {
        return growable(_ -> SegmentArena.builder().growable(chunkByteSize, maxByteSize), chunkByteSize, maxByteSize)
                .alignsUpTo(Long.highestOneBit(chunkByteSize) / 4)
                .cannot(Can.ALIGN_FREELY, "chunks lie anywhere");
    }

    static Spec growableInFiles(long chunkByteSize, long maxByteSize) {
        return growable(directory -> SegmentArena.builder().growable(directory, chunkByteSize, maxByteSize), chunkByteSize, maxByteSize)
                .alignsUpTo(4096);
    }

    private static Spec growable(Function<Path, SegmentArena.Builder> builder, long chunkByteSize, long maxByteSize) {
        Spec spec = arena(directory -> new Source(builder.apply(directory), () -> {}))
                .cannot(Can.ONE_PIECE, "chunks come and go");
        spec.chunk = chunkByteSize;
        return spec.growsTo(maxByteSize);
    }

    /// A file that is not there yet.
    static Spec durable(long byteSize) {
        return arena(directory -> {
            Path file = directory.resolve("durable" + FILES.incrementAndGet());
            return new Source(SegmentArena.builder().durable(file, byteSize), () -> delete(file));
        }).alignsUpTo(4096);
    }

    /// A file that is not there yet, of an arena that can be made larger.
    static Spec durable(long byteSize, long maxByteSize) {
        Spec spec = arena(directory -> {
            Path file = directory.resolve("growing" + FILES.incrementAndGet());
            return new Source(SegmentArena.builder().durable(file, byteSize, maxByteSize), () -> delete(file));
        }).alignsUpTo(4096).growsTo(maxByteSize);
        spec.can.add(Can.GROW);
        return spec;
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- options of the library --------------------------------------------------------------------------------

    Spec reference() {
        fit = Fit.REFERENCE;
        return this;
    }

    Spec atMost(int allocations) {
        maxAllocations = allocations;
        return this;
    }

    /// Needs [#atMost(int)], or takes 64 GiB.
    Spec realTime() {
        realTime = true;
        return this;
    }

    Spec shared() {
        shared = true;
        can.add(Can.ANY_THREAD);
        return this;
    }

    Spec zeroed() {
        zeroed = true;
        return this;
    }

    /// Each block then takes a granule more.
    Spec checked() {
        checked = true;
        return this;
    }

    Spec granule(long byteSize) {
        granule = byteSize;
        return this;
    }

    // ---- how it is driven --------------------------------------------------------------------------------------

    /// The reason is for whoever reads the line.
    Spec cannot(Can what, String reason) {
        Check.that(!reason.isBlank(), "say why");
        can.remove(what);
        return this;
    }

    Spec growsTo(long largestCapacity) {
        growsTo = largestCapacity;
        return this;
    }

    Spec sizes(long largest) {
        largestSize = largest;
        return this;
    }

    Spec alignsUpTo(long largest) {
        largestAlignment = largest;
        return this;
    }

    Spec operations(int number) {
        operations = number;
        return this;
    }

    // ---- what the tests ask ------------------------------------------------------------------------------------

    Face open(Path directory) {
        if (source == null) {
            OffsetAllocator.Builder builder = OffsetAllocator.builder(capacity).fit(fit).maxAllocations(maxAllocations);
            return new AllocatorFace((realTime ? builder.realTime() : builder).build());
        }
        Source made = source.apply(directory);
        SegmentArena.Builder builder = made.builder.fit(fit).maxAllocations(maxAllocations);
        builder = realTime ? builder.realTime() : builder;
        builder = shared ? builder.shared() : builder;
        builder = zeroed ? builder.zeroed() : builder;
        builder = granule > 0 ? builder.granule(granule) : builder;
        builder = checked ? builder.checked() : builder;
        return new ArenaFace(builder.build(), fit, maxAllocations, checked ? 1 : 0, made.afterwards);
    }

    boolean can(Can what) {
        return can.contains(what);
    }

    /// Whether small blocks come from slabs.
    boolean hasSlabs() {
        return fit == Fit.GOOD && !realTime;
    }

    boolean isZeroed() {
        return zeroed;
    }

    long largestSize() {
        return largestSize;
    }

    long largestAlignment() {
        return largestAlignment;
    }

    /// Bytes of an ordinary chunk.
    long chunk() {
        return chunk;
    }

    /// Units, or bytes of an arena.
    long largestCapacity() {
        return growsTo;
    }

    int operations() {
        return operations;
    }
}
