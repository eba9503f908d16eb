package io.github.offsetallocator.internal.tables;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/// Where the tables of one engine lie: in native memory, or in a file where they may be found again.
public interface TablePlaces {
    /// The tables that say what is live. All others can be made anew from them.
    enum Table {
        NODES, SLABS, NODE_TAGS, SLOT_TAGS;

        /// Bytes of the largest table that a range can need: a node for each unit, and a row for each 16th.
        public long largest(long units) {
            long nodes = Math.min(NodeTable.MAX_NODES, NodeTable.FIRST_REGION + units + SPARE_NODES);
            long rows = Math.min(SlabTable.MAX_ROWS, (units >>> 4) + SPARE_ROWS & -SPARE_ROWS);
            return switch (this) {
                case NODES -> NodeTable.bytes(nodes);
                case SLABS -> SlabTable.bytes(rows);
                case NODE_TAGS -> TagTable.bytes(nodes);
                case SLOT_TAGS -> TagTable.bytes(rows * SlabTable.SLOTS);
            };
        }
    }

    int SPARE_NODES = 16;
    int SPARE_ROWS = 32;

    /// Memory for a table, to be asked for once.
    ///
    /// @param common as in [TableMemory], for tables that lie in no file
    TableMemory memory(Table table, Arena common);

    /// A table as an earlier process has left it, or null.
    MemorySegment found(Table table);

    /// Whether the tables are as an earlier process has left them.
    boolean areFound();

    /// Says that tables that were found are in order, and are about to be changed.
    void accept();

    /// Whether the tables lie in a file.
    boolean isDurable();

    /// Parts of a unit, as a power of two: what slacks are counted in.
    int shift();

    /// Native memory, which starts empty.
    static TablePlaces ofNative(TableMemory.Threads threads) {
        return new TablePlaces() {
            @Override
            public TableMemory memory(Table table, Arena common) {
                return new TableMemory(threads, common);
            }

            @Override
            public MemorySegment found(Table table) {
                return null;
            }

            @Override
            public boolean areFound() {
                return false;
            }

            @Override
            public void accept() {}

            @Override
            public boolean isDurable() {
                return false;
            }

            @Override
            public int shift() {
                return 0;
            }
        };
    }

    /// Places in a file.
    ///
    /// @param accept what is to happen before tables that were found are changed
    static TablePlaces of(Map<Table, PlacedMemory> memory, int shift, boolean areFound, Runnable accept) {
        return new TablePlaces() {
            @Override
            public TableMemory memory(Table table, Arena common) {
                return memory.get(table);
            }

            @Override
            public MemorySegment found(Table table) {
                return memory.get(table).found();
            }

            @Override
            public boolean areFound() {
                return areFound;
            }

            @Override
            public void accept() {
                accept.run();
            }

            @Override
            public boolean isDurable() {
                return true;
            }

            @Override
            public int shift() {
                return shift;
            }
        };
    }
}
