package io.github.offsetallocator.internal.engine;

/// What threads hold while they write to the bytes of blocks: monitors, which are left whatever happens. Threads whose numbers are equal
/// modulo 64 take turns.
final class Writers {
    private static final int COUNT = 64;

    /// Null until the first thread writes.
    private volatile Object[] all;

    boolean haveWritten() {
        return all != null;
    }

    /// What this thread holds while it writes.
    ///
    /// @param lock nobody sees whether there are any while another thread holds this
    Object own(Object lock) {
        Object[] made = all == null ? make(lock) : all;
        return made[(int) Thread.currentThread().threadId() & COUNT - 1];
    }

    private Object[] make(Object lock) {
        synchronized (lock) {
            if (all == null) {
                Object[] made = new Object[COUNT];
                for (int i = 0; i < COUNT; i++) {
                    made[i] = new Object();
                }
                all = made;
            }
            return all;
        }
    }

    /// Waits until each thread has ended that is writing.
    void await() {
        Object[] made = all;
        for (int i = 0; made != null && i < COUNT; i++) {
            await(made[i]);
        }
    }

    /// Waits until nobody holds a lock.
    static void await(Object lock) {
        synchronized (lock) {
            return;
        }
    }
}
