package io.github.offsetallocator.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;

/// A sequence of allocations and frees, recorded from a real program or generated.
///
/// ```
///  operation i     slots[i]          sizes[i]
///  allocate        slot              bytes
///  free            slot | FREE       -
/// ```
///
/// A slot is free when something is allocated into it. What is live at the end stays live.
public final class Trace {
    /// Set in the slot of an operation that frees.
    public static final int FREE = 0x8000_0000;

    /// The traces recorded from real programs that are shipped as resources.
    public static final List<String> RECORDED = List.of("espresso", "cc1plus", "gawk", "perl");

    private static final int MAGIC = 0x5254414F;

    private final String name;
    private final int slotCount;
    private final int[] slots;
    private final int[] sizes;

    private Trace(String name, int slotCount, int[] slots, int[] sizes) {
        this.name = name;
        this.slotCount = slotCount;
        this.slots = slots;
        this.sizes = sizes;
    }

    /// Reads one of [#RECORDED].
    public static Trace recorded(String name) {
        String resource = "/traces/" + name + ".trace.gz";
        try (InputStream file = Trace.class.getResourceAsStream(resource)) {
            if (file == null) {
                throw new IllegalArgumentException("no trace " + name + "; there are " + RECORDED);
            }
            byte[] bytes = new GZIPInputStream(file).readAllBytes();
            return parse(name, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer());
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + resource, e);
        }
    }

    private static Trace parse(String name, IntBuffer words) {
        if (words.get() != MAGIC || words.get() != 1) {
            throw new IllegalArgumentException(name + " is no allocation trace of version 1");
        }
        int operations = words.get();
        int slotCount = words.get();
        int[] slots = new int[operations];
        int[] sizes = new int[operations];
        for (int i = 0; i < operations; i++) {
            slots[i] = words.get();
            sizes[i] = slots[i] >= 0 ? words.get() : 0;
        }
        return new Trace(name, slotCount, slots, sizes);
    }

    /// Takes a random slot each time and frees it if it is live, or else allocates into it. Sizes are spread evenly over
    /// the powers of two up to `largest` bytes. In the long run half of the slots are live.
    public static Trace churn(int slotCount, int operations, int largest, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        boolean[] live = new boolean[slotCount];
        int[] slots = new int[operations];
        int[] sizes = new int[operations];
        double octaves = Math.log(largest) / Math.log(2);
        for (int i = 0; i < operations; i++) {
            int slot = random.nextInt(slotCount);
            if (live[slot]) {
                slots[i] = slot | FREE;
            } else {
                slots[i] = slot;
                sizes[i] = (int) Math.pow(2, random.nextDouble() * octaves);
            }
            live[slot] = !live[slot];
        }
        return new Trace("churn-" + slotCount, slotCount, slots, sizes);
    }

    /// What the trace is called.
    public String name() {
        return name;
    }

    /// How many operations there are.
    public int operations() {
        return slots.length;
    }

    /// How many slots there are, numbered from 0.
    public int slotCount() {
        return slotCount;
    }

    /// The slot of an operation, with [#FREE] set if it frees.
    public int slot(int operation) {
        return slots[operation];
    }

    /// How many bytes an operation allocates, up to 2^31 - 1.
    public int size(int operation) {
        return sizes[operation];
    }

    /// Most bytes that are live at once, each block rounded up to a multiple of `granule`, and at least one.
    public long peak(long granule) {
        long[] live = new long[slotCount];
        long now = 0;
        long peak = 0;
        for (int i = 0; i < slots.length; i++) {
            int slot = slots[i] & ~FREE;
            if (slots[i] < 0) {
                now -= live[slot];
            } else {
                live[slot] = Math.max(1, (sizes[i] + granule - 1) / granule) * granule;
                now += live[slot];
                peak = Math.max(peak, now);
            }
        }
        return peak;
    }
}
