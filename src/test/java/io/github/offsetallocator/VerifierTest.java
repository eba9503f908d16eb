package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Damages the metadata one bit at a time: `verify()` must see it, unless the bit means nothing.
class VerifierTest {
    private static final int LEAVES = 2;
    private static final int QUICK = 4;
    private static final long REGION = 0;
    private static final long LINKS = 8;
    private static final long SIDES = 16;

    @Test
    void everyDamagedBitIsFound() {
        try (OffsetAllocator allocator = OffsetAllocator.create(5000)) {
            long[] blocks = new long[60];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = allocator.allocate(1 + i * 7 % 90);
            }
            for (int i = 0; i < blocks.length; i += 3) {
                allocator.free(blocks[i]);
            }
            for (int i = 1; i < blocks.length; i += 9) {
                allocator.retire(blocks[i], i);
            }
            allocator.verify();
            int flips = 0;
            for (int node = NodeTable.FIRST_REGION; node < allocator.fresh; node++) {
                for (long word : new long[] {REGION, LINKS, SIDES}) {
                    flips += damage(allocator, node, word);
                }
            }
            for (int bin = 0; bin < SmallFloat.BINS; bin++) {
                flips += damage(allocator, NodeTable.BIN_HEADS + bin, LINKS);
            }
            flips += damage(allocator, NodeTable.EDGE, SIDES);
            for (int leaf = 0; leaf < 4; leaf++) {
                flips += damage(allocator, LEAVES, 8L * leaf);
            }
            for (int size = 1; size <= NodeTable.QUICK_SIZES; size++) {
                flips += damage(allocator, QUICK, 8L * (size - 1));
            }
            assertTrue(flips > 10_000);
            allocator.verify();
        }
    }

    private static int damage(OffsetAllocator allocator, int node, long word) {
        MemorySegment table = allocator.table;
        long links = NodeTable.links(table, node);
        long position = ((long) node << 5) + word;
        long sound = table.get(ValueLayout.JAVA_LONG, position);
        int flips = 0;
        for (int bit = 0; bit < 64; bit++) {
            if (isMeaningless(links, node, word, bit)) {
                continue;
            }
            table.set(ValueLayout.JAVA_LONG, position, sound ^ 1L << bit);
            String where = "node " + node + ", word at " + word + ", bit " + bit;
            assertThrows(AssertionError.class, allocator::verify, where);
            table.set(ValueLayout.JAVA_LONG, position, sound);
            flips++;
        }
        return flips;
    }

    /// Generation and slack of an allocated node are the handle's business; an unused node has links alone; the half of a
    /// bin's head that would point back is never read.
    private static boolean isMeaningless(long links, int node, long word, int bit) {
        if (node >= NodeTable.BIN_HEADS && node < NodeTable.FIRST_REGION) {
            return bit >= 32;
        }
        if ((links & NodeTable.HIGH) == NodeTable.UNUSED) {
            return word != LINKS;
        }
        return NodeTable.isAllocated(links) && word == LINKS && bit < 62;
    }

    @Test
    void randomDamageNeverHangsIt() {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 500; round++) {
            try (OffsetAllocator allocator = OffsetAllocator.create(5000)) {
                for (int i = 0; i < 100; i++) {
                    long block = allocator.allocate(1 + random.nextInt(60));
                    if (block > 0 && random.nextBoolean()) {
                        allocator.free(block);
                    }
                }
                for (int i = 0; i < 20; i++) {
                    long word = random.nextLong(4L * allocator.fresh);
                    allocator.table.setAtIndex(ValueLayout.JAVA_LONG, word, random.nextLong() >> random.nextInt(64));
                }
                try {
                    allocator.verify();
                } catch (AssertionError | IndexOutOfBoundsException found) {
                    continue;
                }
            }
        }
    }
}
