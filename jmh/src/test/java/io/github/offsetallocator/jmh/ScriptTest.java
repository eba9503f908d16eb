package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.examples.Trace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// Whether a script is what its trace was, cut short and freed to the last block.
class ScriptTest {
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CHURN_1M")
    void leavesNothingLive(Work work) {
        Script script = work.script();
        long[] live = new long[script.slotCount()];
        long used = 0;
        long peak = 0;
        for (int i = 0; i < script.operations(); i++) {
            int slot = script.slot(i) & ~Trace.FREE;
            if (script.slot(i) < 0) {
                assertTrue(live[slot] > 0, "operation " + i + " frees nothing");
                used -= live[slot];
                live[slot] = 0;
            } else {
                assertEquals(0, live[slot], "operation " + i + " takes a slot that is taken");
                live[slot] = Subject.granules(script.bytes(i));
                used += live[slot];
                peak = Math.max(peak, used);
            }
        }
        assertEquals(0, used);
        assertEquals(peak << 4, script.peak());
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = {"CHURN_1K", "CHURN_64K", "CHURN_1M"})
    void startsAsTheTraceDoes(Work work) {
        Trace trace = Trace.recorded(work.toString());
        Script script = work.script();
        int allocations = 0;
        for (int i = 0; allocations < script.operations() / 2; i++) {
            assertEquals(trace.slot(i), script.slot(i));
            if (trace.slot(i) >= 0) {
                assertEquals(Math.max(1, trace.size(i)), script.bytes(i));
                allocations++;
            }
        }
    }
}
