package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.LOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.Inside;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Damages the metadata one bit at a time: `verify()` must see it, unless the bit means nothing.
class VerifierTest {
    private static final long[] NODE_WORDS = {NodeTable.REGION, NodeTable.LINKS, NodeTable.SIDES, NodeTable.NAMES};
    private static final int POPULAR = 20;

    private static OneThread engine(long capacity, boolean byOffset) {
        return new OneThread(new Settings(capacity, FitPolicy.GOOD, 1 << 20, false, true, byOffset, 0, TableMemory.Threads.CONFINED));
    }

    /// Blocks in bins, in slabs of small and large sizes, and some of which have moved out of a slab that was dissolved;
    /// live, retired and free.
    private static OneThread wornIn(boolean byOffset) {
        OneThread engine = engine(1 << 18, byOffset);
        long[] blocks = new long[130];
        for (int i = 0; i < blocks.length; i++) {
            int size = switch (i % 4) {
                case 0 -> 3;
                case 1 -> 5;
                case 2 -> 50 + POPULAR;
                default -> 1 + i * 7 % 190;
            };
            blocks[i] = engine.allocate(size, i % 5);
        }
        engine.resize(blocks[60], 4, 0);
        for (int i = 0; i < blocks.length; i += 5) {
            engine.free(blocks[i]);
        }
        for (int i = 1; i < blocks.length; i += 9) {
            if (engine.isLive(blocks[i])) {
                engine.retire(blocks[i]);
            }
        }
        return engine;
    }

    // ---- nodes and header --------------------------------------------------------------------------------------

    @Test
    void everyDamagedBitOfANodeIsFound() {
        OneThread engine = wornIn(false);
        engine.verify();
        assertTrue(damageNodes(engine) > 20_000, "too few");
        engine.close(() -> {});
    }

    @Test
    void everyDamagedBitOfANodeIsFoundWhileAPlanIsOpen() {
        OneThread engine = wornIn(false);
        long before = engine.allocate(5000, 0);
        engine.allocate(5000, 0);
        long behind = engine.allocate(5000, 0);
        engine.allocate(engine.largestFree(), 0);
        engine.free(before);
        engine.free(behind);
        Compaction plan = engine.plan(10_000, 1, made -> made);
        assertTrue(plan.count() > 0 && engine.isPlan(plan), "no plan");
        engine.verify();
        assertTrue(damageNodes(engine) > 20_000, "too few");
        engine.close(() -> {});
    }

    private static int damageNodes(OneThread engine) {
        MemorySegment t = engine.regions().table();
        int flips = 0;
        for (int node = NodeTable.FIRST_REGION; node < Header.half(t, Header.FRESH); node++) {
            for (long word : NODE_WORDS) {
                flips += damage(engine, t, ((long) node << NodeTable.SHIFT) + word, meaning(t, node, word));
            }
        }
        for (int bin = 0; bin < 256; bin++) {
            flips += damage(engine, t, ((long) NodeTable.BIN_HEADS + bin << NodeTable.SHIFT) + NodeTable.LINKS, LOW);
        }
        flips += damage(engine, t, ((long) NodeTable.EDGE << NodeTable.SHIFT) + NodeTable.SIDES, -1);
        flips += damage(engine, t, ((long) NodeTable.EDGE << NodeTable.SHIFT) + NodeTable.LINKS, -1);
        for (int leaf = 0; leaf < 4; leaf++) {
            flips += damage(engine, t, Header.LEAVES + 8 * leaf, -1);
        }
        flips += damageHalf(engine, t, Header.TOP, -1); // not `busy`, which asks for a rebuild
        flips += damage(engine, t, Header.FREE_UNITS, -1);
        flips += damageHalf(engine, t, Header.FRESH, -1);
        flips += damageHalf(engine, t, Header.UNUSED_NODES, -1);
        flips += damageHalf(engine, t, Header.BLOCKS, -1);
        flips += damageHalf(engine, t, Header.GENERATION, 1 << 31); // others are as good
        flips += damage(engine, t, Header.CAPACITY, -1);
        flips += damage(engine, t, Header.LIVE, -1);
        flips += damageHalf(engine, t, Header.RETIRED, -1);
        flips += damageHalf(engine, t, Header.FLOOR, 1 << 31 | 1);
        engine.verify();
        return flips;
    }

