package io.github.offsetallocator.jmh;

import java.util.Arrays;

/// The original's `allocate` and `free`, translated line by line onto Java arrays: what the algorithm costs in Java, whoever writes it. No handle
/// is checked, nothing is counted for others, no error is survived, and the number of blocks is fixed.
///
/// ```
///   nodes   int[]   | offset | size | bin: previous, next | neighbours: previous, next | used |     8 a node
///   bins    int[]   first node of each, or NONE
///   leaves  byte[]  bins that hold a node, 8 bits for each bit of `top`
/// ```
///
/// Source: [offsetAllocator.cpp](https://github.com/sebbbi/OffsetAllocator/blob/main/offsetAllocator.cpp), MIT, Copyright (c) 2023 Sebastian
/// Aaltonen.
final class Original implements Subject {
    private static final int NONE = -1;
    private static final int SHIFT = 3;
    private static final int OFFSET = 0, SIZE = 1, BIN_PREVIOUS = 2, BIN_NEXT = 3, PREVIOUS = 4, NEXT = 5, USED = 6;

    private final int[] live;
    private final int[] nodes;
    private final int[] freeNodes;
    private final int[] bins = new int[256];
    private final byte[] leaves = new byte[32];
    private int top;
    private int freeNode;
    private int freeStorage;

    Original(int slots, long granules) {
        live = new int[slots];
        int most = 2 * slots + 2; // a node for each block, and one for each free region beside it
        nodes = new int[most << SHIFT];
        freeNodes = new int[most];
        freeNode = most - 1;
        Arrays.setAll(freeNodes, i -> most - i - 1);
        Arrays.fill(bins, NONE);
        insert((int) granules, 0);
    }

    @Override
    public void allocate(int slot, int bytes) {
        int size = (int) Subject.granules(bytes);
        int least = roundUp(size);
        int topBin = least >>> 3;
        int leafBin = NONE;
        if ((top & 1 << topBin) != 0) {
            leafBin = lowestFrom(leaves[topBin] & 0xFF, least & 7);
        }
        if (leafBin == NONE) {
            topBin = lowestFrom(top, topBin + 1);
            if (freeNode == 0 || topBin == NONE) {
                throw new Refused(bytes);
            }
            leafBin = Integer.numberOfTrailingZeros(leaves[topBin]);
        }
        int bin = topBin << 3 | leafBin;
        int index = bins[bin];
        int node = index << SHIFT;
        int whole = nodes[node + SIZE];
        int nextInBin = nodes[node + BIN_NEXT];
        nodes[node + SIZE] = size;
        nodes[node + USED] = 1;
        bins[bin] = nextInBin;
        if (nextInBin != NONE) {
            nodes[(nextInBin << SHIFT) + BIN_PREVIOUS] = NONE;
        }
        freeStorage -= whole;
        if (nextInBin == NONE) {
            clear(topBin, leafBin);
        }
        int rest = whole - size;
        if (rest > 0) {
            int restIndex = insert(rest, nodes[node + OFFSET] + size);
            int next = nodes[node + NEXT];
            if (next != NONE) {
                nodes[(next << SHIFT) + PREVIOUS] = restIndex;
            }
            nodes[(restIndex << SHIFT) + PREVIOUS] = index;
            nodes[(restIndex << SHIFT) + NEXT] = next;
            nodes[node + NEXT] = restIndex;
        }
        live[slot] = index;
    }

    @Override
    public void free(int slot) {
        int index = live[slot];
        int node = index << SHIFT;
        if (nodes[node + USED] == 0) {
            throw new IllegalStateException("freed twice: " + index);
        }
        int offset = nodes[node + OFFSET];
        int size = nodes[node + SIZE];
        int previous = nodes[node + PREVIOUS];
        int next = nodes[node + NEXT];
        if (previous != NONE && nodes[(previous << SHIFT) + USED] == 0) {
            offset = nodes[(previous << SHIFT) + OFFSET];
            size += nodes[(previous << SHIFT) + SIZE];
            remove(previous);
            previous = nodes[(previous << SHIFT) + PREVIOUS];
        }
        if (next != NONE && nodes[(next << SHIFT) + USED] == 0) {
            size += nodes[(next << SHIFT) + SIZE];
            remove(next);
            next = nodes[(next << SHIFT) + NEXT];
        }
        freeNodes[++freeNode] = index;
        int combined = insert(size, offset);
        if (next != NONE) {
            nodes[(combined << SHIFT) + NEXT] = next;
            nodes[(next << SHIFT) + PREVIOUS] = combined;
        }
        if (previous != NONE) {
            nodes[(combined << SHIFT) + PREVIOUS] = previous;
            nodes[(previous << SHIFT) + NEXT] = combined;
        }
    }

    @Override
    public long offset(int slot) {
        return nodes[(live[slot] << SHIFT) + OFFSET] & 0xFFFF_FFFFL;
    }

    private int insert(int size, int offset) {
        int bin = roundDown(size);
        int nextInBin = bins[bin];
        if (nextInBin == NONE) {
            leaves[bin >>> 3] |= (byte) (1 << (bin & 7));
            top |= 1 << (bin >>> 3);
        }
        int index = freeNodes[freeNode--];
        int node = index << SHIFT;
        nodes[node + OFFSET] = offset;
        nodes[node + SIZE] = size;
        nodes[node + BIN_PREVIOUS] = NONE;
        nodes[node + BIN_NEXT] = nextInBin;
        nodes[node + PREVIOUS] = NONE;
        nodes[node + NEXT] = NONE;
        nodes[node + USED] = 0;
        if (nextInBin != NONE) {
            nodes[(nextInBin << SHIFT) + BIN_PREVIOUS] = index;
        }
        bins[bin] = index;
        freeStorage += size;
        return index;
    }

    private void remove(int index) {
        int node = index << SHIFT;
        int previous = nodes[node + BIN_PREVIOUS];
        int next = nodes[node + BIN_NEXT];
        if (previous != NONE) {
            nodes[(previous << SHIFT) + BIN_NEXT] = next;
            if (next != NONE) {
                nodes[(next << SHIFT) + BIN_PREVIOUS] = previous;
            }
        } else {
            int bin = roundDown(nodes[node + SIZE]);
            bins[bin] = next;
            if (next != NONE) {
                nodes[(next << SHIFT) + BIN_PREVIOUS] = NONE;
            } else {
                clear(bin >>> 3, bin & 7);
            }
        }
        freeNodes[++freeNode] = index;
        freeStorage -= nodes[node + SIZE];
    }

    /// A bin is empty.
    private void clear(int topBin, int leafBin) {
        leaves[topBin] &= (byte) ~(1 << leafBin);
        if (leaves[topBin] == 0) {
            top &= ~(1 << topBin);
        }
    }

    private static int lowestFrom(int bits, int from) {
        int left = from > 31 ? 0 : bits & -1 << from;
        return left == 0 ? NONE : Integer.numberOfTrailingZeros(left);
    }

    private static int roundUp(int size) {
        if (size < 8) {
            return size;
        }
        int shift = 28 - Integer.numberOfLeadingZeros(size);
        int up = (size & (1 << shift) - 1) == 0 ? 0 : 1;
        return (shift + 1 << 3) + (size >>> shift & 7) + up; // the addition may carry into the exponent, as it should
    }

    private static int roundDown(int size) {
        int shift = 28 - Integer.numberOfLeadingZeros(size);
        return size < 8 ? size : shift + 1 << 3 | size >>> shift & 7;
    }
}
