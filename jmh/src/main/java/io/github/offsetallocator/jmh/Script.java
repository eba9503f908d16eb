package io.github.offsetallocator.jmh;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;

/// Allocations and frees that leave nothing live, so that they can be replayed again and again.
///
/// ```
///  | a whole trace, or a churn                  | frees of what is left |
///  |<--------------------- operations() ------------------------------->|
///
///  operation i     slots[i]          bytes[i]
///  allocate        slot              1 or more
///  free            slot | FREE       -
/// ```
final class Script {
    /// Set in the slot of an operation that frees.
    static final int FREE = 0x8000_0000;

    private static final int TRACE_MAGIC = 0x5254414F;
    private static final int LARGEST = 16 << 10;

    private final int slotCount;
    private final int[] slots;
    private final int[] bytes;
    private final long peak;

    /// Frees what the operations leave live.
    ///
    /// @param n how many operations there are in the arrays, which have room for a free of each slot too
    private Script(int slotCount, int[] slots, int[] bytes, int n) {
        long[] live = new long[slotCount];
        long used = 0;
        long most = 0;
        for (int i = 0; i < n; i++) {
            int slot = slots[i] & ~FREE;
            if (slots[i] < 0) {
                used -= live[slot];
                live[slot] = 0;
            } else {
                bytes[i] = Math.max(1, bytes[i]);
                live[slot] = Subject.granules(bytes[i]);
                used += live[slot];
                most = Math.max(most, used);
            }
        }
        for (int slot = 0; slot < slotCount; slot++) {
            if (live[slot] > 0) {
                slots[n++] = slot | FREE;
            }
        }
        this.slotCount = slotCount;
        this.slots = Arrays.copyOf(slots, n);
        this.bytes = Arrays.copyOf(bytes, n);
        peak = most << 4;
    }

    /// Reads a trace, all of it. `traces/README.md` tells the format.
    static Script recorded(String name) {
        String resource = "/traces/" + name + ".trace.gz";
        try (InputStream file = Script.class.getResourceAsStream(resource)) {
            byte[] raw = new GZIPInputStream(file).readAllBytes();
            IntBuffer words = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
            if (words.get() != TRACE_MAGIC || words.get() != 1) {
                throw new IllegalArgumentException(name + " is no allocation trace of version 1");
            }
            int operations = words.get();
            int slotCount = words.get();
            int[] slots = new int[operations + slotCount];
            int[] bytes = new int[slots.length];
            for (int i = 0; i < operations; i++) {
                slots[i] = words.get();
                bytes[i] = slots[i] >= 0 ? words.get() : 0;
            }
            return new Script(slotCount, slots, bytes, operations);
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + resource, e);
        }
    }

    /// Takes a random slot each time and frees it if it is live, or else allocates into it: 1 byte to 16 KiB, spread evenly
    /// over the powers of two. In the long run half of the slots are live.
    ///
    /// @param operations how many in all; half of them allocate
    static Script churn(int slotCount, int operations, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        boolean[] live = new boolean[slotCount];
        int[] slots = new int[operations];
        int[] bytes = new int[operations];
        double octaves = Math.log(LARGEST) / Math.log(2);
        int n = 0;
        for (int allocations = 0; allocations < operations / 2; n++) {
            int slot = random.nextInt(slotCount);
            if (live[slot]) {
                slots[n] = slot | FREE;
            } else {
                slots[n] = slot;
                bytes[n] = (int) Math.pow(2, random.nextDouble() * octaves);
                allocations++;
            }
            live[slot] = !live[slot];
        }
        return new Script(slotCount, slots, bytes, n);
    }

    /// The loop that is timed.
    void replay(Subject subject) {
        int[] slots = this.slots;
        int[] bytes = this.bytes;
        for (int i = 0; i < slots.length; i++) {
            int slot = slots[i];
            if (slot >= 0) {
                subject.allocate(slot, bytes[i]);
            } else {
                subject.free(slot & ~FREE);
            }
        }
    }

    int operations() {
        return slots.length;
    }

    int slotCount() {
        return slotCount;
    }

    /// The slot of an operation, with [#FREE] set if it frees.
    int slot(int operation) {
        return slots[operation];
    }

    int bytes(int operation) {
        return bytes[operation];
    }

    /// Most bytes that are live at once, in whole granules of 16.
    long peak() {
        return peak;
    }

    /// Bytes of a pool that is so many times as large as [#peak()], in whole granules.
    long pool(double times) {
        return (long) (peak * times) & -16;
    }
}
