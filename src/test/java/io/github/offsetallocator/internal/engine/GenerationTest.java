package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Generations of slots go round. Where they start anew does not matter.
class GenerationTest {
    private static final int BLOCKS = 34_000;
    private static final int TOP = Header.MAX_GENERATION;

    /// Rows that were dropped get slots again, whose handles nobody has seen.
    @ParameterizedTest
    @CsvSource({"5, true", "5, false"})
    void noHandleComesAgainWhenTheTableHasBecomeSmaller(int belowTheTop, boolean byReset) {
        OneThread engine = new OneThread(new Settings(40_000_000, FitPolicy.GOOD, 1 << 20, false, true, false, 0, Threads.CONFINED));
        Header.setHalf(engine.regions().table(), Header.FLOOR, TOP - belowTheTop & ~1);
        Set<Long> before = new HashSet<>();
        long[] handles = new long[BLOCKS];
        int shrunk = 0;
        for (int round = 0; round < 6; round++) {
            int slots = 0;
            for (int i = 0; i < BLOCKS; i++) {
                handles[i] = engine.allocate(8, 0);
                slots += (int) handles[i] < 0 ? 1 : 0;
                assertTrue(before.add(handles[i]), "a handle came again");
            }
            assertTrue(slots > BLOCKS - 10, "no slabs");
            long most = engine.slabs().byteSize();
            if (byReset && round % 2 == 1) {
                engine.reset();
            }
            for (int i = 0; i < BLOCKS && !(byReset && round % 2 == 1); i++) {
                engine.free(handles[i]);
            }
            shrunk += engine.slabs().byteSize() < most ? 1 : 0;
        }
        engine.verify();
        assertTrue(shrunk > 1, "the table stays as it is");
        for (long handle : before) {
            assertFalse(engine.isLive(handle));
        }
        engine.close(() -> {});
    }

    @Test
    void theLaterOfTwo() {
        assertEquals(10, Header.later(10, 10));
        assertEquals(12, Header.later(10, 12));
        assertEquals(12, Header.later(12, 10));
        assertEquals(2, Header.later(TOP - 1, 2));
        assertEquals(2, Header.later(2, TOP - 1));
        assertEquals(0, Header.later(TOP - 1, 0));
        assertEquals((1 << 30) - 2, Header.later(0, (1 << 30) - 2));
        assertEquals(0, Header.later(0, (1 << 30) + 2));
    }
}
