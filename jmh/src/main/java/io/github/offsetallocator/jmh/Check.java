package io.github.offsetallocator.jmh;

import java.util.BitSet;

/// Goes through a script once before anything is timed, and throws if a subject refuses a request or hands out a granule
/// twice. Only those that divide a range can be seen into.
///
/// Each JVM checks just what it is going to time. To run other subjects there as well would spoil what the compiler
/// learns of this one. The loop is another one than [Script#replay(Subject)] for the same reason.
final class Check {
    private final BitSet taken = new BitSet();
    private final int[] starts;
    private final int[] ends;

    private Check(int slots) {
        starts = new int[slots];
        ends = new int[slots];
    }

    static void run(Subject subject, Script script, long pool) {
        new Check(script.slotCount()).replay(subject, script, pool >> 4);
    }

    private void replay(Subject subject, Script script, long pool) {
        for (int i = 0; i < script.operations(); i++) {
            int slot = script.slot(i) & ~Script.FREE;
            if (script.slot(i) < 0) {
                taken.clear(starts[slot], ends[slot]);
                subject.free(slot);
                continue;
            }
            subject.allocate(slot, script.bytes(i));
            long start = subject.offset(slot);
            if (start == Subject.NO_OFFSET) {
                continue;
            }
            long end = start + Subject.granules(script.bytes(i));
            int next = taken.nextSetBit((int) start);
            if (start < 0 || end > pool || next >= 0 && next < end) {
                throw new IllegalStateException(
                        "operation " + i + ": granules " + start + " to " + end + " are taken or outside the pool");
            }
            starts[slot] = (int) start;
            ends[slot] = (int) end;
            taken.set(starts[slot], ends[slot]);
        }
        if (!taken.isEmpty()) {
            throw new IllegalStateException(taken.cardinality() + " granules are left over");
        }
    }
}
