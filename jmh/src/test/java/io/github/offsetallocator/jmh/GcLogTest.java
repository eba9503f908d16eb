package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class GcLogTest {
    private static final String MARK = "[0.412s][info][gc] GC(3) Pause Full (System.gc()) 9M->2M(32M) 4.310ms";
    private static final String YOUNG =
            "[1.023s][info][gc] GC(4) Pause Young (Normal) (G1 Evacuation Pause) 10M->2M(31M) 0.501ms";

    @Test
    void onlyPausesBetweenTheMarksCount() {
        List<String> log = List.of(
                "[0.004s][info][gc] Using G1",
                YOUNG,
                MARK,
                YOUNG,
                "[1.100s][info][gc] GC(5) Concurrent Mark Cycle 12.500ms",
                "[1.200s][info][gc] GC(5) Pause Remark 3M->3M(16M) 1.250ms",
                MARK,
                YOUNG);
        assertEquals(new GcLog.Pauses(2, 0.501 + 1.250, 1.250), GcLog.pauses(log));
    }

    @Test
    void aLogWithoutMarksIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> GcLog.pauses(List.of(YOUNG)));
    }
}
