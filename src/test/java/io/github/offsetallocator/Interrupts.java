package io.github.offsetallocator;

import java.util.concurrent.atomic.AtomicBoolean;

/// Interrupts that may come at any time.
public final class Interrupts {
    /// What is interrupted.
    public interface Work {
        /// Does it.
        void run() throws Exception;
    }

    private Interrupts() {}

    /// Another thread interrupts this one all the while. Afterwards this one is not interrupted.
    public static void during(Work work) throws Exception {
        Thread working = Thread.currentThread();
        AtomicBoolean isDone = new AtomicBoolean();
        Thread other = Thread.ofPlatform().start(() -> {
            while (!isDone.get()) {
                working.interrupt();
                Thread.onSpinWait();
            }
        });
        try {
            work.run();
        } finally {
            isDone.set(true);
            while (other.isAlive()) {
                Thread.interrupted();
                Thread.onSpinWait();
            }
            Thread.interrupted();
        }
    }
}
