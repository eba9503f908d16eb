package io.github.offsetallocator.jmh;

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
    CHURN_1K(1 << 10, 1 << 20),
    /// A churn over 65 536 slots.
    CHURN_64K(64 << 10, 1 << 20),
    /// A churn over 1 048 576 slots, long enough that almost half of them are live in the end.
    CHURN_1M(1 << 20, 2 << 20);

    private final int slots;
    private final int operations;

    Work() {
        this(0, 0);
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
        return script(1);
    }

    /// As [#script()], from another seed if it is generated.
    Script script(long seed) {
        return isRecorded() ? Script.recorded(toString()) : Script.churn(slots, operations, seed);
    }

    /// As it is written on a command line and in a table.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
