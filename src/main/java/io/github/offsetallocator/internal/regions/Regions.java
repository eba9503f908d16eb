package io.github.offsetallocator.internal.regions;

import static io.github.offsetallocator.internal.tables.Header.BUSY;
import static io.github.offsetallocator.internal.tables.Header.CAPACITY;
import static io.github.offsetallocator.internal.tables.Header.FREE_UNITS;
import static io.github.offsetallocator.internal.tables.Header.FRESH;
import static io.github.offsetallocator.internal.tables.Header.UNUSED_NODES;
import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.Tally;
import io.github.offsetallocator.internal.tables.TrimRule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// The published algorithm: regions in address order, the free ones in [Bins].
///
/// ```
///   take     a region from a bin:  [ piece |   rest   ]        the rest goes back into the bin of its size
///   give     [ free ] [ piece ] [ free ]  ->  [      free    ]  merged with those neighbours that are free
/// ```
///
/// No two free regions ever touch, so n blocks make at most n + 1 free regions, 2n + 1 nodes.
///
/// Two short cuts leave the result as it was. When the rest of a split belongs into the bin that its region came from,
/// the free node shrinks in place and the piece gets a fresh node. When a merged region stays in its neighbour's bin,
/// the neighbour grows in place, unless the policy puts a region that has grown first. (Bin and list are the same, so
/// every later search returns the same.)
///
/// A caller owns the node that it took: it writes the links word, which makes the block live. To give it writes that word
/// again. Between [#begin] and [#end] the bins are being changed; if an error strikes there, the next call finds `busy` and has to rebuild.
///
/// **What others know of the largest region** is told when one as large as the highest bin has come or gone, and not after each change: to find
/// that bin and its first region took up to a tenth of a call.
public final class Regions implements AutoCloseable {
    /// A plan may leave a few more regions than the 2n + 1 of n blocks. So does a slab that is dissolved when a file is opened with room for
    /// fewer blocks than slots, until its free slots have been given back.
    private static final int SPARE_NODES = 8;
    private static final long FIRST_TABLE_NODES = FIRST_REGION + 248;
    private static final int TRIM_SHIFT = 5;
    /// A table of so many nodes, 128 KiB, is never made smaller.
    private static final long KEPT_NODES = 4096;

    /// The table after close: no node in it is live.
    public static final MemorySegment CLOSED = closedTable();

    private final TableMemory memory;
    private final FitPolicy policy;
    private final long minNodes;
    private final long maxNodes;
    private final Tally tally = new Tally();
    private final TrimRule rule = new TrimRule(tally);
    /// What keeps parts of the range without memory apart, or null if all of it has memory.
    private final Walls walls;
    /// A free region that is smaller is no whole chunk.
    private final long smallestChunk;
    private boolean countsRefusals;
    private MemorySegment table;
    /// The smallest size of the highest bin that holds a region, when others were last told of the largest one; 0 if a region as large as
    /// that has come or gone since.
    private long top;

    /// @param memory where the nodes are, or are to be; the caller's to close if this fails
    /// @param walls  what keeps parts of the range apart, all of it at first; or null if all of it is free
    public Regions(long capacity, FitPolicy policy, int maxBlocks, boolean preallocated, TableMemory memory, Walls walls) {
        this.policy = policy;
        this.memory = memory;
        this.walls = walls;
        smallestChunk = walls == null ? Long.MAX_VALUE : walls.chunk();
        countsRefusals = walls == null;
        long mostTaken = maxBlocks + (walls == null ? 0L : walls.most());
        MemorySegment found = memory.found();
        long mostNodes = FIRST_REGION + 2 * mostTaken + 1 + SPARE_NODES + (found == null ? 0 : SlabTable.SLOTS);
        mostNodes = Math.min(Math.min(MAX_NODES, memory.limit() >>> SHIFT), mostNodes);
        maxNodes = found == null ? mostNodes : Math.max(nodes(found), mostNodes); // more blocks may have been live in it
        minNodes = preallocated ? maxNodes : Math.min(maxNodes, FIRST_TABLE_NODES);
        table = found == null ? memory.allocate(bytes(minNodes)) : found;
        if (found == null) {
            Header.setWord(table, CAPACITY, capacity);
            Header.setWord(table, Header.LIMIT, walls == null ? 0 : walls.limit());
            clear();
            publish();
        }
    }