    /// The bits of a node's word that mean something. Generation and slack of a live node are the handle's business, an unused
    /// node has links alone, and names belong to live nodes.
    private static long meaning(MemorySegment t, int node, long word) {
        long links = NodeTable.links(t, node);
        if (NodeState.isUnused(links)) {
            return word == NodeTable.LINKS ? -1 : 0;
        }
        if (word == NodeTable.NAMES) {
            return NodeState.isLive(links) ? LOW : 0;
        }
        if (word == NodeTable.LINKS && NodeState.isLive(links)) {
            return 0xC200_0000_8000_0000L;
        }
        return -1;
    }

    // ---- slabs -------------------------------------------------------------------------------------------------

    @Test
    void everyDamagedBitOfASlabIsFound() {
        OneThread engine = wornIn(false);
        MemorySegment t = engine.slabs().head();
        int freshRow = SlabTable.half(t, SlabTable.FRESH_ROW);
        BitSet behindAnother = behindAnother(t);
        int flips = 0;
        int large = 0;
        for (int row = SlabTable.FIRST_ROW; row < freshRow; row++) {
            long at = SlabTable.at(row);
            boolean isSlab = engine.slabs().isSlab(row);
            large += isSlab && SlabTable.size(SlabTable.word(t, at + SlabTable.SHAPE)) > SlabTable.SMALL ? 1 : 0;
            for (long word = 0; word <= SlabTable.MOVED_LEFT; word += 4) {
                flips += damageHalf(engine, t, at + word, meansSomething(t, row, word, isSlab, behindAnother) ? -1 : 0);
            }
            for (int slot = row << 6; slot < row + 1 << 6; slot++) {
                flips += damage(engine, t, SlabTable.entryAt(slot), meaningOfEntry(SlabTable.entry(t, slot), isSlab));
            }
        }
        assertTrue(large > 1, "no slabs of a large size");
        flips += damage(engine, t, SlabTable.at(0) + SlabTable.BITS, -1); // row 0, which stands for none
        flips += damageHalf(engine, t, SlabTable.at(0) + SlabTable.NEXT_ROW, -1);
        for (int slot = 0; slot < SlabTable.SLOTS; slot++) {
            flips += damage(engine, t, SlabTable.entryAt(slot), meaningOfEntry(0, false));
            flips += damage(engine, t, SlabTable.entryAt(freshRow << 6 | slot), meaningOfEntry(0, false));
        }
        assertTrue(flips > 20_000, "too few");
        engine.verify();
        engine.close(() -> {});
    }

    /// The rows that are on a list, but not its first.
    private static BitSet behindAnother(MemorySegment t) {
        BitSet rows = new BitSet();
        for (int sizeClass = 1; sizeClass < SlabTable.CLASSES; sizeClass++) {
            int row = SlabTable.half(t, SlabTable.line(sizeClass) + SlabTable.HEAD);
            while (row != 0) {
                row = SlabTable.half(t, SlabTable.at(row) + SlabTable.NEXT_ROW);
                rows.set(row);
            }
        }
        rows.clear(0);
        return rows;
    }

    /// Whether a half of a row's header means something. One that is on no list has no neighbours there, a full one may be the
    /// first of its list, and a row without a slab only counts moved slots.
    private static boolean meansSomething(MemorySegment t, int row, long half, boolean isSlab, BitSet behindAnother) {
        long at = SlabTable.at(row);
        if (!isSlab) {
            boolean isUnused = SlabTable.half(t, at + SlabTable.MOVED_LEFT) == 0;
            return half == SlabTable.SHAPE || half == SlabTable.SHAPE + 4 || half == SlabTable.NODE || half == SlabTable.MOVED_LEFT
                    || half == SlabTable.NEXT_ROW && isUnused;
        }
        return half == SlabTable.PREVIOUS_ROW ? behindAnother.get(row)
                : half != SlabTable.NEXT_ROW || SlabTable.word(t, at + SlabTable.BITS) != 0;
    }

