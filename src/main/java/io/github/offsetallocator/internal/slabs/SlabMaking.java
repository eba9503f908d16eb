package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.NodeTable.*;
import static io.github.offsetallocator.internal.tables.SlabTable.*;

import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.PageMap;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// When there are slabs, and how one comes to be.
///
/// The first blocks of a size come from the bins. Then the size gets a slab of 8 slots, and each further one has half as many
/// slots as the size has had, 64 at most; none takes more than a share of the range that has memory, or is likely to get it. New ones are made while a
/// quarter of what has memory, or may get it, is free in the bins. After a slab was dissolved whose row is still needed, the bins serve some
/// requests first, see [SlabEnding]. Sizes above 64 units get slabs if they are popular, see [PopularSizes].
///
/// Where stripes have slabs of their own, the share is divided among them, or slabs that are nearly empty would fill the range. A slab
/// of the fewest slots may take more: the share divided by the square root of their number. Both are rounded to powers of two. They stay when
/// they are empty, so the bins have less: an eighth is enough for a new one there, and then an empty one is made anew, in its place. That
/// takes the lock for half as long as to give it back and make another.
///
/// ```
///   a region from the bins -> a row: shape, bits -> the node's links name the row -> entries of the class
///                                                   from here on it is a slab        slots can be taken
///   an empty slab of a row -> its entries are shut -> shape, bits -> entries of the other class
/// ```
final class SlabMaking {
    /// A slab has at least so many slots, or so many where several stripes have slabs of their own.
    private static final int FEWEST_SLOTS = 4, FEWEST_OWN_SLOTS = 2;
    private static final int FIRST_SLOTS = 8;
    /// A slab takes at most this share of the range: a 512th while half of it is free in the bins or several stripes have slabs of their own, else
    /// a 1024th.
    private static final int SHARE_SHIFT = 9, SCARCE_SHARE_SHIFT = 10;
    /// Where slabs are to be found by offset, the smallest have a page; a 128th of the range may be as small as that.
    private static final int SMALL_SHARE_SHIFT = 7;
    /// A smaller range has no slabs.
    private static final int SMALLEST_RANGE = 4096;
    /// New slabs while at least this share of the range is free: a quarter, or an eighth where several stripes have slabs of their own.
    static final int ROOMY_SHIFT = 2;
    private static final int ROOMY_OWN_SHIFT = 3;
    /// Requests for a size of up to 64 units that the bins serve before it gets slabs.
    private static final int HEAT_SMALL = 4;
    /// More heat than this changes nothing: a size asks for slots, finds no room for them, and asks again.
    private static final int HOTTEST = 1 << 30;
    /// Slabs lie at multiples of the largest power of two in their size, up to this one. Where addresses count, up to what
    /// any native memory of ours starts at, so that places don't depend on it.
    private static final int MOST_NATURAL = 64, MOST_NATURAL_BY_ADDRESS = 4;

    private final Slabs slabs;
    private final Regions regions;
    private final PageMap pages;
    private final int maxBlocks;
    private final long phase;

    SlabMaking(Slabs slabs, int maxBlocks) {
        this.slabs = slabs;
        regions = slabs.regions;
        pages = slabs.pages;
        this.maxBlocks = maxBlocks;
        phase = slabs.phase;
    }

    /// Makes a slab of a size, or only counts the request, if it is not yet time for one or there is no room.
    boolean make(long line, int size) {
        MemorySegment head = slabs.head();
        int heat = Math.min(half(head, line + HEAT), HOTTEST) + 1;
        setHalf(head, line + HEAT, heat);
        int wait = half(head, line + WAIT);
        setHalf(head, line + WAIT, Math.max(0, wait - 1));
        MemorySegment nodes = regions.table();
        long expected = regions.expected();
        int slots = wait > 0 ? 0 : slots(expected, expected - Header.open(nodes) + Header.word(nodes, Header.FREE_UNITS), size, heat);
        boolean haveOwn = slabs.stripes() > 1;
        int roomy = haveOwn ? ROOMY_OWN_SHIFT : ROOMY_SHIFT;
        boolean isRoomy = Header.isRoomy(nodes, roomy);
        if (slots != 0 && !isRoomy && haveOwn && makeAnew(line, size, slots)) {
            return true;
        }
        slabs.sweep(Header.isRoomyNow(nodes, roomy));
        if (slots == 0
                || !isRoomy
                || Header.half(nodes, Header.BLOCKS) > maxBlocks - slots
                || !slabs.hasRow()) {
            return false;
        }
        head = slabs.head();
        nodes = regions.ready(4);
        long units = (long) slots * size;
        slabs.begin();
        Regions.begin(nodes);
        int node = takeRegion(nodes, units, size);
        if (node == NIL) {
            Regions.end(nodes);
            slabs.end();
            return false;
        }
        setLinks(nodes, node, NodeState.UNUSED);
        if (!areReady(region(nodes, node))) {
            regions.give(nodes, node);
            Regions.end(nodes);
            slabs.end();
            return false;
        }
        int row = slabs.chain.take(head);
        setHalf(slabs.segment(row), slabs.at(row) + NODE, node);
        setHalf(slabs.segment(row), slabs.at(row) + MOVED_LEFT, 0);
        setSlot(nodes, node, 0);
        shape(row, line, size, slots, region(nodes, node));
        if (pages != null) {
            pages.coverSlab(row, region(nodes, node));
        }
        VarHandle.releaseFence(); // what the row says, before it has a slab
        setLinks(nodes, node, NodeState.SLAB | row);
        slabs.ending.open(row, slots);
        Header.add(nodes, Header.BLOCKS, slots);
        Regions.end(nodes);
        setWord(head, SLAB_UNITS, word(head, SLAB_UNITS) + units);
        enterClass(row, line, slots);
        slabs.end();
        regions.publish();
        return true;
    }

