package io.github.offsetallocator.internal.slabs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The bits of a shared arena's slabs are hints that a race may spoil. Without a race they say what the entries say.
class FreeBitsTest {
    private static final long SEED = 20_261_126;
    private static final int UNITS = 1 << 16;
    private static final int SIZES = 12;
    private static final int SLABS = 40;

    private final BareSlabs bare = new BareSlabs(UNITS, TableMemory.Threads.ANY);
    private final AnyThreadSlabs slabs = (AnyThreadSlabs) bare.slabs;

    @AfterEach
    void close() {
        bare.close();
    }

    /// Sizes come and go, so rows are made anew for other sizes while hints still name them.
    @Test
    void oneThreadHidesNothing() {
        SplittableRandom random = new SplittableRandom(SEED);
        long[] live = new long[2000];
        int anew = 0;
        int[] sizeOfRow = new int[UNITS];
        for (int round = 0; round < 100; round++) {
            int size = 1 + random.nextInt(SIZES);
            for (int i = 0; i < 2000; i++) {
                int at = random.nextInt(live.length);
                if (live[at] != Slabs.NONE_FREE) {
                    assertTrue(slabs.give(live[at]));
                    live[at] = Slabs.NONE_FREE;
                } else {
                    live[at] = take(random.nextInt(4) == 0 ? 1 + random.nextInt(SIZES) : size);
                }
            }
            anew += bitsAreExact(sizeOfRow);
            if (round % 4 == 3) {
                Arrays.stream(live).filter(handle -> handle != Slabs.NONE_FREE).forEach(handle -> assertTrue(slabs.give(handle)));
                Arrays.fill(live, Slabs.NONE_FREE);
                slabs.giveBackEmpty(() -> false);
            }
        }
        assertTrue(anew > 100, anew + " rows were made anew for another size");
    }

    /// More slabs than can be noted: a later free overwrites the first one's note.
    @Test
    void aFreeSlotWithoutANoteIsFoundWithoutASearch() {
        assertIsFoundWithoutANote(fullSlabs());
    }

    /// A look ends at a slab that goes, and in whose row a slab of another size comes.
    @Test
    void aLookFindsBackToItsRing() {
        long[] first = fullSlabs();
        for (int i = 0; i < 3; i++) {
            assertEquals(Slabs.NONE_FREE, slabs.take(1, 0));
        }
        for (int row = SLABS / 2; row <= SLABS; row++) {
            for (int place = 0; place < SlabTable.SLOTS; place++) {
                int slot = SlabTable.slotOf(first[row]) & -SlabTable.SLOTS | place;
                slabs.give(SlabTable.handle(slabs.entry(slot), slot));
            }
        }
        slabs.giveBackEmpty(() -> false);
        for (int i = 0; i < SLABS * SlabTable.SLOTS; i++) {
            take(2);
        }
        assertIsFoundWithoutANote(first);
    }

    /// Makes slabs of size 1 without a free slot. Returns a handle of each.
    private long[] fullSlabs() {
        long[] first = new long[SLABS + 1];
        for (int n = 0; n < SLABS; ) {
            long handle = take(1);
            if (SlabTable.slotOf(handle) >>> 6 > n) {
                first[++n] = handle;
            }
        }
        long handle;
        do {
            handle = slabs.take(1, 0);
        } while (handle != Slabs.NONE_FREE);
        return first;
    }

    private void assertIsFoundWithoutANote(long[] first) {
        for (int row = 3; row <= 3 + Stripes.NOTES; row++) {
            assertTrue(slabs.give(first[row]));
        }
        for (int row = 4; row <= 3 + Stripes.NOTES; row++) {
            assertEquals(SlabTable.slotOf(first[row]), SlabTable.slotOf(slabs.take(1, 0)), "what was noted");
        }
        long found = Slabs.NONE_FREE;
        for (int i = 0; i <= SLABS / 8 + 1 && found == Slabs.NONE_FREE; i++) {
            found = slabs.take(1, 0);
        }
        assertEquals(SlabTable.slotOf(first[3]), SlabTable.slotOf(found));
    }

    /// Each thread has slabs of its own, of which most are empty here: together they may not fill the range.
    @Test
    void threadsThatTakeTurnsLeaveRoom() throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        for (int thread = 0; thread < 8; thread++) {
            Thread.ofPlatform().uncaughtExceptionHandler((_, e) -> failure.set(e)).start(this::workWithManySizes).join();
        }
        assertNull(failure.get());
        long inSlabs = SlabTable.word(slabs.head(), SlabTable.SLAB_UNITS);
        assertTrue(inSlabs > UNITS / 16 && inSlabs < UNITS / 3, inSlabs + " of " + UNITS + " units are in slabs");
    }

    private void workWithManySizes() {
        for (int size = 1; size <= SlabTable.SMALL; size++) {
            for (int i = 0; i < 200; i++) {
                long handle = take(size);
                if (handle != Slabs.NONE_FREE) {
                    assertTrue(slabs.give(handle));
                }
            }
        }
    }

    private long take(int size) {
        long handle = slabs.take(size, 0);
        return handle == Slabs.NONE_FREE && slabs.refill(size) ? slabs.take(size, 0) : handle;
    }

    /// Returns how many rows have another size than at the last look.
    private int bitsAreExact(int[] sizeOfRow) {
        int anew = 0;
        for (int row = SlabTable.FIRST_ROW; row < SlabTable.half(slabs.head(), SlabTable.FRESH_ROW); row++) {
            if (slabs.isSlab(row)) {
                long bits = SlabTable.word(slabs.segment(row), slabs.at(row) + SlabTable.BITS);
                assertEquals(Long.toBinaryString(slabs.free(row)), Long.toBinaryString(bits), "row " + row);
                int size = SlabTable.size(slabs.shape(row));
                anew += sizeOfRow[row] != 0 && sizeOfRow[row] != size ? 1 : 0;
                sizeOfRow[row] = size;
            }
        }
        return anew;
    }
}
