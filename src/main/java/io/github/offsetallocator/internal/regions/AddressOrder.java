package io.github.offsetallocator.internal.regions;


/// Sorts keys of regions, which begin with the offset, in linear time and without comparing any two.
///
/// ```
///   key      | offset 32 | size > 0 ? 1 : 0 | any 31 |
///            |<--- this is the order --->|
/// ```
///
/// Those bits make a number of up to 33 bits. It is sorted by digits of at most 11 bits, the lowest first; a pass lets keys of the same
/// digit stay in their order, so after the last one all are sorted. The first pass over the keys counts all digits at once and sees
/// whether there is anything to do. What has the same offset, and is no block of no size, stays in the order in which it came.
public final class AddressOrder {
    private static final int IGNORED = 31;
    private static final int DIGIT = 11;
    private static final int DIGITS = 3;

    private AddressOrder() {}

    /// Returns an array that begins with the sorted keys: the same one, or another.
    public static long[] sort(long[] keys, int count) {
        int[][] ends = new int[DIGITS][1 << DIGIT];
        boolean isSorted = true;
        long last = 0;
        for (int i = 0; i < count; i++) {
            long place = keys[i] >>> IGNORED;
            isSorted &= place >= last;
            last = place;
            for (int digit = 0; digit < DIGITS; digit++) {
                ends[digit][digit(keys[i], digit)]++;
            }
        }
        long[] from = keys;
        long[] to = null;
        for (int digit = 0; digit < DIGITS && !isSorted; digit++) {
            if (ends[digit][digit(from[0], digit)] == count) {
                continue; // all have the same
            }
            to = to == null ? new long[count] : to;
            startsOf(ends[digit]);
            for (int i = 0; i < count; i++) {
                to[ends[digit][digit(from[i], digit)]++] = from[i];
            }
            long[] sorted = to;
            to = from;
            from = sorted;
        }
        return from;
    }

    private static int digit(long key, int digit) {
        return (int) (key >>> IGNORED + digit * DIGIT) & (1 << DIGIT) - 1;
    }

    /// Turns how many keys have a digit into where the first of them goes.
    private static void startsOf(int[] counts) {
        int start = 0;
        for (int value = 0; value < counts.length; value++) {
            int count = counts[value];
            counts[value] = start;
            start += count;
        }
    }
}
