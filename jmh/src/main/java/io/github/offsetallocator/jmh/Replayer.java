package io.github.offsetallocator.jmh;

/// Where one thread is in a script that it goes through again and again, a piece at a time: then all threads can start
/// and stop together, however many share a core.
final class Replayer {
    private final Script script;
    private final Subject subject;
    private int next;

    /// Goes to another place of the script for each thread, so that they don't march in step.
    Replayer(Script script, Subject subject, int thread, int threads) {
        this.script = script;
        this.subject = subject;
        run(script.operations() / threads * thread);
    }

    /// A number of operations.
    void run(int operations) {
        Script script = this.script;
        Subject subject = this.subject;
        int i = next;
        for (int left = operations; left > 0; left--) {
            int slot = script.slot(i);
            if (slot >= 0) {
                subject.allocate(slot, script.bytes(i));
            } else {
                subject.free(slot & ~Script.FREE);
            }
            if (++i == script.operations()) {
                i = 0;
            }
        }
        next = i;
    }
}
