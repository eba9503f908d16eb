package io.github.offsetallocator.jmh;

import java.io.IOException;

/// Someone who does one piece of work for [QuickTable], in a process of its own.
interface Contestant extends AutoCloseable {
    /// Does the work once more, or for a while.
    ///
    /// @return nanoseconds per operation
    double round() throws IOException, InterruptedException;

    @Override
    void close() throws IOException;
}