    /// Makes an empty slab anew in its place, for another size. What no slot takes of its region is free, and waits there until the slab ends.
    private boolean makeAnew(long line, int size, int wanted) {
        int row = slabs.spare(size, wanted);
        if (row == 0) {
            return false;
        }
        MemorySegment nodes = regions.table();
        long region = region(nodes, half(slabs.segment(row), slabs.at(row) + NODE));
        int slots = (int) Math.min(SLOTS, sizeOf(region) / size);
        int more = slots - SlabTable.slots(slabs.shape(row));
        if (Header.half(nodes, Header.BLOCKS) > maxBlocks - more) {
            return false;
        }
        slabs.begin();
        boolean isShut = slabs.ending.shut(row);
        if (isShut) {
            slabs.unlink(row, line(SlabTable.sizeClass(slabs.shape(row))));
            slabs.ending.leaveClass(row);
            VarHandle.releaseFence(); // all slots are shut
            shape(row, line, size, slots, region);
            slabs.ending.open(row, slots);
            Header.add(nodes, Header.BLOCKS, more);
            enterClass(row, line, slots);
        }
        slabs.end();
        return isShut;
    }

    /// Makes a row with a slab known to its class.
    private void enterClass(int row, long line, int slots) {
        MemorySegment head = slabs.head();
        setHalf(head, line + HEAT, half(head, line + HEAT) + slots - 1);
        setHalf(head, line + ROWS, half(head, line + ROWS) + 1);
        slabs.link(row, line);
    }

    /// A region for a slab, at a multiple of the largest power of two in the size, so that slots serve requests with that alignment. One of
    /// whole pages starts with a page where there is room: then a slot's own page tells of the slab, and not the next one.
    private int takeRegion(MemorySegment nodes, long units, int size) {
        long natural = Math.min(Integer.lowestOneBit(size), phase == 0 ? MOST_NATURAL : MOST_NATURAL_BY_ADDRESS);
        int node = NIL;
        if (pages != null && units % PageMap.PAGE_UNITS == 0 && phase % natural == 0) {
            node = regions.takeAligned(nodes, units, PageMap.PAGE_UNITS, 0, false);
        }
        if (node == NIL) {
            node = natural == 1 ? regions.take(nodes, units) : regions.takeAligned(nodes, units, natural, phase, false);
        }
        return node;
    }

    /// Whether a slab's region can be entered in the page map.
    private boolean areReady(long region) {
        try {
            if (pages != null) {
                pages.ready(region);
            }
            return true;
        } catch (OutOfMemoryError e) { // the bins may still serve the request
            return false;
        }
    }

    /// How many slots the next slab of a size gets; 0 if it gets none. Where slots are to be found by offset, those that would reach into one
    /// page more are left out, unless that leaves less than half: see [#takeRegion].
    private int slots(long capacity, long free, int size, int heat) {
        if (capacity < SMALLEST_RANGE || size <= SMALL && heat <= HEAT_SMALL) {
            return 0;
        }
        long share = capacity >>> (free >= capacity >>> 1 || slabs.stripes() > 1 ? SHARE_SHIFT : SCARCE_SHARE_SHIFT);
        int fewest = slabs.stripes() == 1 ? FEWEST_SLOTS : FEWEST_OWN_SLOTS;
        int halvings = 31 - Integer.numberOfLeadingZeros(slabs.stripes());
        long fitting = Math.max((share >>> halvings) / size, Math.min(fewest, (share >>> (halvings >> 1)) / size));
        int slots = (int) Math.min(Math.min(SLOTS, Math.max(FIRST_SLOTS, heat >>> 1)), fitting);
        if (pages != null && slots * size < PageMap.PAGE_UNITS) {
            slots = capacity >>> SMALL_SHARE_SHIFT >= PageMap.PAGE_UNITS ? (PageMap.PAGE_UNITS + size - 1) / size : 0;
        }
        if (pages != null) {
            int ofWholePages = slots & -(PageMap.PAGE_UNITS / Math.min(PageMap.PAGE_UNITS, Integer.lowestOneBit(size)));
            slots = ofWholePages << 1 >= slots ? ofWholePages : slots;
        }
        return slots >= fewest ? slots : 0;
    }

    private void shape(int row, long line, int size, int slots, long region) {
        slabs.setShape(row, SlabTable.shape(size, slots, (int) (line >>> CLASS_SHIFT), offsetOf(region)));
        setWord(slabs.segment(row), slabs.at(row) + BITS, -1L >>> SLOTS - slots);
    }
}
