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

    private Reopened() {}

    /// Opens copies of the tables as they are now.
    ///
    /// @return what is live then
    static Set<String> live(Engine engine, Settings settings) {
        OneThread one = engine.one();
        MemorySegment nodes = one.regions().table();
        Map<Table, PlacedMemory> memory = new EnumMap<>(Table.class);
        try (Arena arena = Arena.ofShared()) {
            for (Table table : Table.values()) {
                MemorySegment place = arena.allocate(table.largest(settings.capacity()), 64);
                long[] used = {table == Table.NODES ? copyNodes(nodes, place) : table == Table.SLABS && one.slabs() != null ? copySlabs(one.slabs(), place) : 0};
                memory.put(table, new PlacedMemory(settings.threads(), place, new PlacedMemory.Room() {
                    @Override
                    public long byteSize() {
                        return used[0];
                    }

                    @Override
                    public void grow(long byteSize) {
                        used[0] = byteSize;
                    }
                }));
            }
            TablePlaces places = TablePlaces.of(memory, SHIFT, true, () -> {});
            Engine again = Engine.of(new Settings(Header.word(nodes, Header.CAPACITY), settings.policy(), settings.maxBlocks(), false,
                    settings.hasSlabs(), settings.byOffset(), settings.phase(), settings.threads(), places));
            again.verify();
            Set<String> live = live(again);
            again.close(() -> {});
            return live;
        }
    }

    private static long copyNodes(MemorySegment nodes, MemorySegment place) {
        MemorySegment.copy(nodes, 0, place, 0, Math.min(nodes.byteSize(), place.byteSize()));
        return Math.min(nodes.byteSize(), place.byteSize());
    }

    private static long copySlabs(Slabs slabs, MemorySegment place) {
        MemorySegment.copy(slabs.head(), 0, place, 0, SlabTable.BASE);
        long rows = SlabTable.rows(place);
        for (int row = 0; row < rows && slabs.segment(row) != null; row++) {
            MemorySegment.copy(slabs.segment(row), slabs.at(row), place, SlabTable.at(row), SlabTable.STRIDE);
        }
        return place.byteSize();
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
