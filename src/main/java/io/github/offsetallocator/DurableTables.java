package io.github.offsetallocator;

import io.github.offsetallocator.Building.From;
import io.github.offsetallocator.internal.backing.DurableFile;
import io.github.offsetallocator.internal.backing.FilePlan;
import io.github.offsetallocator.internal.tables.PlacedMemory;
import io.github.offsetallocator.internal.tables.RefusedException;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.TablePlaces;
import io.github.offsetallocator.internal.tables.TablePlaces.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/// What a durable arena's file and the tables of its engine know of each other.
final class DurableTables {
    private static final int REFERENCE = 1;

    private DurableTables() {}

    /// The plan of a file.
    private static FilePlan plan(long byteSize, long maxByteSize, int granuleShift, Fit fit) {
        long[] tables = Arrays.stream(Table.values()).mapToLong(table -> table.largest(maxByteSize >>> granuleShift)).toArray();
        return new FilePlan(byteSize, maxByteSize, granuleShift, fit == Fit.REFERENCE ? REFERENCE : 0, tables);
    }

    /// Makes or opens an arena.
    static SegmentArena open(SegmentArena.Builder builder) {
        if (builder.realTime) {
            throw new IllegalStateException("a durable arena can't be for real time: a store to a file may wait for the disk");
        }
        if (builder.alignment == SegmentArena.Builder.Alignment.BY_ADDRESS) {
            throw new IllegalStateException("a durable arena aligns offsets: addresses are others when it is opened again");
        }
        long maxByteSize = maxByteSize(builder);
        FilePlan plan = plan(builder.byteSize, maxByteSize, Building.shiftFor(builder, maxByteSize), builder.fit);
        DurableFile file = DurableFile.of(builder.path, plan, found -> expected(builder, found), builder.shared, builder.reserve);
        SegmentArena arena = null;
        try {
            boolean isNew = file.isNew();
            arena = make(builder, file);
            if (isNew) {
                file.publish(); // has its name, now that an arena lies in it
            }
            return arena;
        } catch (RefusedException e) {
            file.close();
            throw refused(builder, e.getMessage(), e);
        } catch (Throwable failure) {
            if (arena != null) {
                arena.close(); // that of a new file: nothing is live
            } else {
                file.close();
            }
            if (failure.getCause() instanceof IOException full) {
                throw refused(builder, failure.getMessage(), full);
            }
            throw failure;
        }
    }

    /// What a file says goes before what nobody has stated.
    private static SegmentArena make(SegmentArena.Builder builder, DurableFile file) {
        int granuleShift = builder.granuleShift;
        Fit fit = builder.fit;
        try {
            builder.granuleShift = file.plan().granuleShift();
            builder.fit = fit(file.plan());
            builder.checks.begin(false, builder.granuleShift);
            return new SegmentArena(new ArenaParts(file, builder, in(file, Building.threads(builder))), builder);
        } finally {
            builder.granuleShift = granuleShift;
            builder.fit = fit;
        }
    }

    private static UncheckedIOException refused(SegmentArena.Builder builder, String reason, Throwable cause) {
        String message = "can't open the durable arena " + builder.path + ": " + reason;
        return new UncheckedIOException(message, new IOException(message, cause));
    }

    /// Bytes that a new arena may grow to.
    private static long maxByteSize(SegmentArena.Builder builder) {
        Building.checkByteSize(builder);
        boolean isGrowing = builder.source == From.DURABLE_GROWING;
        if (builder.maxByteSize == 0 && !isGrowing) {
            return builder.byteSize;
        }
        if (builder.maxByteSize < builder.byteSize) {
            throw new IllegalArgumentException("maxByteSize " + builder.maxByteSize + " is less than byteSize, " + builder.byteSize);
        }
        if (isGrowing && (builder.chunkByteSize <= 0 || builder.chunkByteSize > builder.maxByteSize)) {
            throw new IllegalArgumentException("chunkByteSize " + builder.chunkByteSize + " is not in 1 to maxByteSize, " + builder.maxByteSize);
        }
        long granule = 1L << Building.shiftFor(builder, builder.maxByteSize);
        if (builder.byteSize < granule) {
            throw new IllegalArgumentException("byteSize " + builder.byteSize + " is less than a granule of " + granule + ", for the maxByteSize of " + builder.maxByteSize);
        }
        return builder.maxByteSize;
    }

    /// What a file must be like: as is stated, or as it was made.
    private static FilePlan expected(SegmentArena.Builder builder, FilePlan found) {
        long most = builder.maxByteSize == 0 ? found.maxByteSize() : builder.maxByteSize;
        int smallest = Building.smallestShift(most);
        int largest = Math.max(smallest, Math.min(Building.LARGEST_GRANULE_SHIFT, 63 - Long.numberOfLeadingZeros(builder.byteSize)));
        int shift = builder.isGranuleStated ? Building.shiftFor(builder, most) : Math.clamp(found.granuleShift(), smallest, largest);
        return plan(builder.byteSize, most, shift, builder.isFitStated ? builder.fit : fit(found));
    }

    private static Fit fit(FilePlan plan) {
        return (plan.flags() & REFERENCE) != 0 ? Fit.REFERENCE : Fit.GOOD;
    }

    /// Where the tables lie in a file.
    private static TablePlaces in(DurableFile file, TableMemory.Threads threads) {
        Map<Table, PlacedMemory> memory = new EnumMap<>(Table.class);
        for (Table table : Table.values()) {
            memory.put(table, new PlacedMemory(threads, file.table(table.ordinal()), new PlacedMemory.Room() {
                @Override
                public long byteSize() {
                    return file.tableBytes(table.ordinal());
                }

                @Override
                public void grow(long byteSize) {
                    file.growTable(table.ordinal(), byteSize);
                }
            }));
        }
        return TablePlaces.of(memory, file.plan().granuleShift(), !file.isNew(), file::publish);
    }
}
