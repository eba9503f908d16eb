package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;

/// Up to two free slots of each class that wait to be taken next, where one thread works at a time. They are neither live nor among the
/// free bits of their slabs.
///
/// ```
///                    63  62          32  31  30        0
///   taken first     | 0 | generation   | 0  | slot      |    word 2c of class c       0 = none
///   taken then      | 0 | generation   | 0  | slot      |    word 2c + 1
///
///   freed ------> waits, if fewer than two do, and is taken first
///   none waits -> the first two free slots of a slab wait
/// ```
///
/// A slot's generation waits with it, so that the slot can be taken without a look at its entry: one store makes it live.
///
/// The words lie in an array and not in the table. They follow from the entries, as lists do: what makes lists anew empties
/// it. And an access to an array costs less than one to a segment, by far where a program uses confined and shared segments both.
final class WaitingSlots {
    /// For calls that must not take the short way: no slot waits. Nobody writes to it.
    static final long[] NONE = new long[2 * CLASSES];

    /// Both words of each class.
    final long[] words = new long[2 * CLASSES];

    boolean isEmpty(int sizeClass) {
        return words[2 * sizeClass] == 0;
    }

    /// Removes the slot of a class that would be taken first, and returns it; 0 if none waits.
    int remove(int sizeClass) {
        int slot = (int) words[2 * sizeClass];
        words[2 * sizeClass] = words[2 * sizeClass + 1];
        words[2 * sizeClass + 1] = 0;
        return slot;
    }

    /// Whether all those slots of a slab wait, two at most.
    boolean areIn(int row, int sizeClass, long bits) {
        for (int index = 2 * sizeClass; index <= 2 * sizeClass + 1; index++) {
            int slot = (int) words[index];
            bits &= slot >>> 6 == row ? ~(1L << slot) : -1;
        }
        return bits == 0;
    }

    /// Puts those slots of a slab that wait back into it, the last to be taken first.
    void settle(MemorySegment t, int row) {
        int sizeClass = SlabTable.sizeClass(word(t, SlabTable.at(row) + SHAPE));
        long stays = 0;
        for (int index = 2 * sizeClass + 1; index >= 2 * sizeClass; index--) {
            long word = words[index];
            words[index] = 0;
            if ((int) word >>> 6 == row) {
                SlabLists.setFree(t, line(sizeClass), (int) word);
            } else if (word != 0) {
                words[2 * sizeClass + 1] = stays;
                stays = word;
            }
        }
        words[2 * sizeClass] = stays;
    }

    void clear() {
        for (int i = 0; i < words.length; i++) { // not Arrays.fill: a class that is first needed here would have to be found, on the heap
            words[i] = 0;
        }
    }
}
