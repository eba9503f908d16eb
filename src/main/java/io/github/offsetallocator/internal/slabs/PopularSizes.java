package io.github.offsetallocator.internal.slabs;

import static io.github.offsetallocator.internal.tables.SlabTable.*;

import java.lang.foreign.MemorySegment;

/// Which sizes above 64 units have a class, and so get slabs: those that are asked for often.
///
/// ```
///   a byte for each size    0 -> asked for once -> ... -> 15 times -> its class
///                           ^ all that have none, after 256 requests for such sizes
/// ```
///
/// "Often" has to mean a share of the requests. A program asks for hundreds of sizes, most of them seldom, and would ask 16 times for each
/// of them one day. A class takes a slab for a block or two, and slabs of sizes that come seldom lie everywhere between large blocks.
final class PopularSizes {
    /// A size is popular that is asked for so many times...
    private static final int MANY = 16;
    /// ... among so many requests for sizes without a class.
    private static final int WINDOW = 256;

    private final Slabs slabs;
    /// Requests since counts have started anew.
    private int counted;

    PopularSizes(Slabs slabs) {
        this.slabs = slabs;
    }

    /// The class of a size, or 0. One that is asked for often gets one.
    int classOf(MemorySegment head, int size) {
        if (size <= SMALL) {
            return size;
        }
        int value = head.get(BYTE, CLASS_OF + size) & 0xFF;
        if (value > 0 && value < SEEN) {
            return value;
        }
        int seen = value == 0 ? 1 : value - SEEN + 1;
        if (seen == MANY) {
            return makeClass(head, size);
        }
        head.set(BYTE, CLASS_OF + size, (byte) (SEEN + seen));
        if (++counted >= WINDOW) {
            startAnew(head);
        }
        return 0;
    }

    private int makeClass(MemorySegment head, int size) {
        int made = newClass(head);
        if (made != 0) {
            setHalf(head, line(made) + CLASS_SIZE, size);
            setHalf(head, line(made) + HEAT, MANY);
            setHalf(head, line(made) + WAIT, 0);
        }
        head.set(BYTE, CLASS_OF + size, (byte) made);
        return made;
    }

    /// A class that no size has or, if there is none, that of a size without slabs; 0 if all have some.
    private int newClass(MemorySegment head) {
        int last = half(head, LAST_CLASS);
        if (last < SEEN - 1) {
            setHalf(head, LAST_CLASS, last + 1);
            return last + 1;
        }
        for (int other = SMALL + 1; slabs.reusesClasses() && other < SEEN; other++) {
            if (half(head, line(other) + ROWS) == 0) {
                long named = CLASS_OF + half(head, line(other) + CLASS_SIZE);
                if (head.get(BYTE, named) == (byte) other) { // an error may have struck before it was named
                    head.set(BYTE, named, (byte) 0);
                }
                return other;
            }
        }
        return 0;
    }

    /// Forgets all counts. O(1): there are 960.
    private void startAnew(MemorySegment head) {
        counted = 0;
        for (int size = SMALL + 1; size <= LARGEST; size++) {
            if ((head.get(BYTE, CLASS_OF + size) & 0xFF) >= SEEN) {
                head.set(BYTE, CLASS_OF + size, (byte) 0);
            }
        }
    }
}
