package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Which slabs of a class have a free slot, where one thread works at a time.
///
/// ```
///   a class's line    head ----> slab <--> slab <--> slab <---- tail       those with a free bit in their row
///                     empty ---> one of them, if all its bits are free
/// ```
///
/// The current slab of a class has its free bits elsewhere ([CurrentSlabs]), and is on no list. The slab that has been listed longest comes first: it has
/// gathered most free slots. `previous` is exact for all but the first.
final class SlabLists {
    private SlabLists() {}

    /// Lists a slab that has its first free bit, as the last.
    static void list(MemorySegment t, long line, int row) {
        int tail = t.get(HALF, line + TAIL);
        t.set(HALF, SlabTable.at(row) + NEXT_ROW, 0);
        t.set(HALF, SlabTable.at(row) + PREVIOUS_ROW, tail);
        t.set(HALF, line + TAIL, row);
        t.set(HALF, tail == 0 ? line + HEAD : SlabTable.at(tail) + NEXT_ROW, row);
    }

    /// Takes the first slab off its list. Returns its row, or 0 if there is none.
    static int removeFirst(MemorySegment t, long line) {
        int row = t.get(HALF, line + HEAD);
        if (row != 0) {
            int next = t.get(HALF, SlabTable.at(row) + NEXT_ROW);
            t.set(HALF, line + HEAD, next);
            if (next == 0) {
                t.set(HALF, line + TAIL, 0);
            }
        }
        return row;
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
        if (half(t, line + HEAD) == row) {
            removeFirst(t, line);
            return;
        }
        int next = half(t, at + NEXT_ROW);
        int previous = half(t, at + PREVIOUS_ROW);
        assert half(t, SlabTable.at(previous) + NEXT_ROW) == row : "row " + row + " does not follow row " + previous;
        setHalf(t, SlabTable.at(previous) + NEXT_ROW, next);
        setHalf(t, next == 0 ? line + TAIL : SlabTable.at(next) + PREVIOUS_ROW, previous);
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
            setHalf(t, line(sizeClass) + TAIL, 0);
            setHalf(t, line(sizeClass) + EMPTY, 0);
        }
    }
}
