package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

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
    /// The smallest range in which slabs are made and found by address.
    private static final int ROOMY = 128 << 10;
    /// From how many requests on a size has slabs.
    private static final int CALLS_UNTIL_SLABS = 5;

    /// Bytes of a chunk of [#growing()].
    static final long CHUNK = 4096;

    /// Makes an arena.
    private final Supplier<SegmentArena> maker;
    /// In one of how many arenas the sizes of the tests have slabs; 0 is in none.
    private final int inOneOf;
    private final AtomicInteger taken = new AtomicInteger();
    private final Queue<SegmentArena> arenas = new ConcurrentLinkedQueue<>();

    /// @param byteSize capacity of the arenas
    ArenaPool(int byteSize) {
        this(byteSize, 0);
    }

    private ArenaPool(int byteSize, int inOneOf) {
        this(() -> single(byteSize), inOneOf);
    }

    private ArenaPool(Supplier<SegmentArena> maker, int inOneOf) {
        this.maker = maker;
        this.inOneOf = inOneOf;
    }

    /// Arenas of two chunks at most. An access to a chunk that went back fails.
    static ArenaPool growing() {
        return new ArenaPool(() -> SegmentArena.builder().growable(CHUNK, 2 * CHUNK).shared().build(), 0);
    }

    /// Arenas with more room than any test needs. In every second one blocks of 64 and 256 bytes are slots of slabs, which
    /// are empty at first; in the others they come from the bins, under the lock.
    static ArenaPool roomy() {
        return new ArenaPool(ROOMY, 2);
    }

    /// As [#roomy()], with slabs in all of them: 16 slots of 64 bytes, 4 of 256.
    static ArenaPool slabs() {
        return new ArenaPool(ROOMY, 1);
    }

    /// As [#slabs()], where offsets are aligned: addresses on the heap can't be, to more than 8.
    static ArenaPool slabsByOffset() {
        return new ArenaPool(() -> builder(ROOMY).alignByOffset().build(), 1);
    }

    /// An arena of this capacity that no pool takes back, for those who close it.
    static SegmentArena single(int byteSize) {
        return builder(byteSize).build();
    }

    private static SegmentArena.Builder builder(int byteSize) {
        return SegmentArena.builder()
                .backing(MemorySegment.ofArray(new long[byteSize / Long.BYTES + 1]))
                .maxAllocations(MAX_ALLOCATIONS)
                .shared();
    }

    /// An empty arena.
    SegmentArena take() {
        SegmentArena polled = arenas.poll();
        SegmentArena arena = polled == null ? maker.get() : polled;
        if (inOneOf > 0 && taken.getAndIncrement() % inOneOf == 0) {
            for (int i = 0; i < CALLS_UNTIL_SLABS; i++) {
                arena.free(arena.tryAllocate(64, 1));
                arena.free(arena.tryAllocate(256, 1));
            }
        }
        return arena;
    }

    /// Takes all that is free but in slabs, in one piece or several.
    static void fillTheBins(SegmentArena arena) {
        for (long free; (free = arena.storageReport().largestFreeRegion()) > 0; ) {
            if (arena.tryAllocate(free, 1) == SegmentArena.NO_SPACE) {
                throw new IllegalStateException("reported as free, and refused: " + free);
            }
        }
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
