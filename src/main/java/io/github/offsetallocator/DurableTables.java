package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.DurableFile;
import io.github.offsetallocator.internal.backing.FilePlan;
import io.github.offsetallocator.internal.tables.DamagedException;
import io.github.offsetallocator.internal.tables.PlacedMemory;
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
    private static FilePlan plan(long byteSize, int granuleShift, Fit fit) {
        long[] tables = Arrays.stream(Table.values()).mapToLong(table -> table.largest(byteSize >>> granuleShift)).toArray();
        return new FilePlan(byteSize, granuleShift, fit == Fit.REFERENCE ? REFERENCE : 0, tables);
    }

    /// Makes or opens an arena.
    static SegmentArena open(SegmentArena.Builder builder) {
        if (builder.realTime) {
            throw new IllegalStateException("a durable arena can't be for real time: a store to a file may wait for the disk");
        }
        if (builder.alignment == SegmentArena.Builder.Alignment.BY_ADDRESS) {
            throw new IllegalStateException("a durable arena aligns offsets: addresses are others when it is opened again");
        }
        FilePlan plan = plan(builder.byteSize, builder.shiftFor(builder.byteSize), builder.fit);
        DurableFile file = DurableFile.of(builder.path, plan, found -> expected(builder, found), builder.shared, builder.reserve);
        SegmentArena arena;
        try {
            arena = new SegmentArena(file, like(builder, file.plan()), in(file, builder.threads()));
        } catch (DamagedException e) {
            file.close();
            throw refused(builder, "its tables are damaged: " + e.getMessage(), e);
        } catch (Throwable failure) {
            file.close();
            if (failure.getCause() instanceof IOException full) {
                throw refused(builder, failure.getMessage(), full);
            }
            throw failure;
        }
        return publish(file, arena);
    }

    private static UncheckedIOException refused(SegmentArena.Builder builder, String reason, Throwable cause) {
        String message = "can't open the durable arena " + builder.path + ": " + reason;
        return new UncheckedIOException(message, new IOException(message, cause));
    }

    /// What a file must be like: as is stated, or as it was made.
    private static FilePlan expected(SegmentArena.Builder builder, FilePlan found) {
        long byteSize = builder.byteSize;
        int smallest = SegmentArena.smallestShift(byteSize);
        int largest = Math.max(smallest, Math.min(SegmentArena.LARGEST_GRANULE_SHIFT, 63 - Long.numberOfLeadingZeros(byteSize)));
        int shift = builder.isGranuleStated ? builder.shiftFor(byteSize) : Math.clamp(found.granuleShift(), smallest, largest);
        return plan(byteSize, shift, builder.isFitStated ? builder.fit : fit(found));
    }

    /// What a file says goes before what nobody has stated.
    private static SegmentArena.Builder like(SegmentArena.Builder builder, FilePlan plan) {
        SegmentArena.Builder like = new SegmentArena.Builder();
        like.source = builder.source;
        like.shared = builder.shared;
        like.zeroed = builder.zeroed;
        like.maxAllocations = builder.maxAllocations;
        like.granuleShift = plan.granuleShift();
        like.fit = fit(plan);
        return like;
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

    /// Lets a new file have its name, now that an arena lies in it.
    private static SegmentArena publish(DurableFile file, SegmentArena arena) {
        try {
            if (file.isNew()) {
                file.publish();
            }
            return arena;
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }
}
