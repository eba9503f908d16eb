package io.github.offsetallocator.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.List;
import java.util.zip.GZIPInputStream;

/// A sequence of allocations and frees, recorded from a real program. `traces/README.md` tells the format.
///
/// ```
///  operation i     slots[i]          sizes[i]
///  allocate        slot              bytes
///  free            slot | FREE       -
/// ```
///
/// A slot is free when something is allocated into it. What is live at the end stays live.
final class Trace {
    /// Set in the slot of an operation that frees.
    static final int FREE = 0x8000_0000;

    /// The traces recorded from real programs that are shipped as resources.
    static final List<String> RECORDED = List.of("espresso", "cc1plus", "gawk", "perl");

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
    static Trace recorded(String name) {
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

    /// What the trace is called.
    String name() {
        return name;
    }

    /// How many operations there are.
    int operations() {
        return slots.length;
    }

    /// How many slots there are, numbered from 0.
    int slotCount() {
        return slotCount;
    }

    /// The slot of an operation, with [#FREE] set if it frees.
    int slot(int operation) {
        return slots[operation];
    }

    /// How many bytes an operation allocates, up to 2^31 - 1.
    int size(int operation) {
        return sizes[operation];
    }
}
