package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// What is compared must do the same work.
class WorkTest {
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CHURN_1M")
    void aScriptLeavesNothingLive(Work work) {
        Script script = work.script();
        long[] live = new long[script.slotCount()];
        long used = 0;
        long peak = 0;
        for (int i = 0; i < script.operations(); i++) {
            int slot = script.slot(i) & ~Script.FREE;
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

    /// As many operations as the file has, and a free of each block that the program left.
    @Test
    void aTraceIsReplayedWhole() {
        assertEquals(1_000_314, Work.ESPRESSO.script().operations());
        assertEquals(1_034_002, Work.CC1PLUS.script().operations());
    }

    /// Among them LWJGL, which has to have the allocator that its name says, and keeps that for the whole JVM: so only one of
    /// its allocators.
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = {"LWJGL_MIMALLOC", "LWJGL_RPMALLOC", "LWJGL_JEMALLOC"})
    void everySubjectDoesItsWork(Kind kind) {
        Script script = Work.GAWK.script();
        try (Subject subject = kind.open(script.slotCount(), script.pool(2))) {
            Check.run(subject, script, script.pool(2));
        }
    }

    /// The translation and [Kind#OFFSET_REFERENCE] have one ancestor: each block lies where it lies in the other.
    @ParameterizedTest
    @EnumSource(names = {"GAWK", "CHURN_1K"})
    void theTranslationGivesTheSameOffsets(Work work) {
        Script script = work.script();
        try (Subject translation = Kind.ORIGINAL.open(script.slotCount(), script.pool(2));
                Subject reference = Kind.OFFSET_REFERENCE.open(script.slotCount(), script.pool(2))) {
            for (int i = 0; i < script.operations(); i++) {
                int operation = i;
                int slot = script.slot(i) & ~Script.FREE;
                if (script.slot(i) < 0) {
                    translation.free(slot);
                    reference.free(slot);
                } else {
                    translation.allocate(slot, script.bytes(i));
                    reference.allocate(slot, script.bytes(i));
                    assertEquals(reference.offset(slot), translation.offset(slot), () -> "operation " + operation);
                }
            }
        }
    }

    @Test
    void namesAreThoseOfTheCommandLine() {
        assertEquals("offset-real-time", Kind.OFFSET_REAL_TIME.toString());
        assertEquals("churn-64k", Work.CHURN_64K.toString());
    }
}