    private static MemorySegment closedTable() {
        MemorySegment t = Arena.ofAuto().allocate(bytes(FIRST_REGION), 64);
        Header.setHalf(t, FRESH, FIRST_REGION);
        return t.asReadOnly();
    }

    public FitPolicy policy() {
        return policy;
    }

    public MemorySegment table() {
        return table;
    }

    public TableMemory.Threads threads() {
        return memory.threads();
    }

    /// Whether what is free may go back to the system, in whole chunks.
    public boolean hasChunks() {
        return walls != null;
    }

    /// Whether more is open than one ordinary chunk, which stays though it is empty.
    public boolean hasSeveralChunks() {
        return walls != null && walls.areSeveral(table);
    }

    /// Units that have memory or, where that comes in chunks, are likely to have it soon: those of eight chunks at least.
    public long expected() {
        long open = Header.open(table);
        return walls == null ? open : Math.max(open, walls.few());
    }

    public Tally tally() {
        return tally;
    }

    /// Lets other threads know all that a change of the bins may have changed. O(1).
    public void publish() {
        MemorySegment t = table;
        tally.setRest(Header.open(t), t.get(HALF, Header.RETIRED));
        tellLargest(t);
        tally.tellDissolved();
    }

    private void tellLargest(MemorySegment t) {
        top = 0; // until others know
        tally.setLargest(policy.nearlyLargest(t));
        int bin = Bins.last(t);
        top = bin < 0 ? 0 : SmallFloat.size(bin);
    }

    /// A region of so many units is about to come or go.
    private void changes(long size) {
        if (size >= top) {
            top = 0;
        }
    }

    /// Whether others know of the largest region, unless they are about to be told.
    public boolean isLargestTold() {
        return top == 0 || tally.largest() == policy.nearlyLargest(table);
    }

    /// Makes one free region of everything. O(1): the old nodes are forgotten, not visited. The caller has begun; what ends
    /// all blocks with a node is the one store to the fresh node.
    public void clear() {
        MemorySegment t = table;
        Bins.empty(t);
        UnusedNodes.forgetAll(t);
        Header.setWord(t, FREE_UNITS, 0);
        Header.setHalf(t, Header.BLOCKS, 0);
        tally.start(0);
        Header.setWord(t, Header.LIVE, 0);
        Header.setHalf(t, Header.RETIRED, 0);
        rule.cleared();
        if (walls == null) {
            append(t, 0, Header.word(t, CAPACITY));
        } else {
            Walls.closeAll(t);
        }
    }

    @Override
    public void close() {
        table = CLOSED; // first: an error may strike in the other step, and the next close goes on there
        memory.close();
    }

    // ---- what errors leave behind ------------------------------------------------------------------------------

    public static void begin(MemorySegment t) {
        t.set(HALF, BUSY, 1);
    }

    /// As [#begin], of a change that may concern regions of any size.
    public void beginLarge(MemorySegment t) {
        t.set(HALF, BUSY, 1);
        top = 0;
    }

    public static void end(MemorySegment t) {
        t.set(HALF, BUSY, 0);
    }

    /// As [#end], and lets other threads know of a region that was taken or given.
    public void finish(MemorySegment t) {
        t.set(HALF, BUSY, 0);
        if (top == 0) {
            tellLargest(t);
        }
        tally.tellDissolved();
    }

    /// Counts a refusal, tells of it, and returns -1.
    public long refuse(long size, long alignment) {
        publish();
        noteRefusal(size, alignment);
        return -1;
    }

    /// Counts a refusal and tells of it. Where the range may grow, what lets it grow does that, if it can't.
    public void noteRefusal(long size, long alignment) {
        if (countsRefusals) {
            tally.refuse(size, alignment);
        }
    }

    /// Units that may have memory one day count as free, and refusals are counted by what makes the range larger.
    public void growsTo(long units) {
        countsRefusals = false;
        Header.setWord(table, Header.LIMIT, units);
    }

    public boolean isBusy() {
        return table.get(HALF, BUSY) != 0;
    }

    // ---- take --------------------------------------------------------------------------------------------------

