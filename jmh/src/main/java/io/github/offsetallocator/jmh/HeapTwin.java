package io.github.offsetallocator.jmh;

import java.util.Arrays;

/// The reference fit of [io.github.offsetallocator.OffsetAllocator], step by step, on a `long[]` instead of a memory
/// segment: the same nodes, bins, handles and checks, and so the same offsets. The difference in time between the two
/// is what access through segments costs. Not for use: no quick lists, no alignment, no report.
///
/// ```
///  node n:  t[4n] offset | size     t[4n+1] bin links     t[4n+2] neighbours     t[4n+3] the user's tag, unused
/// ```
final class HeapTwin {
    static final long NO_SPACE = -1L;

    private static final int NIL = 0, EDGE = 1, BIN_HEADS = 2, FIRST_REGION = BIN_HEADS + 256;
    private static final long HIGH = 0xFFFF_FFFF_0000_0000L, LOW = 0xFFFF_FFFFL;
    private static final long ALLOCATED = 0x8000_0000_0000_0000L, UNUSED = 0xC000_0002_0000_0000L;
    private static final int LINKS = 1, SIDES = 2;

    private final long capacity;
    private final long[] leaves = new long[4];
    private long[] table = new long[1024 << 2];
    private int top;
    private int fresh = FIRST_REGION;
    private int unused = NIL;
    private int generation;

    HeapTwin(long capacity) {
        this.capacity = capacity;
        long[] t = table;
        int whole = newNode(t);
        t[(EDGE << 2) + LINKS] = -1;
        t[(EDGE << 2) + SIDES] = pair(whole, whole);
        t[whole << 2] = capacity;
        t[(whole << 2) + SIDES] = pair(EDGE, EDGE);
        link(t, roundDown(capacity), whole);
    }

    // ---- allocate ----------------------------------------------------------------------------------------------

    long allocate(long size) {
        if (size < 0 || size > capacity) {
            return NO_SPACE;
        }
        if (fresh + 2 > table.length >> 2) {
            table = Arrays.copyOf(table, 2 * table.length);
        }
        long[] t = table;
        int bin = firstBinFrom(roundUp(size));
        if (bin < 0) {
            return NO_SPACE;
        }
        int piece = carve(t, (int) t[(BIN_HEADS + bin << 2) + LINKS], size);
        int next = generation == Integer.MAX_VALUE ? 1 : generation + 1;
        generation = next;
        t[(piece << 2) + LINKS] = ALLOCATED | next;
        return pair(next, piece);
    }

    private int firstBinFrom(int bin) {
        int leaf = bin >>> 6;
        if (leaf > 3) {
            return -1;
        }
        long bits = leaves[leaf] & -1L << bin;
        if (bits == 0) {
            int above = top & -2 << leaf;
            if (above == 0) {
                return -1;
            }
            leaf = Integer.numberOfTrailingZeros(above);
            bits = leaves[leaf];
        }
        return (leaf << 6) + Long.numberOfTrailingZeros(bits);
    }

    private int carve(long[] t, int node, long size) {
        int n = node << 2;
        long region = t[n];
        long whole = region & LOW;
        long rest = whole - size;
        if (rest == 0) {
            unlink(t, node);
            return node;
        }
        int piece = newNode(t);
        int p = piece << 2;
        long sides = t[n + SIDES];
        t[p] = region & HIGH | size;
        t[p + SIDES] = sides & HIGH | node;
        t[n + SIDES] = pair(piece, (int) sides);
        setNextSide(t, (int) (sides >>> 32), piece);
        t[n] = region + (size << 32) - size;
        int bin = roundDown(rest);
        if (bin != roundDown(whole)) {
            unlink(t, node);
            link(t, bin, node);
        }
        return piece;
    }

    // ---- free --------------------------------------------------------------------------------------------------