    /// Generation and slack are the handle's business.
    private static long meaningOfEntry(long entry, boolean isSlab) {
        boolean isLive = SlabTable.isLive(entry);
        long always = SlabTable.PENDING | SlabTable.ONE_GENERATION;
        return always | (!isLive ? LOW : isSlab ? SlabTable.MOVED | SlabTable.RETIRED : LOW);
    }

    @Test
    void everyDamagedBitOfAClassIsFound() {
        OneThread engine = wornIn(false);
        MemorySegment t = engine.slabs().head();
        int last = SlabTable.half(t, SlabTable.LAST_CLASS);
        int flips = 0;
        for (int sizeClass = 0; sizeClass < SlabTable.CLASSES; sizeClass++) {
            long line = SlabTable.line(sizeClass);
            flips += damageHalf(engine, t, line + SlabTable.HEAD, -1);
            flips += damageHalf(engine, t, line + SlabTable.CLASS_SIZE, sizeClass > 0 && sizeClass <= last ? -1 : 0);
            flips += damageHalf(engine, t, line + SlabTable.ROWS, -1);
        }
        assertTrue(last > SlabTable.SMALL, "no class of a large size");
        for (int size = SlabTable.SMALL + 1; size <= SlabTable.LARGEST; size++) {
            int value = t.get(SlabTable.BYTE, SlabTable.CLASS_OF + size) & 0xFF;
            flips += damageByte(engine, t, SlabTable.CLASS_OF + size, value >= SlabTable.SEEN ? 0xF0 : 0xFF);
        }
        flips += damage(engine, t, SlabTable.SLAB_UNITS, -1);
        flips += damageHalf(engine, t, SlabTable.FRESH_ROW, -1);
        flips += damageHalf(engine, t, SlabTable.UNUSED_ROWS, -1);
        flips += damageHalf(engine, t, SlabTable.ROWS_USED, -1);
        flips += damageHalf(engine, t, SlabTable.LAST_CLASS, flipsTo(last, last, SlabTable.SEEN));
        int virgin = SlabTable.half(t, SlabTable.VIRGIN_ROW);
        flips += damageHalf(engine, t, SlabTable.VIRGIN_ROW,
                flipsTo(virgin, SlabTable.half(t, SlabTable.FRESH_ROW), (int) SlabTable.rows(t) + 1));
        assertTrue(flips > 20_000, "too few");
        engine.verify();
        engine.close(() -> {});
    }

    /// The bits whose flip leads out of `from` to `to`.
    private static int flipsTo(int value, int from, int to) {
        int bits = 0;
        for (int bit = 0; bit < 32; bit++) {
            int flipped = value ^ 1 << bit;
            bits |= flipped < from || flipped >= to ? 1 << bit : 0;
        }
        return bits;
    }

    // ---- page map ----------------------------------------------------------------------------------------------

