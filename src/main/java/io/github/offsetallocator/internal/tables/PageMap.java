package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.SLOT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Finds blocks by their offset. The range is seen as pages of 64 units; each page has two numbers.
///
/// ```
///   page       0              1              2              3
///           |  . a b .  . . . | . . . . . . .| . . . c c c c| c c c c c d d
///                               \__ a slab of row 7 _______/
///   cover      0              slab 7         slab 7         node c          who holds the page's first unit
///   first      a -> b         0              0              d               small blocks that hold no page's first unit
/// ```
///
/// A slab or block that holds the first unit of a page is found there; whatever starts within page p and reaches page
/// p + 1 is found in p + 1. All others lie within one page, which has 64 units, so their chain has 64 nodes at most.
/// Only the first page of a block is written, all pages of a slab are, since its slots are looked up one by one.
///
/// A `cover` is a hint: a reader looks whether that slab or node is there and holds the unit. Two that are there can't
/// hold the same unit, so what is true is never overwritten, and what is stale does no harm. A chain is exact, but for
/// one from before a reset, whose first node gives that away.
///
/// Leaves of 4096 pages are made when something is first entered in them; there is room for one from the start. A directory in front has
/// one number each.
public final class PageMap implements AutoCloseable {
    private static final int PAGE_SHIFT = 6;
    public static final int PAGE_UNITS = 1 << PAGE_SHIFT;
    private static final int LEAF_SHIFT = 12;
    private static final long LEAF_PAGES = 1 << LEAF_SHIFT;
    private static final long LEAF_BYTES = LEAF_PAGES << 3;
    private static final int DIRECTORY = 8;
    /// A directory's entry says in which cache line of the table the leaf starts; 0 = no leaf.
    private static final int LINE_SHIFT = 6;

    /// The map after close: it has no leaf.
    private static final MemorySegment CLOSED = Arena.ofAuto().allocate(directoryBytes(LOW)).asReadOnly();

    private final TableMemory memory;
    private MemorySegment table;
    private long leaves;

    /// @param preallocated whether all leaves are made now
    /// @param memory       empty; the caller's to close if this fails
    public PageMap(long capacity, boolean preallocated, TableMemory memory) {
        this.memory = memory;
        long directory = directoryBytes(capacity);
        long all = preallocated ? directory - DIRECTORY >>> 2 : 0;
        table = memory.allocate(directory + Math.max(1, all) * LEAF_BYTES);
        table.set(WORD, 0, directory);
        for (leaves = 0; leaves < all; leaves++) {
            table.set(HALF, DIRECTORY + (leaves << 2), line(directory + leaves * LEAF_BYTES));
        }
    }

    /// A whole number of cache lines: its own size, then an entry for each leaf and one for the page behind the last.
    private static long directoryBytes(long capacity) {
        return DIRECTORY + ((capacity >>> PAGE_SHIFT + LEAF_SHIFT) + 2 << 2) + 63 & -64;
    }

    MemorySegment table() {
        return table;
    }

    public long byteSize() {
        return memory.byteSize();
    }

    @Override
    public void close() {
        table = CLOSED; // first: an error may strike in the other step, and the next close goes on there
        memory.close();
    }

    public static long page(long unit) {
        return unit >>> PAGE_SHIFT;
    }

    /// Slab (sign bit and row) or node that may hold the first unit of a page, or 0.
    public int cover(long page) {
        MemorySegment t = table;
        int leaf = leaf(t, page);
        return leaf == 0 ? 0 : t.get(HALF, at(leaf, page));
    }

    /// The first node of the page's chain, or 0.
    public int first(MemorySegment nodes, long page) {
        MemorySegment t = table;
        int leaf = leaf(t, page);
        return leaf == 0 ? 0 : first(nodes, page, at(leaf, page) + 4);
    }

    /// A chain from before a reset starts with a node that is not live or lies elsewhere now.
    private int first(MemorySegment nodes, long page, long head) {
        int node = table.get(HALF, head);
        boolean holds = node != NIL
                && Integer.compareUnsigned(node, Header.half(nodes, Header.FRESH)) < 0
                && NodeState.isLive(links(nodes, node))
                && page(offsetOf(region(nodes, node))) == page
                && startsIn(region(nodes, node)) << PAGE_SHIFT < offsetOf(region(nodes, node));
        return holds ? node : NIL;
    }

    private static int leaf(MemorySegment t, long page) {
        return t.get(HALF, DIRECTORY + (page >>> LEAF_SHIFT << 2));
    }

    private static int line(long leafAt) {
        return (int) (leafAt >>> LINE_SHIFT);
    }

    private static long at(int leaf, long page) {
        return ((leaf & LOW) << LINE_SHIFT) + ((page & LEAF_PAGES - 1) << 3);
    }

    /// Makes sure that a block can be entered, and also if it becomes smaller: that takes the page where it starts and the next. Nothing
    /// changes if that fails. O(1).
    public void readyBlock(long region) {
        ready(offsetOf(region) << 32 | Math.min(sizeOf(region), PAGE_UNITS));
    }

