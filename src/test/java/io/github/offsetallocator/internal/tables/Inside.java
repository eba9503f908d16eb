package io.github.offsetallocator.internal.tables;

import java.lang.foreign.MemorySegment;

/// What only tests may see of a table.
public final class Inside {
    private Inside() {}

    public static MemorySegment of(PageMap pages) {
        return pages.table();
    }
}
