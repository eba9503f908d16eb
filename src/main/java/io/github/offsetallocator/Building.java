package io.github.offsetallocator;

import io.github.offsetallocator.SegmentArena.Builder;
import io.github.offsetallocator.SegmentArena.Builder.Alignment;
import io.github.offsetallocator.internal.backing.Backing;
import io.github.offsetallocator.internal.backing.MappedFile;
import io.github.offsetallocator.internal.backing.Source;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.TablePlaces;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/// How an arena is built from what its builder was told.
///
/// ```
///   NATIVE, MAPPED    memory of its own  |
///   BORROWED          that of the caller |-> ArenaParts -> SegmentArena
///   CHUNKS            none yet           |
///   DURABLE…          DurableTables: opens the file, then as the others
/// ```
///
/// Options that don't go together are refused before anything is made. If the arena can't be made, what was done to its memory is undone here.
final class Building {
    static final int SMALLEST_GRANULE_SHIFT = 4;
    static final int LARGEST_GRANULE_SHIFT = 24;
    static final long LARGEST_GRANULE = 1L << LARGEST_GRANULE_SHIFT;
    private static final long NATIVE_ALIGNMENT = 64;

    /// What the arena's memory is: what was said last.
    enum From {
        NONE, NATIVE, MAPPED, DURABLE,
        /// Grows by itself, in its file.
        DURABLE_GROWING, BORROWED, CHUNKS;

        boolean isDurable() {
            return this == DURABLE || this == DURABLE_GROWING;
        }
    }

    private Building() {}

    /// As [SegmentArena.Builder#build()].
    static SegmentArena build(Builder builder) {
        if (builder.source == From.NONE) {
            throw new IllegalStateException("this arena has no memory yet: call nativeMemory, mapped, durable, backing or growable before build()");
        }
        if (builder.reserve && !isInFiles(builder)) {
            throw new IllegalStateException("reserve() is for arenas in files: call mapped or durable too, or leave it out");
        }
        builder.checks.begin(builder.source == From.BORROWED, builder.granuleShift);
        if (builder.source.isDurable()) {
            return DurableTables.open(builder);
        }
        if (builder.source == From.CHUNKS) {
            return growing(builder);
        }
        Backing memory = builder.source == From.BORROWED ? borrow(builder) : make(builder);
        try {
            return new SegmentArena(new ArenaParts(memory, builder, TablePlaces.ofNative(threads(builder))), builder);
        } catch (Throwable failure) {
            memory.undo();
            throw failure;
        }
    }

    private static SegmentArena growing(Builder builder) {
        if (builder.realTime) {
            throw new IllegalStateException("a growable arena can't be realTime: a chunk takes as long as the system does");
        }
        ChunkGeometry geometry = ChunkGeometry.of(builder.chunkByteSize, builder.maxByteSize, builder.granuleShift, Long.numberOfTrailingZeros(LARGEST_GRANULE));
        Source from = builder.chunks != null ? new ForeignChunks(builder.chunks, builder.shared)
                : builder.path != null ? Source.inDirectory(builder.path, builder.shared, builder.reserve, !byOffset(builder)) : Source.ofNative(builder.shared);
        return new SegmentArena(new ArenaParts(geometry, from, builder), builder);
    }

    /// What grows: the file of a durable arena, if one was said. Of two limits one would win without a word.
    static From growing(Builder builder, long maxByteSize) {
        if (builder.source.isDurable() && builder.maxByteSize != 0 && builder.maxByteSize != maxByteSize) {
            throw new IllegalArgumentException("growable says maxByteSize " + maxByteSize + ", and durable or growable has said " + builder.maxByteSize
                    + ": say the same, or leave it out there");
        }
        return builder.source.isDurable() ? From.DURABLE_GROWING : From.CHUNKS;
    }

    /// What a close does first if blocks are live, the report before the refusal; or null.
    static Consumer<SegmentArena> whenLive(Builder builder) {
        return builder.report == null ? builder.refusal
                : builder.refusal == null ? builder.report : builder.report.andThen(builder.refusal);
    }

    /// What the JDK says of memory that a native call uses names no arena.
    static IllegalStateException inUse(String name, IllegalStateException refused) {
        return new IllegalStateException("can't close " + name + ": a native call is using its memory, or that of a scope; close it again when the call has returned ("
                + refused.getMessage() + ")", refused);
    }

    private static boolean isInFiles(Builder builder) {
        return builder.source == From.MAPPED || builder.source.isDurable() || builder.source == From.CHUNKS && builder.path != null;
    }

    private static Backing borrow(Builder builder) {
        if (builder.borrowed.isReadOnly()) {
            throw new IllegalArgumentException("the backing segment is read-only: " + builder.borrowed);
        }
        if (builder.borrowed.byteSize() == 0) {
            throw new IllegalArgumentException("the backing segment has no bytes: " + builder.borrowed + "; is it a pointer? Reinterpret it to its size first");
        }
        unitsIn(builder, builder.borrowed);
        return Backing.borrowed(builder.borrowed);
    }

    static TableMemory.Threads threads(Builder builder) {
        return builder.shared ? TableMemory.Threads.ANY : TableMemory.Threads.CONFINED;
    }

    static void checkByteSize(Builder builder) {
        if (builder.byteSize <= 0) {
            throw new IllegalArgumentException("byteSize " + builder.byteSize + " is not positive");
        }
        long granule = 1L << shiftFor(builder, builder.byteSize);
        if (builder.byteSize < granule) {
            throw new IllegalArgumentException("byteSize " + builder.byteSize + " is less than a granule of " + granule);
        }
    }

    private static Backing make(Builder builder) {
        checkByteSize(builder);
        long granule = 1L << shiftFor(builder, builder.byteSize);
        return builder.source == From.MAPPED
                ? MappedFile.of(builder.path, builder.byteSize, builder.shared, builder.reserve)
                : Backing.ofNative(builder.byteSize + granule - 1 & -granule, Math.max(NATIVE_ALIGNMENT, granule), builder.shared);
    }

    static boolean byOffset(Builder builder) {
        return builder.alignment == Alignment.BY_OFFSET || builder.alignment == Alignment.BY_DEFAULT && isInFiles(builder);
    }

    static int shiftFor(Builder builder, long byteSize) {
        int shift = Math.max(builder.granuleShift, smallestShift(byteSize));
        if (1L << shift > LARGEST_GRANULE) {
            throw new IllegalArgumentException("the backing segment of " + byteSize + " bytes is too large: it must have less than 2^56");
        }
        return shift;
    }

    static long originIn(Builder builder, MemorySegment backing) {
        return byOffset(builder) ? 0 : -backing.address() & (1L << shiftFor(builder, backing.byteSize())) - 1;
    }

    static long unitsIn(Builder builder, MemorySegment backing) {
        long units = backing.byteSize() - originIn(builder, backing) >> shiftFor(builder, backing.byteSize());
        if (units < 1) {
            throw new IllegalArgumentException("the backing segment of " + backing.byteSize() + " bytes at address 0x"
                    + Long.toHexString(backing.address()) + " has no whole granule of " + (1L << shiftFor(builder, backing.byteSize())) + " bytes");
        }
        return units;
    }

    /// The smallest granule, as a power of two, with which so many bytes have fewer than 2^32.
    static int smallestShift(long byteSize) {
        return Math.max(SMALLEST_GRANULE_SHIFT, Long.SIZE - 32 - Long.numberOfLeadingZeros(byteSize));
    }
}