    /// Makes sure that a slab, or what a slab's region is cut into, can be entered. Nothing changes if that fails. O(pages).
    public void ready(long region) {
        long last = page(endOf(region)) >>> LEAF_SHIFT;
        for (long leaf = page(offsetOf(region)) >>> LEAF_SHIFT; leaf <= last; leaf++) {
            if (leaf(table, leaf << LEAF_SHIFT) == 0) {
                addLeaf(leaf);
            }
        }
    }

    private void addLeaf(long index) {
        long directory = table.get(WORD, 0);
        if (directory + (leaves + 1) * LEAF_BYTES > table.byteSize()) {
            replace(directory, Math.min(Math.max(1, 2 * leaves), directory >>> 2));
        }
        long leafAt = table.get(WORD, 0) + leaves * LEAF_BYTES;
        leaves++; // an error behind the store must not let another page have the leaf
        table.set(HALF, DIRECTORY + (index << 2), line(leafAt));
    }

    /// Makes sure that a range of this size can be entered.
    public void grow(long capacity) {
        long directory = directoryBytes(capacity);
        if (directory > table.get(WORD, 0)) {
            replace(directory, Math.max(1, leaves));
        }
    }

    private void replace(long directory, long room) {
        MemorySegment t = memory.allocate(directory + room * LEAF_BYTES);
        long old = table.get(WORD, 0);
        MemorySegment.copy(table, 0, t, 0, old);
        MemorySegment.copy(table, old, t, directory, leaves * LEAF_BYTES);
        for (long entry = DIRECTORY; entry < old && directory != old; entry += 4) {
            int leaf = t.get(HALF, entry);
            t.set(HALF, entry, leaf == 0 ? 0 : leaf + line(directory - old));
        }
        t.set(WORD, 0, directory);
        VarHandle.releaseFence(); // for threads that read it without a lock
        table = t;
        memory.dropOld();
    }

    /// Forgets chains from before a reset in a region that will be cut into live blocks: once these are live, what such a chain
    /// starts with may be one of them, and would pass for entered. Its pages are ready.
    public void dropStale(MemorySegment nodes, long region) {
        long end = endOf(region);
        for (long page = page(offsetOf(region)); page << PAGE_SHIFT < end; page++) {
            long head = at(leaf(table, page), page) + 4;
            table.set(HALF, head, first(nodes, page, head));
        }
    }

    /// Enters a slab. Its pages are ready.
    public void coverSlab(int row, long region) {
        long end = endOf(region);
        for (long page = page(offsetOf(region) + PAGE_UNITS - 1); page << PAGE_SHIFT < end; page++) {
            table.set(HALF, at(leaf(table, page), page), row | SLOT);
        }
    }

    /// Enters a block. Its pages are ready.
    public void add(MemorySegment nodes, int node) {
        long region = region(nodes, node);
        long page = startsIn(region);
        boolean covers = page << PAGE_SHIFT >= offsetOf(region);
        long at = at(leaf(table, page), page);
        if (covers) {
            table.set(HALF, at, node);
        } else {
            int next = first(nodes, page, at + 4);
            setNextInPage(nodes, node, next == node ? NIL : next);
            table.set(HALF, at + 4, node);
        }
    }

    /// Enters what a node stands for, a block or a slab.
    public void enter(MemorySegment nodes, int node) {
        long region = region(nodes, node);
        if (NodeState.isSlab(links(nodes, node))) {
            ready(region);
            coverSlab(low(links(nodes, node)), region);
        } else {
            readyBlock(region);
            add(nodes, node);
        }
    }

    /// Takes a block out, whose region is still as it was when it was added.
    public void remove(MemorySegment nodes, int node) {
        long region = region(nodes, node);
        long page = startsIn(region);
        if (page << PAGE_SHIFT >= offsetOf(region)) {
            return;
        }
        long head = at(leaf(table, page), page) + 4;
        int other = table.get(HALF, head);
        if (other == node) {
            table.set(HALF, head, nextInPage(nodes, node));
            return;
        }
        while (other != NIL && nextInPage(nodes, other) != node) {
            other = nextInPage(nodes, other);
        }
        assert other != NIL : "node " + node + " is not in the chain of its page " + page;
        setNextInPage(nodes, other, nextInPage(nodes, node));
    }

    /// The first page whose first unit the region holds or, if it holds none, the page that it lies in.
    private static long startsIn(long region) {
        long page = page(offsetOf(region) + PAGE_UNITS - 1);
        return page << PAGE_SHIFT < endOf(region) ? page : page(offsetOf(region));
    }

    /// Empties all chains, so that all blocks can be entered anew. O(pages).
    public void clearChains() {
        long directory = table.get(WORD, 0);
        for (long at = directory + 4; at < directory + leaves * LEAF_BYTES; at += 8) {
            table.set(HALF, at, 0);
        }
    }
}
