package io.github.offsetallocator.contract;

import io.github.offsetallocator.internal.tables.FailingSource;

/// Puts memory that can fail in the place of the real one: the only part of the suite that knows something internal.
final class TableMemoryHook {
    private TableMemoryHook() {}

    /// For all allocators that are built from here on.
    static FailingMemory install() {
        FailingSource source = new FailingSource();
        return new FailingMemory() {
            @Override
            public void failFrom(int n) {
                source.fail(n, Long.MAX_VALUE);
            }

            @Override
            public void failAt(int n) {
                source.fail(n, n);
            }

            @Override
            public void calm() {
                source.calm();
            }

            @Override
            public long requests() {
                return source.requests();
            }

            @Override
            public long failures() {
                return source.failures();
            }

            @Override
            public long held() {
                return source.held();
            }

            @Override
            public void close() {
                source.close();
            }
        };
    }
}
