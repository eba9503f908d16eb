package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.PlacedMemory;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TablePlaces;
import io.github.offsetallocator.internal.tables.TablePlaces.Table;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Opens the tables of an engine once more, as another process would that finds them in a file: a kill is an error after which
/// nothing but the tables is left.
final class Reopened {
    private static final int SHIFT = 4;
    private static final long MORE = 1 << 16;

    private Reopened() {}

    /// Opens copies of the tables as they are now.
    ///
    /// @param cut if not 0, a first try to open them is cut short after so many stores
    /// @return what is live then
    static Set<String> live(Engine engine, Settings settings, int cut) {
        OneThread one = engine.one();
        MemorySegment nodes = one.regions().table();
        MemorySegment[] tables = new MemorySegment[Table.values().length];
        long[] onDisk = new long[tables.length];
        try (Arena arena = Arena.ofShared()) {
            for (Table table : Table.values()) {
                MemorySegment found = table == Table.NODES ? nodes : table == Table.SLABS && one.slabs() != null ? slabs(one.slabs(), arena) : MemorySegment.NULL;
                int i = table.ordinal();
                tables[i] = arena.allocate(Math.min(found.byteSize() + MORE, table.largest(settings.capacity())), 64);
                onDisk[i] = Math.min(found.byteSize(), tables[i].byteSize());
                MemorySegment.copy(found, 0, tables[i], 0, onDisk[i]);
            }
            if (cut > 0) {
                tryToOpen(in(tables, onDisk, settings, nodes), cut);
            }
            Engine again = Engine.of(in(tables, onDisk, settings, nodes));
            again.verify();
            Set<String> live = live(again);
            again.close(() -> {});
            return live;
        }
    }

    private static Settings in(MemorySegment[] tables, long[] onDisk, Settings settings, MemorySegment nodes) {
        Map<Table, PlacedMemory> memory = new EnumMap<>(Table.class);
        for (Table table : Table.values()) {
            memory.put(table, new PlacedMemory(settings.threads(), tables[table.ordinal()], new PlacedMemory.Room() {
                @Override
                public long byteSize() {
                    return onDisk[table.ordinal()];
                }

                @Override
                public void grow(long byteSize) {
                    onDisk[table.ordinal()] = byteSize;
                }
            }));
        }
        return new Settings(Header.word(nodes, Header.CAPACITY), settings.policy(), settings.maxBlocks(), false, settings.hasSlabs(),
                settings.byOffset(), settings.phase(), settings.threads(), TablePlaces.of(memory, SHIFT, true, () -> {}));
    }

    private static void tryToOpen(Settings found, int cut) {
        Cut.arm(cut);
        try {
            Engine.of(found).close(() -> {});
        } catch (Cut.Struck struck) {
            return;
        } finally {
            Cut.disarm();
        }
    }

    /// The table of slabs as it is in a file: in one piece.
    private static MemorySegment slabs(Slabs slabs, Arena arena) {
        int rows = 1;
        while (slabs.segment(rows) != null && rows < SlabTable.half(slabs.head(), SlabTable.VIRGIN_ROW)) {
            rows++;
        }
        MemorySegment table = arena.allocate(SlabTable.bytes(rows), 64);
        MemorySegment.copy(slabs.head(), 0, table, 0, SlabTable.BASE);
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(slabs.segment(row), slabs.at(row), table, SlabTable.at(row), SlabTable.STRIDE);
        }
        return table;
    }

    /// Handle, place and size of each block that is live.
    static Set<String> live(Engine engine) {
        Set<String> live = new TreeSet<>();
        engine.forEachRegion(live, engine, (all, of, offset, size, handle) -> {
            if (handle > 0) {
                all.add(Long.toHexString(handle) + " at " + offset + " of " + of.size(handle, SHIFT));
            }
        });
        return live;
    }
}