    /// Takes `size` units from the free region that the policy finds, or returns NIL.
    public int take(MemorySegment t, long size) {
        int node = policy.find(t, size);
        return node == NIL ? NIL : carve(t, node, size);
    }

    /// As [#take], with a deeper look where that finds nothing.
    public int takeOrLast(MemorySegment t, long size) {
        int node = policy.find(t, size);
        node = node == NIL ? policy.findLast(t, size) : node;
        return node == NIL ? NIL : carve(t, node, size);
    }

    /// Whether a request would be granted now.
    public boolean fits(long size, long alignment, long phase) {
        return (alignment == 1 ? policy.find(table, size) : policy.findAligned(table, Math.max(1, size), alignment, phase, false)) != NIL;
    }

    /// Takes `size` units at an offset that, with `phase` added, is a multiple of `alignment`.
    public int takeAligned(MemorySegment t, long size, long alignment, long phase, boolean last) {
        // An empty block takes a place inside a region too, so that what is cut off in front always leaves a rest.
        int node = policy.findAligned(t, Math.max(1, size), alignment, phase, last);
        if (node == NIL) {
            return NIL;
        }
        long padding = FitPolicy.padding(region(t, node), alignment, phase);
        if (padding == 0) {
            return carve(t, node, size);
        }
        int front = carve(t, node, padding);
        int piece = carve(t, node, size);
        Header.setWord(t, FREE_UNITS, Header.word(t, FREE_UNITS) + padding);
        Bins.link(t, Bins.bin(padding), front);
        return piece;
    }

    /// Cuts the first `size` units off a free region and returns their node, whose links the caller sets.
    private int carve(MemorySegment t, int node, long size) {
        long at = (long) node << SHIFT;
        long region = t.get(WORD, at + REGION);
        long whole = region & LOW;
        long rest = whole - size;
        changes(whole);
        t.set(WORD, FREE_UNITS, t.get(WORD, FREE_UNITS) - size);
        if (rest == 0) {
            Bins.unlink(t, node);
            return node;
        }
        int bin = Bins.bin(rest);
        boolean moves = bin != Bins.bin(whole);
        int piece = newNode(t);
        long pieceAt = (long) piece << SHIFT;
        int previous = t.get(HALF, at + PREVIOUS_NEIGHBOUR);
        t.set(WORD, pieceAt + REGION, region & HIGH | size);
        t.set(WORD, pieceAt + SIDES, (long) previous << 32 | node);
        t.set(HALF, at + PREVIOUS_NEIGHBOUR, piece);
        t.set(HALF, ((long) previous << SHIFT) + NEXT_NEIGHBOUR, piece);
        t.set(WORD, at + REGION, region + (size << 32) - size);
        if (moves) {
            Bins.unlink(t, node);
            Bins.link(t, bin, node);
        }
        return piece;
    }

    /// Splits `tail` units off the end of a taken region and returns their node, whose links the caller sets.
    public static int cutTail(MemorySegment t, int node, long tail) {
        long region = region(t, node);
        int cut = newNode(t);
        int next = nextNeighbour(t, node);
        setRegion(t, cut, endOf(region) - tail << 32 | tail);
        setSides(t, cut, pair(node, next));
        setLinks(t, cut, NodeState.UNUSED);
        setRegion(t, node, region - tail);
        setNextNeighbour(t, node, cut);
        setPreviousNeighbour(t, next, cut);
        return cut;
    }

    /// Takes `more` units from the front of the free region behind a node.
    public void takeFromNext(MemorySegment t, int node, long more) {
        int piece = carve(t, nextNeighbour(t, node), more);
        int behind = nextNeighbour(t, piece);
        setLinks(t, piece, NodeState.UNUSED);
        setRegion(t, node, region(t, node) + more);
        setNextNeighbour(t, node, behind);
        setPreviousNeighbour(t, behind, node);
        discard(t, piece);
    }

    /// Takes a free region out of the bins and leaves its links to the caller.
    public static void takeWhole(MemorySegment t, int node) {
        Bins.unlink(t, node);
        Header.setWord(t, FREE_UNITS, Header.word(t, FREE_UNITS) - sizeOf(region(t, node)));
    }

    // ---- give --------------------------------------------------------------------------------------------------

