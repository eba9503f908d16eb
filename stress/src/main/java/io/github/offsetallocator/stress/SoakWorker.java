package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// One worker of the soak: what it does, and what is its own from round to round. It is on another thread each round.
///
/// ```
///  allocate --> live --> check the content, free by handle or by segment
///                |  ^
///                |  +--> resize, reallocate: the content goes along
///                |-----> exchange: another worker checks and frees it
///                +-----> retired in this round, intact at its end, reclaimed in the next
/// ```
final class SoakWorker {
    private static final int MOST_LIVE = 256;
    private static final int SIZE_BITS = 14;
    private static final int ALIGNMENT_BITS = 13;

    private final SegmentArena arena;
    private final Queue<SoakBlock> exchange;
    private final SplittableRandom random;
    private final List<SoakBlock> live = new ArrayList<>();
    private final List<SoakBlock> retired = new ArrayList<>();

    private long operations;
    private long refusals;

    SoakWorker(SegmentArena arena, Queue<SoakBlock> exchange, SplittableRandom random) {
        this.arena = arena;
        this.exchange = exchange;
        this.random = random;
    }

    /// Works until the round is over.
    ///
    /// @param round the counter that retired blocks wait for; all before it are over
    void run(int round, BooleanSupplier over) {
        do {
            switch (random.nextInt(64)) {
                case 0, 1, 2 -> resize();
                case 3, 4, 5 -> reallocate();
                case 6, 7, 8, 9, 10, 11, 12 -> handOver();
                case 13, 14, 15, 16, 17, 18, 19, 20 -> freeForAnother();
                case 21 -> retire(round);
                case 22 -> arena.reclaim(round - 1L);
                case 23 -> freeSome();
                case 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36 -> freeOne();
                default -> allocate();
            }
            operations++;
        } while (!over.getAsBoolean());
    }

    long operations() {
        return operations;
    }

    long refusals() {
        return refusals;
    }

    int live() {
        return live.size();
    }

    /// Checks, when no one is running, all that is its own.
    ///
    /// @return how many bytes of the arena that takes
    long check() {
        long taken = 0;
        for (SoakBlock block : live) {
            block.check();
            expect(arena.size(block.handle()) == block.slice().byteSize(), "another size");
            expect(arena.tag(block.handle()) == block.pattern(), "another tag");
            taken += block.taken(arena);
        }
        for (SoakBlock block : retired) {
            block.check();
            taken += block.taken(arena);
        }
        return taken;
    }

    /// What was retired in a round that is over may be reclaimed.
    void forgetRetired() {
        retired.clear();
    }

    /// After a reset: nothing is live, and every handle is refused.
    void forgetAll() {
        for (SoakBlock block : live) {
            expect(Calls.free(arena, block.handle()).equals(Calls.REFUSED), "a handle outlives the reset");
        }
        live.clear();
        retired.clear();
    }

    void freeAll() {
        while (!live.isEmpty()) {
            freeOne();
        }
    }

    private void allocate() {
        if (live.size() == MOST_LIVE) {
            freeOne();
        }
        long alignment = randomAlignment();
        long handle = arena.tryAllocate(randomSize(), alignment);
        if (handle == SegmentArena.NO_SPACE) {
            refusals++;
            freeSome();
            return;
        }
        expect(arena.tag(handle) == 0, "the old owner's tag");
        expect(arena.segment(handle).address() % alignment == 0, "another alignment");
        own(handle);
    }

    private void own(long handle) {
        SoakBlock block = new SoakBlock(handle, arena.segment(handle), random.nextLong());
        arena.setTag(handle, block.pattern());
        live.add(block);
    }

    private void freeOne() {
        if (!live.isEmpty()) {
            free(takeRandom());
        }
    }

    private void free(SoakBlock block) {
        block.check();
        if (random.nextBoolean()) {
            arena.free(block.handle());
        } else {
            arena.free(block.slice());
        }
        if (random.nextInt(64) == 0) {
            expect(Calls.free(arena, block.handle()).equals(Calls.REFUSED), "freed twice");
        }
    }

    private void freeSome() {
        long[] handles = new long[Math.min(live.size(), 1 + random.nextInt(8))];
        for (int i = 0; i < handles.length; i++) {
            SoakBlock block = takeRandom();
            block.check();
            handles[i] = block.handle();
        }
        arena.freeAll(handles, 0, handles.length);
    }

    private void freeForAnother() {
        SoakBlock block = exchange.poll();
        if (block != null) {
            free(block);
        }
    }

    private void handOver() {
        if (!live.isEmpty()) {
            SoakBlock block = takeRandom();
            if (!exchange.offer(block)) {
                free(block);
            }
        }
    }

    private void retire(int round) {
        if (!live.isEmpty()) {
            SoakBlock block = takeRandom();
            arena.retire(block.handle(), round);
            retired.add(block);
        }
    }

    private void resize() {
        if (!live.isEmpty()) {
            SoakBlock block = takeRandom();
            long size = randomSize();
            boolean done = arena.resize(block.handle(), size);
            expect(done || size > block.slice().byteSize(), "shrinking was refused");
            block.check(block.slice(), Math.min(done ? size : Long.MAX_VALUE, block.slice().byteSize()));
            own(block.handle());
        }
    }

    private void reallocate() {
        if (!live.isEmpty()) {
            SoakBlock block = takeRandom();
            long size = randomSize();
            long handle = arena.reallocate(block.handle(), size, randomAlignment());
            if (handle == SegmentArena.NO_SPACE) {
                refusals++;
                live.add(block);
            } else {
                MemorySegment slice = arena.segment(handle);
                block.check(slice, Math.min(size, block.slice().byteSize()));
                own(handle);
            }
        }
    }

    private long randomSize() {
        return random.nextInt(1 << random.nextInt(SIZE_BITS));
    }

    private long randomAlignment() {
        return 1L << random.nextInt(random.nextInt(8) == 0 ? ALIGNMENT_BITS : 5);
    }

    private SoakBlock takeRandom() {
        int at = random.nextInt(live.size());
        SoakBlock block = live.get(at);
        SoakBlock last = live.removeLast();
        if (last != block) {
            live.set(at, last);
        }
        return block;
    }

    private static void expect(boolean fact, String otherwise) {
        if (!fact) {
            throw new AssertionError(otherwise);
        }
    }
}
