package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Bins;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// What slabs hold, for reports and for calls that look for room. Reads entries and nodes and changes nothing; O(slots) unless
/// said otherwise.
final class SlabReport {
    private final Slabs slabs;

    SlabReport(Slabs slabs) {
        this.slabs = slabs;
    }

    /// Live and retired slots above, their units below, by the entries: sums that every call would write are what threads must not share.
    /// O(slots).
    long used() {
        long used = 0;
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            if (slabs.isSlab(row)) {
                int live = Long.bitCount(SlabTable.all(slabs.shape(row)) & ~slabs.free(row));
                used += (Header.ONE + SlabTable.size(slabs.shape(row))) * live;
            }
        }
        return used;
    }

    /// How many slots there are, live or free.
    int slots() {
        int slots = 0;
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            slots += slabs.isSlab(row) ? SlabTable.slots(slabs.shape(row)) : 0;
        }
        return slots;
    }

    /// How many slots hold a retired block.
    int retired() {
        int retired = 0;
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            for (int place = 0; slabs.isSlab(row) && place < SLOTS; place++) {
                long entry = slabs.entry(row << 6 | place);
                retired += isLive(entry) && (entry & RETIRED) != 0 ? 1 : 0;
            }
        }
        return retired;
    }

    /// The largest free region if each class's own empty slab went back, and its current one if that is empty. O(classes).
    long largestAroundOwn() {
        long largest = 0;
        for (int sizeClass = 1; sizeClass <= half(slabs.head(), LAST_CLASS); sizeClass++) {
            largest = Math.max(largest, largestIfEmpty(half(slabs.head(), line(sizeClass) + EMPTY)));
            largest = Math.max(largest, largestIfEmpty(slabs.current(sizeClass)));
        }
        return largest;
    }

    long largestIfEmpty(int row) {
        boolean isEmpty = row != 0 && row < half(slabs.head(), FRESH_ROW) && slabs.isSlab(row) && slabs.isEmpty(row);
        return isEmpty ? largestAround(row) : 0;
    }

    /// As [#largestAroundOwn], where any slab may be empty. O(slots).
    long largestAroundAny() {
        MemorySegment nodes = slabs.regions.table();
        long largest = 0;
        long free = 0;
        for (int node = nextNeighbour(nodes, EDGE); node != EDGE; node = nextNeighbour(nodes, node)) {
            free = isFreeOrEmpty(nodes, node) ? free + sizeOf(region(nodes, node)) : 0;
            largest = Math.max(largest, free);
        }
        return largest;
    }

    /// The free space that an empty slab and its neighbours would be; 0 if there is an empty slab on its left, whose own look counts both. So
    /// looks at all that are empty take O(1) each in the mean.
    private long largestAround(int row) {
        MemorySegment nodes = slabs.regions.table();
        int node = half(slabs.segment(row), slabs.at(row) + NODE);
        int left = previousNeighbour(nodes, node);
        long free = 0;
        if (links(nodes, left) >= 0) {
            free = sizeOf(region(nodes, left));
            left = previousNeighbour(nodes, left);
        }
        if (isFreeOrEmpty(nodes, left)) {
            return 0;
        }
        for (int right = node; isFreeOrEmpty(nodes, right); right = nextNeighbour(nodes, right)) {
            free += sizeOf(region(nodes, right));
        }
        return free;
    }

    private boolean isFreeOrEmpty(MemorySegment nodes, int node) {
        long links = links(nodes, node);
        return links >= 0 || node != EDGE && NodeState.isSlab(links) && slabs.isEmpty((int) links);
    }

    /// Whether any slot is free, by the entries. O(slots).
    boolean hasFree() {
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            if (slabs.isSlab(row) && slabs.free(row) != 0) {
                return true;
            }
        }
        return false;
    }

    /// As [Slabs#freeFrom]. O(1): a slab has 64 slots at most.
    long freeFrom(int row, int place) {
        long size = SlabTable.size(slabs.shape(row));
        int end = place;
        while (end < SlabTable.slots(slabs.shape(row)) && !isLive(slabs.entry(row << 6 | end))) {
            end++;
        }
        return (end < SlabTable.slots(slabs.shape(row)) ? end * size : slabs.units(row)) - place * size;
    }

    /// Adds the number of free regions in each bin: runs of free slots, the last one with the rest of the slab.
    void count(int[] counts) {
        for (int row = FIRST_ROW; row < half(slabs.head(), FRESH_ROW); row++) {
            if (slabs.isSlab(row)) {
                long size = SlabTable.size(slabs.shape(row));
                int slots = SlabTable.slots(slabs.shape(row));
                long free = slabs.free(row);
                long run = 0;
                for (int place = 0; place < slots; place++) {
                    if ((free >>> place & 1) != 0) {
                        run += size;
                    } else {
                        countRun(counts, run);
                        run = 0;
                    }
                }
                countRun(counts, run + slabs.units(row) - slots * size);
            }
        }
    }

    private static void countRun(int[] counts, long units) {
        if (units != 0) {
            counts[Bins.bin(units)]++;
        }
    }

    /// Whether the chunk before a wall has nothing but free regions and empty slabs.
    boolean isEmptyBefore(int wall) {
        MemorySegment nodes = slabs.regions.table();
        int node = previousNeighbour(nodes, wall);
        while (isFreeOrEmpty(nodes, node)) {
            node = previousNeighbour(nodes, node);
        }
        return node == EDGE || NodeState.isWall(links(nodes, node));
    }
}
