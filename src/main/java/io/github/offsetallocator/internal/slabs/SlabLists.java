package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Which slabs of a class have a free slot, where one thread works at a time.
///
/// ```
///   a class's line    head ----> slab <--> slab <--> slab         those with a free bit in their row
///                     empty ---> one of them, if all its bits are free
/// ```
///
/// The current slab of a class has its free bits elsewhere ([CurrentSlabs]), and is on no list. A list is changed by one store to the head, so that an
/// error can't leave it in pieces. `previous` is exact for all but the first.
final class SlabLists {
    private SlabLists() {}

    /// Lists a slab that has its first free bit.
    static void list(MemorySegment t, long line, int row) {
        int head = t.get(HALF, line + HEAD);
        t.set(HALF, SlabTable.at(row) + NEXT_ROW, head);
        t.set(HALF, SlabTable.at(head) + PREVIOUS_ROW, row);
        t.set(HALF, line + HEAD, row);
    }

    /// Lists a slab that was just made, or found, if it has a free bit.
    static void link(MemorySegment t, long line, int row) {
        long at = SlabTable.at(row);
        long bits = word(t, at + BITS);
        if (bits == 0) {
            return;
        }
        if (bits == SlabTable.all(word(t, at + SHAPE))) {
            setHalf(t, line + EMPTY, row);
        }
        list(t, line, row);
    }

    /// Takes a slab off its list, if it is on it: those with a free bit are.
    static void unlink(MemorySegment t, long line, int row) {
        long at = SlabTable.at(row);
        if (word(t, at + BITS) == 0) {
            return;
        }
        int next = half(t, at + NEXT_ROW);
        if (half(t, line + HEAD) == row) {
            setHalf(t, line + HEAD, next);
            return;
        }
        int previous = half(t, at + PREVIOUS_ROW);
        assert half(t, SlabTable.at(previous) + NEXT_ROW) == row : "row " + row + " does not follow row " + previous;
        setHalf(t, SlabTable.at(previous) + NEXT_ROW, next);
        setHalf(t, SlabTable.at(next) + PREVIOUS_ROW, previous);
    }

    /// Whether any slab has a free bit in its row.
    static boolean hasFree(MemorySegment t, long line) {
        return half(t, line + HEAD) != 0;
    }

    /// Whether a row, which a class says was empty, still holds an empty slab of that class.
    static boolean isEmpty(MemorySegment t, int row, long line) {
        if (row == 0 || row >= half(t, FRESH_ROW)) {
            return false;
        }
        long shape = word(t, SlabTable.at(row) + SHAPE);
        long all = SlabTable.all(shape);
        return all != 0 && word(t, SlabTable.at(row) + BITS) == all && line(SlabTable.sizeClass(shape)) == line;
    }

    /// No class lists a slab.
    static void clear(MemorySegment t) {
        for (int sizeClass = 1; sizeClass <= half(t, LAST_CLASS); sizeClass++) {
            setHalf(t, line(sizeClass) + HEAD, 0);
            setHalf(t, line(sizeClass) + EMPTY, 0);
        }
    }
}
