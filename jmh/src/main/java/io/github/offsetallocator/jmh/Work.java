package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;
import java.util.Locale;

/// What the allocators are given to do, the same in every program of this package.
public enum Work {
    /// A logic minimiser.
    ESPRESSO,
    /// The C++ compiler proper of GCC.
    CC1PLUS,
    /// An interpreter of AWK.
    GAWK,
    /// An interpreter of Perl.
    PERL,
    /// A churn over 1024 slots.
    CHURN_1K(1 << 10, Work.SMALL_CHURN_OPERATIONS),
    /// A churn over 65 536 slots.
    CHURN_64K(64 << 10, Work.SMALL_CHURN_OPERATIONS),
    /// A churn over 1 048 576 slots.
    CHURN_1M(1 << 20, Work.LARGE_CHURN_OPERATIONS);

    /// A recorded trace: its first 130 000 allocations (the shortest has 130 844), the frees among them, and frees of
    /// what is left.
    static final int TRACE_OPERATIONS = 260_000;
    /// A churn, [Trace#churn(int, int, int, long)]: blocks of 1 byte to 16 KiB, half of the slots live in the long run,
    /// and frees of what is left.
    static final int SMALL_CHURN_OPERATIONS = 1 << 20;
    /// Two operations for each slot: enough until almost half of them are live.
    static final int LARGE_CHURN_OPERATIONS = 2 << 20;

    private static final int LARGEST = 16 << 10;
    private static final long SEED = 1;

    private final int slots;
    private final int operations;

    Work() {
        this(0, TRACE_OPERATIONS);
    }

    Work(int slots, int operations) {
        this.slots = slots;
        this.operations = operations;
    }

    /// Whether it comes from a real program.
    boolean isRecorded() {
        return slots == 0;
    }

    /// Reads or generates it.
    Script script() {
        return script(SEED);
    }

    /// As [#script()], from another seed if it is generated.
    Script script(long seed) {
        Trace trace = isRecorded() ? Trace.recorded(toString()) : Trace.churn(slots, operations, LARGEST, seed);
        return Script.of(trace, operations);
    }

    /// As it is written on a command line and in a table.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
