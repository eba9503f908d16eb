package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.Header.LEAVES;
import static io.github.offsetallocator.internal.tables.Header.TOP;
import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.tables.Header;
import java.lang.foreign.MemorySegment;

/// Free regions in 256 lists by size, and a bit field of two levels to find the next list that is not empty.
///
/// ```
///   top      4 bits        bit l is set iff leaf l is not 0
///   leaf     4 x 64 bits   bit b of leaf l is set iff bin 64 l + b holds a region
///   bin      a doubly linked list of nodes; its head is a node too
/// ```
///
/// The original has 8 top bits over 32 leaves of 8 bits; words of 64 bits need 4. The lowest bit that is set at or above
/// a bin is the same.
public final class Bins {
    private Bins() {}

    /// The bin that a free region of `size` units lies in.
    public static int bin(long size) {
        return SmallFloat.roundDown(size);
    }

    /// The first region of a bin, or NIL.
    public static int first(MemorySegment t, int bin) {
        return next(t, BIN_HEADS + bin);
    }

    /// The first bin at or above `bin` (up to 256) that holds a region, or -1.
    public static int firstFrom(MemorySegment t, int bin) {
        int leaf = bin >>> 6;
        if (leaf > 3) {
            return -1;
        }
        long bits = t.get(WORD, LEAVES + ((long) leaf << 3)) & -1L << bin;
        if (bits == 0) {
            int leaves = t.get(HALF, TOP) & -2 << leaf;
            if (leaves == 0) {
                return -1;
            }
            leaf = Integer.numberOfTrailingZeros(leaves);
            bits = t.get(WORD, LEAVES + ((long) leaf << 3));
        }
        return (leaf << 6) + Long.numberOfTrailingZeros(bits);
    }

    /// The highest bin that holds a region, or -1.
    public static int last(MemorySegment t) {
        int top = t.get(HALF, TOP);
        if (top == 0) {
            return -1;
        }
        int leaf = 31 - Integer.numberOfLeadingZeros(top);
        return (leaf << 6) + 63 - Long.numberOfLeadingZeros(Header.leaf(t, leaf));
    }

    /// Puts a node first into a bin.
    static void link(MemorySegment t, int bin, int node) {
        int head = BIN_HEADS + bin;
        long headAt = (long) head << SHIFT;
        int next = t.get(HALF, headAt + NEXT);
        t.set(HALF, headAt + NEXT, node);
        t.set(WORD, ((long) node << SHIFT) + LINKS, (long) head << 32 | next);
        t.set(HALF, ((long) next << SHIFT) + PREVIOUS, node);
        if (next == NIL) {
            long leafAt = LEAVES + ((long) (bin >>> 6) << 3);
            t.set(WORD, leafAt, t.get(WORD, leafAt) | 1L << bin);
            t.set(HALF, TOP, t.get(HALF, TOP) | 1 << (bin >>> 6));
        }
    }

    /// Takes a node out of its bin.
    static void unlink(MemorySegment t, int node) {
        long at = (long) node << SHIFT;
        int previous = t.get(HALF, at + PREVIOUS);
        int next = t.get(HALF, at + NEXT);
        t.set(HALF, ((long) previous << SHIFT) + NEXT, next);
        t.set(HALF, ((long) next << SHIFT) + PREVIOUS, previous);
        if (next == NIL && previous < FIRST_REGION) {
            int bin = previous - BIN_HEADS;
            long leafAt = LEAVES + ((long) (bin >>> 6) << 3);
            long bits = t.get(WORD, leafAt) & ~(1L << bin);
            t.set(WORD, leafAt, bits);
            if (bits == 0) {
                t.set(HALF, TOP, t.get(HALF, TOP) & ~(1 << (bin >>> 6)));
            }
        }
    }

    /// Adds the number of regions in each bin.
    public static void count(MemorySegment t, int[] counts) {
        for (int bin = firstFrom(t, 0); bin >= 0; bin = firstFrom(t, bin + 1)) {
            for (int node = first(t, bin); node != NIL; node = next(t, node)) {
                counts[bin]++;
            }
        }
    }

    /// No bin holds a region, and the edge is its own neighbour.
    static void empty(MemorySegment t) {
        zero(t, (long) BIN_HEADS << SHIFT, bytes(SmallFloat.BINS));
        zero(t, Header.LEAVES, 32);
        Header.setHalf(t, Header.TOP, 0);
        setLinks(t, EDGE, -1);
        setSides(t, EDGE, pair(EDGE, EDGE));
    }
}
