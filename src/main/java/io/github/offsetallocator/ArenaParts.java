package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Backing;
import io.github.offsetallocator.internal.backing.ChunkedMemory;
import io.github.offsetallocator.internal.backing.Source;
import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.engine.Settings;
import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.tables.TablePlaces;
import java.lang.foreign.MemorySegment;

/// What a [SegmentArena] is put together from: memory, an engine that counts its granules, and what makes the memory larger.
///
/// ```
///   one segment   | not used | granule 0 | granule 1 | ...  | not used |      engine: units 0, 1, ...
///                 0          origin                         origin + byteSize
///   chunks        | granules, some of which have memory ... |                 engine: the same, between walls
///                 0 = origin                       byteSize
/// ```
///
/// If this fails, the memory is for the caller to close.
final class ArenaParts {
    final Backing memory;
    final long largestAlignment;
    final int shift;
    /// Bytes from the start of the memory to the first granule.
    final long origin;
    /// Bytes from there to behind the last one.
    final long byteSize;
    final boolean byOffset;
    final Engine engine;
    final Places places;
    final NewBlocks newBlocks;
    /// What makes the memory larger, or null if it has one size.
    final Growth growth;
    final OpenScopes scopes = new OpenScopes();

    /// Those of an arena over one segment.
    ArenaParts(Backing behind, SegmentArena.Builder builder, TablePlaces tables) {
        memory = builder.checks.before(behind, builder.shared);
        MemorySegment backing = memory.segment();
        Object heapBase = backing.heapBase().orElse(null);
        largestAlignment = heapBase == null || Building.byOffset(builder) ? 1L << 62 : elementSize(heapBase);
        shift = Building.shiftFor(builder, backing.byteSize());
        origin = Building.originIn(builder, backing);
        long base = backing.address() + origin;
        byOffset = Building.byOffset(builder);
        long units = Building.unitsIn(builder, backing);
        byteSize = units << shift;
        int limit = builder.realTime ? (int) Math.min(builder.maxAllocations, units) : builder.maxAllocations;
        Engine made = Engine.of(new Settings(Math.min(units, memory.byteSize() >>> shift), builder.fit.policy, limit, builder.realTime, !builder.realTime && builder.fit == Fit.GOOD,
                true, Building.byOffset(builder) ? 0 : base >>> shift,
                Building.threads(builder), tables));
        try {
            engine = builder.checks.before(made, memory, shift, origin);
            places = Places.fixed(this);
            newBlocks = NewBlocks.of(engine, tables.isDurable());
            engine.expect(units);
            growth = builder.source == Building.From.DURABLE_GROWING ? new FileGrowth(engine, memory.resizable(), newBlocks, shift, (builder.chunkByteSize - 1 >>> shift) + 1, units) : null;
        } catch (Throwable failure) {
            made.close(() -> {});
            throw failure;
        }
    }

    /// Those of an arena whose memory comes in chunks.
    ArenaParts(ChunkGeometry geometry, Source source, SegmentArena.Builder builder) {
        shift = geometry.shift();
        largestAlignment = geometry.largestAlignment();
        origin = 0;
        byteSize = geometry.capacity() << shift;
        byOffset = Building.byOffset(builder);
        ChunkedMemory chunks = builder.path != null ? new ChunkedMemory.InFiles(geometry.slotShift(), geometry.slots(), !byOffset)
                : new ChunkedMemory(geometry.slotShift(), geometry.slots(), !byOffset);
        memory = builder.checks.before(chunks, builder.shared);
        Walls walls = new Walls(geometry.limit(), geometry.chunk(), geometry.slots() + 1);
        Engine made = Engine.of(new Settings(geometry.capacity(), builder.fit.policy, builder.maxAllocations, false, builder.fit == Fit.GOOD,
                true, 0, Building.threads(builder), TablePlaces.ofNative(Building.threads(builder)), walls));
        try {
            engine = builder.checks.before(made, memory, shift, origin);
            places = builder.shared ? Places.comingAndGoing(this) : Places.fixed(this);
            newBlocks = NewBlocks.of(engine, false);
            growth = new ChunkGrowth(engine, chunks, walls, source, geometry, scopes::isEmpty);
        } catch (Throwable failure) {
            made.close(() -> {});
            throw failure;
        }
    }

    private static long elementSize(Object array) {
        return switch (array) {
            case byte[] _ -> Byte.BYTES;
            case short[] _ -> Short.BYTES;
            case char[] _ -> Character.BYTES;
            case int[] _ -> Integer.BYTES;
            case float[] _ -> Float.BYTES;
            default -> Long.BYTES;
        };
    }
}
