package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.WORD;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// The slab of each class that requests are served from, where one thread works at a time, with its free bits.
///
/// ```
///   free bits            word 2c of class c
///   its first slot       word 2c + 1          0 = none
///
///   allocate ------> the lowest free bit; if there is none, the first slab of the list is the current one from then on
///   free ----------> into the current slab: its bit here
///                    into another one:      its bit there, and on the list if it is the first
/// ```
///
/// A current slab is on no list, and its row has no free bits: they are here. Requests don't leave it before it is full, so a program that frees
/// and allocates in turn crosses no edge of a slab, and a slab that has become full gathers free slots before it is asked again.
///
/// The words lie in an array and not in the table. They follow from the entries, as lists do: what makes lists anew empties it. And an
/// access to an array costs less than one to a segment, by far where a program uses confined and shared segments both.
final class CurrentSlabs {
    /// For calls that must not take the short way: no class has a slab. Nobody writes to it.
    static final long[] NONE = new long[2 * CLASSES];

    /// Both words of each class.
    final long[] words = new long[2 * CLASSES];

    boolean hasFree(int sizeClass) {
        return words[2 * sizeClass] != 0;
    }

    /// The row of a class's current slab, or 0.
    int row(int sizeClass) {
        return (int) words[2 * sizeClass + 1] >>> 6;
    }

    /// The free bits of a slab of a class that are here.
    long bits(int sizeClass, int row) {
        return row(sizeClass) == row ? words[2 * sizeClass] : 0;
    }

    /// Makes the first slab on the list of a class the current one, in place of one that is full. Returns its free bits; 0 if there is none.
    static long next(long[] words, MemorySegment t, int sizeClass) {
        int row = SlabLists.removeFirst(t, line(sizeClass));
        if (row == 0) {
            return 0;
        }
        long bits = t.get(WORD, SlabTable.at(row) + BITS);
        t.set(WORD, SlabTable.at(row) + BITS, 0);
        words[2 * sizeClass] = bits;
        words[2 * sizeClass + 1] = row << 6;
        return bits;
    }

    /// A class has no current slab any more: its free bits go back to it, and it to the list if it has any.
    void leave(MemorySegment t, int sizeClass) {
        int row = row(sizeClass);
        long bits = words[2 * sizeClass];
        words[2 * sizeClass] = 0;
        words[2 * sizeClass + 1] = 0;
        if (bits != 0) {
            setWord(t, SlabTable.at(row) + BITS, bits);
            SlabLists.list(t, line(sizeClass), row);
        }
    }

    void clear() {
        for (int i = 0; i < words.length; i++) { // not Arrays.fill: a class that is first needed here would have to be found, on the heap
            words[i] = 0;
        }
    }
}
