package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/// Lets a thread use channels though it is interrupted, which would close them, and end the lock of their file. It is interrupted
/// afterwards, as it was.
final class Uninterrupted {
    interface Work<T> {
        T run() throws IOException;
    }

    private Uninterrupted() {}

    /// Does something that opens its channels itself, and again if an interrupt comes in the middle.
    static <T> T call(Work<T> work) throws IOException {
        boolean wasInterrupted = false;
        try {
            while (true) {
                wasInterrupted |= Thread.interrupted();
                try {
                    return work.run();
                } catch (ClosedByInterruptException e) {
                    wasInterrupted = true;
                }
            }
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
