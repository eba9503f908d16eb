package io.github.offsetallocator.internal.slabs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// One slab of each size serves all requests until it is full, where one thread works at a time.
class CurrentSlabsTest {
    private static final int UNITS = 1 << 20;
    private static final int SIZE = 3;
    private static final int SLABS = 10;
    private static final long SEED = 20_261_127;

    private final BareSlabs bare = new BareSlabs(UNITS, TableMemory.Threads.CONFINED);
    private final OneThreadSlabs slabs = (OneThreadSlabs) bare.slabs;

    @AfterEach
    void close() {
        bare.close();
    }

    /// A program that frees and allocates in turn never leaves the slab.
    @Test
    void whatIsFreedToItIsTakenNext() {
        takeMany();
        int row = slabs.current(SIZE);
        long handle = take();
        assertEquals(row, row(handle));
        for (int i = 0; i < 200; i++) {
            assertTrue(slabs.give(handle));
            long next = slabs.take(SIZE, 0);
            assertEquals(SlabTable.slotOf(handle), SlabTable.slotOf(next));
            assertNotEquals(handle, next, "the same generation");
            handle = next;
        }
    }

    /// Slabs with a free slot elsewhere are not asked before.
    @Test
    void anotherIsAskedWhenItIsFull() {
        long[] handles = takeMany();
        int row = slabs.current(SIZE);
        long inFull = handles[0];
        assertNotEquals(row, row(inFull));
        assertTrue(slabs.give(inFull));
        for (int left = Long.bitCount(slabs.bits(row)); left > 0; left--) {
            assertEquals(row, row(take()));
            assertEquals(row, slabs.current(SIZE));
        }
        assertEquals(SlabTable.slotOf(inFull), SlabTable.slotOf(take()));
        assertEquals(row(inFull), slabs.current(SIZE));
    }

    /// What is freed to a slab that was full is taken in one go later.
    @Test
    void aSlabGathersFreeSlots() {
        long[] handles = takeMany();
        int row = row(handles[0]);
        Set<Integer> freed = new HashSet<>();
        for (int i = 0; row(handles[i]) == row; i += 2) {
            assertTrue(slabs.give(handles[i]));
            freed.add(SlabTable.slotOf(handles[i]));
        }
        for (int left = Long.bitCount(slabs.bits(slabs.current(SIZE))); left > 0; left--) {
            assertNotEquals(row, row(take()));
        }
        for (int left = freed.size(); left > 0; left--) {
            assertTrue(freed.remove(SlabTable.slotOf(take())), "a slot of another slab");
        }
    }

    /// Also if another is the size's own.
    @Test
    void anEmptyOneCountsAsFree() {
        long[] handles = takeMany();
        int row = slabs.current(SIZE);
        for (long handle : handles) {
            if (row(handle) == row || row(handle) == row(handles[0])) {
                assertTrue(slabs.give(handle));
            }
        }
        assertEquals(row, slabs.current(SIZE));
        assertEquals(UNITS - slabs.offset(row << 6), Math.max(bare.regions.policy().largest(bare.regions.table()), slabs.largestAroundEmpty()));
    }

    /// Slabs lie at multiples of 64 units at most, so not each slab of a size has slots for a larger alignment.
    @Test
    void anAlignedRequestIsServedByAnAlignedSlab() {
        int size = 128;
        long[] handles = new long[400];
        SplittableRandom random = new SplittableRandom(SEED);
        int served = 0;
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            int at = random.nextInt(handles.length);
            if (handles[at] != Slabs.NONE_FREE) {
                assertTrue(slabs.give(handles[at]));
                handles[at] = Slabs.NONE_FREE;
                continue;
            }
            if (random.nextInt(20) == 0) {
                take(1 + random.nextInt(SIZE)); // moves what comes next
            }
            boolean isAligned = random.nextBoolean();
            handles[at] = isAligned ? slabs.takeAligned(size, size, 0) : slabs.take(size, 0);
            if (handles[at] == Slabs.NONE_FREE) {
                refused += isAligned ? 1 : 0;
                slabs.refill(size);
            } else if (isAligned) {
                assertEquals(0, slabs.offset(SlabTable.slotOf(handles[at])) % size, "seed " + SEED + ", step " + i);
                served++;
            }
        }
        assertTrue(served > 100 && refused > 100, served + " served, " + refused + " refused");
    }

    /// Of slabs with a free slot the one that has had one longest comes next.
    @Test
    void theOneThatWasFullLongestAgoComesFirst() {
        long[] handles = takeMany();
        List<Integer> freed = new ArrayList<>();
        for (int i = 0; i < handles.length; i++) {
            if (row(handles[i]) != slabs.current(SIZE) && (freed.isEmpty() || row(handles[i]) != freed.getLast())) {
                assertTrue(slabs.give(handles[i]));
                freed.add(row(handles[i]));
            }
        }
        assertTrue(freed.size() >= SLABS, freed + " were full");
        for (int left = Long.bitCount(slabs.bits(slabs.current(SIZE))); left > 0; left--) {
            take();
        }
        for (int row : freed) {
            assertEquals(row, row(take()));
        }
    }

    /// All free slots are where requests and slabs that end look for them, once there is no current slab any more.
    @Test
    void settlingLosesNothing() {
        long[] handles = takeMany();
        int row = slabs.current(SIZE);
        long free = slabs.bits(row);
        assertTrue(free != 0 && SlabTable.word(slabs.head(), SlabTable.at(row)) == 0, "no free bits, or in the row too: " + free);
        slabs.settle();
        assertEquals(0, slabs.current(SIZE));
        assertEquals(free, slabs.bits(row));
        for (int left = Long.bitCount(free); left > 0; left--) {
            assertEquals(row, row(take()));
        }
        for (long handle : handles) {
            assertTrue(slabs.give(handle));
        }
        slabs.giveBackEmpty(() -> false);
        int rows = SlabTable.half(slabs.head(), SlabTable.line(SIZE) + SlabTable.ROWS);
        assertTrue(rows <= 2, rows + " slabs are left, of which one has live slots, and one is the size's own");
    }

    /// Takes slots until the last slab has some left.
    private long[] takeMany() {
        long[] handles = new long[SLABS * SlabTable.SLOTS + 20];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = take();
        }
        return handles;
    }

    private long take() {
        return take(SIZE);
    }

    private long take(int size) {
        long handle = slabs.take(size, 0);
        for (int i = 0; i < 5 && handle == Slabs.NONE_FREE; i++) { // the first requests are for the bins
            handle = slabs.refill(size) ? slabs.take(size, 0) : Slabs.NONE_FREE;
        }
        assertNotEquals(Slabs.NONE_FREE, handle);
        return handle;
    }

    private static int row(long handle) {
        return SlabTable.slotOf(handle) >>> 6;
    }
}
