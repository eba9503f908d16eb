package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// Small shared arenas for the states of a test.
///
/// jcstress makes millions of states. A new arena for each would leave its metadata, which is native memory, to be
/// closed, and closing takes a handshake with all threads, about 20 µs: hundreds of times as long as what is tested. So
/// a state takes an arena here and gives it back when its arbiter has looked at it, and only as many are made as there
/// are states at a time. Memory behind them is a `long[]`; and the limit of allocations keeps the metadata small.
final class ArenaPool {
    /// What [#giveBack(SegmentArena)] says when it finds no fault.
    static final String IN_ORDER = "in order";

    private static final int MAX_ALLOCATIONS = 64;
    private static final int ROOMY = 64 << 10;
    private static final int CALLS_UNTIL_PARKING = 64;

    private final int byteSize;
    private final boolean busy;
    private final AtomicInteger taken = new AtomicInteger();
    private final Queue<SegmentArena> arenas = new ConcurrentLinkedQueue<>();

    /// @param byteSize capacity of the arenas
    ArenaPool(int byteSize) {
        this(byteSize, false);
    }

    private ArenaPool(int byteSize, boolean busy) {
        this.byteSize = byteSize;
        this.busy = busy;
    }

    /// Arenas with more room than any test needs. Every second one has been in use for a while, so that blocks which are
    /// freed wait in stripes; in the others they are merged under the lock.
    static ArenaPool roomy() {
        return new ArenaPool(ROOMY, true);
    }

    /// An arena of this capacity that no pool takes back, for those who close it.
    static SegmentArena single(int byteSize) {
        return SegmentArena.builder()
                .backing(MemorySegment.ofArray(new long[byteSize / Long.BYTES + 1]))
                .maxAllocations(MAX_ALLOCATIONS)
                .shared()
                .build();
    }

    /// An empty arena.
    SegmentArena take() {
        SegmentArena polled = arenas.poll();
        SegmentArena arena = polled == null ? single(byteSize) : polled;
        if (busy && (taken.getAndIncrement() & 1) == 0) {
            for (int i = 0; i < CALLS_UNTIL_PARKING; i++) {
                arena.free(arena.tryAllocate(1, 1));
            }
        }
        return arena;
    }

    /// Looks at an arena when all is over, and takes it back.
    ///
    /// @return [#IN_ORDER], or what is wrong
    String giveBack(SegmentArena arena) {
        String fault = fault(arena);
        if (fault != null) {
            return fault;
        }
        arena.reset();
        arenas.add(arena);
        return IN_ORDER;
    }

    private static String fault(SegmentArena arena) {
        try {
            arena.verify();
        } catch (AssertionError broken) {
            return broken.getMessage();
        }
        long[] sums = new long[2];
        int[] live = new int[1];
        arena.forEachRegion((_, size, allocation) -> {
            sums[allocation == 0 ? 0 : 1] += size;
            live[0] += allocation > 0 ? 1 : 0;
        });
        long free = arena.storageReport().totalFreeSpace();
        return free != sums[0] || sums[0] + sums[1] != arena.byteSize() || live[0] != arena.allocations()
                ? "reported free are " + free + ", the walk finds " + sums[0] + " free and " + sums[1] + " taken in " + live[0]
                        + " blocks, counted " + arena.allocations()
                : null;
    }
}