    /// A damaged bit of the page map is found, or every block still is.
    @Test
    void noDamagedBitOfThePageMapHidesABlock() {
        OneThread engine = wornIn(true);
        engine.verify();
        Map<Long, Long> blocks = new HashMap<>();
        engine.forEachRegion(blocks, null, (found, _, offset, _, handle) -> {
            if (handle != Walk.FREE && handle != Walk.RETIRED) {
                found.put(offset, handle);
            }
        });
        MemorySegment t = Inside.of(engine.pages());
        SplittableRandom random = new SplittableRandom(8);
        int found = 0;
        for (long at = 0; at < t.byteSize(); at += 4) {
            int sound = t.get(NodeTable.HALF, at);
            // Where nothing is entered, one bit stands for all.
            for (int bit = sound == 0 ? random.nextInt(32) : 0; bit < 32; bit += sound == 0 ? 32 : 1) {
                t.set(NodeTable.HALF, at, sound ^ 1 << bit);
                if (isFound(engine)) {
                    found++;
                } else {
                    lookUp(engine, blocks, random, "byte " + at + ", bit " + bit);
                }
                t.set(NodeTable.HALF, at, sound);
            }
        }
        assertTrue(found > 1000, "too few: " + found);
        found = 0;
        MemorySegment nodes = engine.regions().table();
        for (int node = NodeTable.FIRST_REGION; node < Header.half(nodes, Header.FRESH); node++) {
            int sound = NodeTable.nextInPage(nodes, node);
            for (int bit = 0; bit < 32; bit++) {
                NodeTable.setNextInPage(nodes, node, sound ^ 1 << bit);
                if (isFound(engine)) {
                    found++;
                } else {
                    lookUp(engine, blocks, random, "next of node " + node + ", bit " + bit);
                }
            }
            NodeTable.setNextInPage(nodes, node, sound);
        }
        assertTrue(found > 100, "too few: " + found);
        engine.verify();
        engine.close(() -> {});
    }

    private static void lookUp(OneThread engine, Map<Long, Long> blocks, SplittableRandom random, String where) {
        blocks.forEach((offset, handle) -> assertEquals(handle, engine.find(offset), where));
        for (int i = 0; i < 20; i++) {
            long unit = random.nextLong(engine.capacity());
            assertEquals(blocks.getOrDefault(unit, 0L), engine.find(unit), where);
        }
    }

    // ---- damage ------------------------------------------------------------------------------------------------

    private static int damage(OneThread engine, MemorySegment t, long at, long meaning) {
        return damageHalf(engine, t, at, (int) meaning) + damageHalf(engine, t, at + 4, (int) (meaning >>> 32));
    }

    private static int damageHalf(OneThread engine, MemorySegment t, long at, int meaning) {
        int flips = 0;
        for (int i = 0; i < 4; i++) {
            flips += damageByte(engine, t, at + i, meaning >>> 8 * i & 0xFF);
        }
        return flips;
    }

    private static int damageByte(OneThread engine, MemorySegment t, long at, int meaning) {
        byte sound = t.get(ValueLayout.JAVA_BYTE, at);
        for (int bit = 0; bit < 8; bit++) {
            if ((meaning >>> bit & 1) != 0) {
                t.set(ValueLayout.JAVA_BYTE, at, (byte) (sound ^ 1 << bit));
                if (!isFound(engine)) {
                    fail("not found: byte " + at + ", bit " + bit);
                }
                t.set(ValueLayout.JAVA_BYTE, at, sound);
            }
        }
        return Integer.bitCount(meaning);
    }

    private static boolean isFound(OneThread engine) {
        try {
            engine.verify();
            return false;
        } catch (AssertionError | IndexOutOfBoundsException damage) {
            return true;
        }
    }

    @Test
    void randomDamageNeverHangsIt() {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 500; round++) {
            OneThread engine = engine(5000, round % 2 == 0);
            for (int i = 0; i < 100; i++) {
                long block = engine.allocate(1 + random.nextInt(60), 0);
                if (block > 0 && random.nextBoolean()) {
                    engine.free(block);
                }
            }
            List<MemorySegment> tables = new ArrayList<>(List.of(engine.regions().table(), engine.slabs().head()));
            if (round % 2 == 0) {
                tables.add(Inside.of(engine.pages()));
            }
            for (int i = 0; i < 20; i++) {
                MemorySegment t = tables.get(random.nextInt(tables.size()));
                long word = random.nextLong(t.byteSize() / 8);
                if (word != Header.TOP / 8 && word != SlabTable.BUSY / 8) { // a busy word asks for a rebuild
                    t.setAtIndex(ValueLayout.JAVA_LONG, word, random.nextLong() >> random.nextInt(64));
                }
            }
            isFound(engine);
            engine.close(() -> {});
        }
    }
}