    /// Makes a region free and one with its free neighbours. It must be in no bin. If it is a live block, the store to its
    /// links ends that. Whatever frees something comes here, so a chunk that becomes free is seen here; one that is opened is not.
    public void give(MemorySegment t, int node) {
        long at = (long) node << SHIFT;
        int previous = t.get(HALF, at + PREVIOUS_NEIGHBOUR);
        int next = t.get(HALF, at + NEXT_NEIGHBOUR);
        long region = t.get(WORD, at + REGION);
        t.set(WORD, FREE_UNITS, t.get(WORD, FREE_UNITS) + (region & LOW));
        boolean left = t.get(HALF, ((long) previous << SHIFT) + PREVIOUS) >= 0;
        boolean right = t.get(HALF, ((long) next << SHIFT) + PREVIOUS) >= 0;
        if (left && right) {
            region += t.get(WORD, ((long) next << SHIFT) + REGION) & LOW;
            Bins.unlink(t, next);
            discard(t, next);
            next = t.get(HALF, ((long) next << SHIFT) + NEXT_NEIGHBOUR);
            right = false;
        }
        if (left || right) {
            t.set(HALF, ((long) previous << SHIFT) + NEXT_NEIGHBOUR, next);
            t.set(HALF, ((long) next << SHIFT) + PREVIOUS_NEIGHBOUR, previous);
            discard(t, node);
            int neighbour = left ? previous : next;
            long old = t.get(WORD, ((long) neighbour << SHIFT) + REGION);
            enlarge(t, neighbour, old, left ? old + (region & LOW) : region + (old & LOW));
        } else {
            changes(region & LOW);
            Bins.link(t, Bins.bin(region & LOW), node);
            lookAt(t, node, region & LOW);
        }
    }

    private void lookAt(MemorySegment t, int node, long size) {
        if (size >= smallestChunk) {
            walls.look(t, node);
        }
    }

    /// As [#give], and the region that comes of it is the first in its bin, where every search sees it.
    public void giveFirst(MemorySegment t, int node) {
        int before = previousNeighbour(t, node);
        give(t, node);
        putFirst(t, NodeState.isFree(t, before) ? before : nextNeighbour(t, before));
    }

    /// Makes a free region the first in its bin.
    private static void putFirst(MemorySegment t, int node) {
        if (previous(t, node) >= FIRST_REGION) {
            Bins.unlink(t, node);
            Bins.link(t, Bins.bin(sizeOf(region(t, node))), node);
        }
    }

    /// Writes a free node's new region, with neighbours that are right already, and moves it to the bin that it belongs into.
    private void enlarge(MemorySegment t, int node, long region, long merged) {
        changes(merged & LOW);
        int bin = Bins.bin(merged & LOW);
        boolean moves = bin != Bins.bin(region & LOW);
        t.set(WORD, ((long) node << SHIFT) + REGION, merged);
        if (moves || policy.renewsPlace(t, node)) {
            Bins.unlink(t, node);
            Bins.link(t, bin, node);
        }
        lookAt(t, node, merged & LOW);
    }

    /// Adds a free region behind the last one. What it becomes is the first in its bin: who asked for room finds it.
    public void append(MemorySegment t, long offset, long size) {
        int last = previousNeighbour(t, EDGE);
        if (last != EDGE && NodeState.isFree(t, last)) {
            long region = region(t, last);
            enlarge(t, last, region, region + size);
            putFirst(t, last);
        } else {
            linkFree(t, newNode(t), offset << 32 | size, last);
        }
        Header.setWord(t, FREE_UNITS, Header.word(t, FREE_UNITS) + size);
    }

    static void linkFree(MemorySegment t, int node, long region, int last) {
        setRegion(t, node, region);
        appendNode(t, node, last);
        Bins.link(t, Bins.bin(sizeOf(region)), node);
    }

    /// Makes a node the last in the ring of neighbours.
    static void appendNode(MemorySegment t, int node, int last) {
        setSides(t, node, pair(last, EDGE));
        setNextNeighbour(t, last, node);
        setPreviousNeighbour(t, EDGE, node);
    }

    // ---- the nodes ---------------------------------------------------------------------------------------------

