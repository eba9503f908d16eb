package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Lets a thread use channels though it is interrupted, at any time, which would close them, and end the lock of their file. It is
/// interrupted afterwards, as it was.
///
/// ```
///   channels that the work opens itself   -> [#call], by the thread itself, again if need be
///   a channel that must stay open         -> [#apart], by a thread that nobody can interrupt
/// ```
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

    /// Does something on a thread of its own, in the topmost group, so that whoever interrupts the caller or its group leaves it alone.
    static <T> T apart(Work<T> work) throws IOException {
        FutureTask<T> task = new FutureTask<>(work::run);
        Thread.ofPlatform().group(topmost()).daemon().name("offset-allocator file").inheritInheritableThreadLocals(false).start(task);
        boolean wasInterrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    wasInterrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static ThreadGroup topmost() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }

    private static IOException rethrown(Throwable failure) {
        switch (failure) {
            case Error error -> throw error;
            case RuntimeException exception -> throw exception;
            case IOException exception -> {
                return exception;
            }
            default -> throw new AssertionError(failure);
        }
    }
}