    void free(long allocation) {
        long[] t = table;
        int node = checkLive(t, allocation);
        int n = node << 2;
        long sides = t[n + SIDES];
        int previous = (int) (sides >>> 32);
        int next = (int) sides;
        long size = t[n] & LOW;
        boolean left = t[(previous << 2) + LINKS] >= 0;
        boolean right = t[(next << 2) + LINKS] >= 0;
        if (left) {
            if (right) {
                unlink(t, next);
                size += t[next << 2] & LOW;
                int behind = (int) t[(next << 2) + SIDES];
                discard(t, node);
                discard(t, next);
                next = behind;
            } else {
                discard(t, node);
            }
            setNextSide(t, previous, next);
            setPreviousSide(t, next, previous);
            resizeFree(t, previous, t[previous << 2] + size);
        } else if (right) {
            setPreviousSide(t, next, previous);
            setNextSide(t, previous, next);
            long merged = t[n] + (t[next << 2] & LOW);
            discard(t, node);
            resizeFree(t, next, merged);
        } else {
            link(t, roundDown(size), node);
        }
    }

    private void resizeFree(long[] t, int node, long merged) {
        int n = node << 2;
        int oldBin = roundDown(t[n] & LOW);
        int bin = roundDown(merged & LOW);
        t[n] = merged;
        if (bin != oldBin || (int) (t[n + LINKS] >>> 32) >= FIRST_REGION) {
            unlink(t, node);
            link(t, bin, node);
        }
    }

    // ---- one allocation ----------------------------------------------------------------------------------------

    long offset(long allocation) {
        return table[checkLive(table, allocation) << 2] >>> 32;
    }

    private int checkLive(long[] t, long allocation) {
        int node = (int) allocation;
        if (Integer.compareUnsigned(node - FIRST_REGION, fresh - FIRST_REGION) >= 0
                || t[(node << 2) + LINKS] != (ALLOCATED | allocation >>> 32)) {
            throw new IllegalStateException("allocation 0x" + Long.toHexString(allocation) + " is not live here");
        }
        return node;
    }

    // ---- bins and nodes ----------------------------------------------------------------------------------------

    private void link(long[] t, int bin, int node) {
        int head = BIN_HEADS + bin;
        int next = (int) t[(head << 2) + LINKS];
        t[(head << 2) + LINKS] = node;
        t[(node << 2) + LINKS] = pair(head, next);
        int back = (next << 2) + LINKS;
        t[back] = t[back] & LOW | (long) node << 32;
        if (next == NIL) {
            leaves[bin >>> 6] |= 1L << bin;
            top |= 1 << (bin >>> 6);
        }
    }

    private void unlink(long[] t, int node) {
        long links = t[(node << 2) + LINKS];
        int previous = (int) (links >>> 32);
        int next = (int) links;
        int forth = (previous << 2) + LINKS;
        t[forth] = t[forth] & HIGH | next;
        int back = (next << 2) + LINKS;
        t[back] = t[back] & LOW | (long) previous << 32;
        if (next == NIL && previous < FIRST_REGION) {
            int bin = previous - BIN_HEADS;
            leaves[bin >>> 6] &= ~(1L << bin);
            if (leaves[bin >>> 6] == 0) {
                top &= ~(1 << (bin >>> 6));
            }
        }
    }

    private int newNode(long[] t) {
        int node = unused;
        if (node != NIL) {
            unused = (int) t[(node << 2) + LINKS];
        } else {
            node = fresh++;
        }
        return node;
    }

    private void discard(long[] t, int node) {
        t[(node << 2) + LINKS] = UNUSED | unused;
        unused = node;
    }

    private static void setNextSide(long[] t, int node, int next) {
        int i = (node << 2) + SIDES;
        t[i] = t[i] & HIGH | next;
    }

    private static void setPreviousSide(long[] t, int node, int previous) {
        int i = (node << 2) + SIDES;
        t[i] = t[i] & LOW | (long) previous << 32;
    }

    private static long pair(int high, int low) {
        return (long) high << 32 | low;
    }

    // ---- sizes as small floats ---------------------------------------------------------------------------------

    private static int roundDown(long size) {
        int shift = shift(size);
        return (shift << 3) + (int) (size >>> shift);
    }

    private static int roundUp(long size) {
        int shift = shift(size);
        return (shift << 3) + (int) ((size + (1L << shift) - 1) >>> shift);
    }

    private static int shift(long size) {
        return 60 - Long.numberOfLeadingZeros(size | 8);
    }
}
