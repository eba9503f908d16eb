package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// What is compared must do the same work.
class CheckTest {
    /// Offset for offset, which [Check] looks at for these two.
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CHURN_1M")
    void theTwinOnTheHeapIsTheReference(Work work) {
        Check.run(work.script(), Kind.HEAP_TWIN);
    }

    /// Among them LWJGL, which has to have the allocator that its name says. Not mimalloc: LWJGL keeps one allocator for
    /// the whole JVM.
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "LWJGL_MIMALLOC")
    void everySubjectDoesItsWork(Kind kind) {
        Check.run(Work.GAWK.script(), kind);
    }

    @Test
    void namesAreThoseOfTheTables() {
        assertEquals("offset-no-quick-lists", Kind.OFFSET_NO_QUICK_LISTS.toString());
        assertEquals("churn-64k", Work.CHURN_64K.toString());
    }
}