    /// A node that nothing refers to. The table must have one, see [#ready].
    public static int newNode(MemorySegment t) {
        int node = t.get(HALF, UNUSED_NODES);
        if (node != NIL) {
            t.set(HALF, UNUSED_NODES, t.get(HALF, ((long) node << SHIFT) + NEXT));
        } else {
            node = t.get(HALF, FRESH);
            t.set(WORD, ((long) node << SHIFT) + LINKS, NodeState.UNUSED); // or a rebuild would find what was there before a reset
            VarHandle.storeStoreFence(); // and so would a thread that reads without the lock
            t.set(HALF, FRESH, node + 1);
        }
        return node;
    }

    public static void discard(MemorySegment t, int node) {
        t.set(WORD, ((long) node << SHIFT) + LINKS, NodeState.UNUSED | t.get(HALF, UNUSED_NODES));
        t.set(HALF, UNUSED_NODES, node);
    }

    /// Makes sure that `nodes` new nodes can be had. Those that were given back count before the table doubles. Returns
    /// the table.
    ///
    /// @throws OutOfMemoryError if there is no memory for it; nothing has changed then
    public MemorySegment ready(int nodes) {
        MemorySegment t = table;
        int node = t.get(HALF, UNUSED_NODES);
        for (long left = nodes - (nodes(t) - t.get(HALF, FRESH)); left > 0; left--) {
            if (node == NIL) {
                return replaceTable(Math.min(maxNodes, 2 * nodes(t)));
            }
            node = next(t, node);
        }
        return t;
    }

    private MemorySegment replaceTable(long nodes) {
        MemorySegment old = table;
        if (nodes == nodes(old)) {
            return old; // what a call asks for at most is more than the limit of blocks can need
        }
        MemorySegment t = memory.allocate(bytes(nodes));
        memory.copy(old, t, Math.min(old.byteSize(), bytes(Header.half(old, FRESH))));
        rule.start(nodes <= Math.max(minNodes, KEPT_NODES) ? 0 : nodes >>> TRIM_SHIFT);
        VarHandle.releaseFence(); // for threads that read it without a lock
        table = t;
        memory.dropOld();
        tally.happenings().metadataResized(bytes(nodes(old)), bytes(nodes));
        return t;
    }

    public long byteSize() {
        return memory.byteSize();
    }

    /// Whether fewer blocks are live than a 32nd of the nodes, and it is time to look.
    public boolean isTrimDue() {
        return rule.isDue() && memory.shrinks();
    }

    /// Lets the next [#isTrimDue()] not wait for frees.
    public void trimSoon() {
        rule.soon();
    }

    /// The first node of those that [#trim()] could do without, if slabs that are empty end before; or NIL. O(nodes).
    public int trimsFrom(IntPredicate isEmptySlab) {
        MemorySegment t = table;
        int needed = UnusedNodes.needed(t, isEmptySlab);
        rule.looked(Header.half(t, FRESH) - needed);
        long nodes = nodesFor(needed);
        return nodes < nodes(t) ? (int) nodes : NIL;
    }

    private long nodesFor(int used) {
        long nodes = nodes(table);
        while (nodes >>> 1 >= Math.max(Math.max(minNodes, KEPT_NODES), used)) {
            nodes >>>= 1;
        }
        return nodes;
    }

    /// Makes the table smaller after a peak, if no block or slab in its upper half is in use. O(nodes).
    public void trim() {
        MemorySegment t = table;
        begin(t);
        int used = UnusedNodes.lower(t);
        Header.setHalf(t, FRESH, used);
        end(t);
        long nodes = nodesFor(used);
        if (nodes < nodes(t)) {
            try {
                replaceTable(nodes);
            } catch (OutOfMemoryError e) { // it stays as large as it is for now
                rule.looked(nodes(t));
            }
        }
    }

    // ---- after an error ----------------------------------------------------------------------------------------

    /// Makes everything anew from the nodes whose links say that they are walls, or live or a slab, which `holds` confirms: the
    /// ring of neighbours, the bins, the unused nodes, the totals. O(nodes). The caller has begun.
    ///
    /// @param entered is told of each of those but walls, in address order, when it has its place in the ring
    public void rebuild(IntPredicate holds, IntConsumer entered) {
        RegionRebuild.rebuild(table, walls, tally, holds, entered);
    }
}
