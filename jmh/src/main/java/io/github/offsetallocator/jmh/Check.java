package io.github.offsetallocator.jmh;

import io.github.offsetallocator.examples.Trace;
import java.util.BitSet;

/// Goes through a script once before anything is timed, and throws if a subject does it wrong: refuses a request, hands
/// out a granule twice, or, for the reference fit and its twin on the heap, if they differ in an offset.
///
/// Each JVM checks just what it is going to time. To run other subjects there as well would spoil what the compiler
/// learns of this one. The loop is another one than [Script#replay(Subject)] for the same reason.
final class Check {
    private final Script script;
    private final BitSet taken = new BitSet();
    private final long[] starts;
    private final long[] ends;

    private Check(Script script) {
        this.script = script;
        starts = new long[script.slotCount()];
        ends = new long[script.slotCount()];
    }

    static void run(Script script, Kind kind) {
        try (Subject subject = open(script, kind)) {
            switch (kind) {
                case OFFSET_REFERENCE -> new Check(script).compare(subject, Kind.HEAP_TWIN);
                case HEAP_TWIN -> new Check(script).compare(subject, Kind.OFFSET_REFERENCE);
                default -> new Check(script).compare(subject, Kind.NOTHING);
            }
        }
    }

    private static Subject open(Script script, Kind kind) {
        return kind.open(script.slotCount(), script.pool());
    }

    private void compare(Subject subject, Kind otherKind) {
        int allocations = 0;
        int frees = 0;
        try (Subject other = open(script, otherKind)) {
            for (int i = 0; i < script.operations(); i++) {
                int slot = script.slot(i) & ~Trace.FREE;
                if (script.slot(i) < 0) {
                    frees++;
                    giveBack(slot);
                    subject.free(slot);
                    other.free(slot);
                } else {
                    allocations++;
                    subject.allocate(slot, script.bytes(i));
                    other.allocate(slot, script.bytes(i));
                    take(slot, subject.offset(slot), Subject.granules(script.bytes(i)), i);
                    if (otherKind != Kind.NOTHING && subject.offset(slot) != other.offset(slot)) {
                        throw new IllegalStateException("operation " + i + ": offset " + subject.offset(slot)
                                + ", but " + other.offset(slot) + " from " + otherKind);
                    }
                }
            }
        }
        if (allocations != frees || allocations + frees != script.operations() || !taken.isEmpty()) {
            throw new IllegalStateException(allocations + " allocations, " + frees + " frees, " + taken.cardinality()
                    + " granules left over");
        }
    }

    private void take(int slot, long start, long granules, int operation) {
        if (start == Subject.NO_OFFSET) {
            return;
        }
        long end = start + granules;
        int next = taken.nextSetBit((int) start);
        if (start < 0 || end > script.pool() >> 4 || next >= 0 && next < end) {
            throw new IllegalStateException("operation " + operation + ": granules " + start + " to " + end
                    + " are taken or outside the pool");
        }
        taken.set((int) start, (int) end);
        starts[slot] = start;
        ends[slot] = end;
    }

    private void giveBack(int slot) {
        taken.clear((int) starts[slot], (int) ends[slot]);
        ends[slot] = starts[slot];
    }
}
