package io.github.offsetallocator.contract;

import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Two threads and one block.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RaceTest {
    /// Ways to end a block. Of any two that meet, one succeeds.
    enum End {
        FREE, FREE_SLICE, FREE_ALL, RETIRE, MOVE, MOVE_SLICE;

        private void end(SegmentArena arena, long handle, MemorySegment slice) {
            switch (this) {
                case FREE -> arena.free(handle);
                case FREE_SLICE -> arena.free(slice);
                case FREE_ALL -> arena.freeAll(new long[] {handle}, 0, 1);
                case RETIRE -> arena.retire(handle, 1);
                case MOVE -> arena.free(arena.reallocate(handle, 3000, 1));
                case MOVE_SLICE -> arena.free(arena.reallocate(slice, 3000, 1));
            }
        }

        private Class<? extends RuntimeException> refusal() {
            return this == FREE_SLICE || this == MOVE_SLICE ? IllegalArgumentException.class : IllegalStateException.class;
        }
    }

    @ParameterizedTest
    @EnumSource(End.class)
    @Fault(10)
    void ofTwoWhoEndABlockTheSameWayOneSucceeds(End end) {
        race(end, end, end == End.FREE_SLICE ? 200_000 : 20_000);
    }

    @ParameterizedTest
    @CsvSource({"FREE, RETIRE", "FREE, FREE_SLICE", "FREE, FREE_ALL", "FREE_SLICE, RETIRE", "FREE_SLICE, FREE_ALL", "FREE_SLICE, MOVE",
            "FREE, MOVE", "RETIRE, MOVE_SLICE"})
    @Fault(10)
    void ofTwoWhoEndABlockOneSucceeds(End one, End other) {
        race(one, other, 20_000);
    }

    private static void race(End one, End other, int rounds) {
        int blocks = 1000;
        AtomicInteger ended = new AtomicInteger();
        try (SegmentArena arena = SegmentArena.ofShared(8 << 20)) {
            long[] handles = new long[blocks];
            MemorySegment[] slices = new MemorySegment[blocks];
            for (int round = 0; round < rounds / blocks; round++) {
                for (int i = 0; i < blocks; i++) {
                    slices[i] = arena.allocate(1 + i * 37 % 700, 1);
                    handles[i] = arena.allocationOf(slices[i]);
                    arena.allocate(1); // so that none grows in place
                }
                ended.set(0);
                Elsewhere.together(2, index -> {
                    End mine = index == 0 ? one : other;
                    for (int i = 0; i < blocks; i++) {
                        try {
                            mine.end(arena, handles[i], slices[i]);
                            ended.getAndIncrement();
                        } catch (RuntimeException refused) {
                            if (refused.getClass() != mine.refusal()) {
                                throw new AssertionError(mine + ": refused with the wrong exception", refused);
                            }
                        }
                    }
                });
                Check.equal(blocks, ended.get(), "ended");
                arena.verify();
                arena.reclaim(1);
                Check.equal(blocks, arena.allocations(), "live");
                arena.reset();
            }
        }
    }

    /// One asks for the slice of a block that another one frees; whoever gets its place next has a slice like any other.
    @Test
    @Fault(20)
    void theNextOwnersSliceCanBeFreed() {
        int rounds = 13_000;
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            AtomicLong shown = new AtomicLong();
            AtomicLong asked = new AtomicLong();
            Elsewhere.together(2, index -> {
                SplittableRandom random = new SplittableRandom(index);
                long before = 0;
                for (int round = 0; round < rounds; round++) {
                    if (index == 0) {
                        long handle;
                        while ((handle = shown.get()) == before) {
                            Thread.yield();
                        }
                        before = handle;
                        if (handle == -1) {
                            return;
                        }
                        try {
                            arena.segment(handle);
                        } catch (IllegalStateException freed) {
                            Check.that(freed.getMessage().contains("live"), freed.getMessage());
                        }
                        asked.set(handle);
                    } else {
                        takeThePlace(arena, shown, asked, random);
                    }
                }
                shown.set(-1);
            });
            Check.equal(0, arena.allocations(), "live");
            arena.verify();
        }
    }

    /// Two neighbours are freed and become one region; who gets the second one's place has it by other means than before.
    private static void takeThePlace(SegmentArena arena, AtomicLong shown, AtomicLong asked, SplittableRandom random) {
        long size = random.nextBoolean() ? 4000 : 1 + random.nextInt(3000);
        long before = arena.tryAllocate(size, 1);
        long handle = arena.tryAllocate(size, 1);
        try {
            shown.set(handle);
            for (int i = random.nextInt(60); i > 0; i--) {
                Thread.onSpinWait();
            }
            boolean first = random.nextBoolean();
            arena.free(first ? handle : before);
            arena.free(first ? before : handle);
            MemorySegment[] next = new MemorySegment[3];
            for (int i = 0; i < next.length; i++) {
                next[i] = arena.allocate(size, 1);
            }
            while (asked.get() != handle) {
                Thread.yield();
            }
            for (MemorySegment slice : next) {
                arena.free(slice);
            }
        } catch (Throwable failure) {
            shown.set(-1);
            throw failure;
        }
    }

    /// One changes the size of a block that another one frees; the block that gets its slot next keeps the size it was asked for.
    @Test
    @Fault(10)
    void aResizeReachesNoOtherBlock() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            AtomicLong shown = new AtomicLong();
            Elsewhere.together(2, index -> {
                if (index == 0) {
                    for (long handle; (handle = shown.get()) != -1; ) {
                        try {
                            if (handle != 0) {
                                arena.resize(handle, 250);
                            }
                        } catch (IllegalStateException freed) {
                            Check.that(freed.getMessage().contains("live"), freed.getMessage());
                        }
                    }
                    return;
                }
                try {
                    for (int round = 0; round < 500_000; round++) {
                        long block = arena.tryAllocate(256, 1);
                        Check.equal(256, arena.size(block), "the size, before anyone else knows the block");
                        shown.set(block);
                        arena.free(block);
                    }
                } finally {
                    shown.set(-1);
                }
            });
            Check.equal(0, arena.allocations(), "live");
            arena.verify();
        }
    }

    /// A request was refused, and then a slot of a full slab is freed: that is found by requests for another size too.
    @Test
    @Fault(10)
    void aFreedSlotEndsRefusals() {
        try (SegmentArena arena = SegmentArena.ofShared(128 << 10)) {
            for (int i = 0; i < 5; i++) {
                arena.free(arena.tryAllocate(256, 1));
            }
            long slot = 0;
            for (int i = 0; i < 4; i++) {
                slot = arena.tryAllocate(256, 1);
            }
            for (long free; (free = arena.storageReport().largestFreeRegion()) > 0; ) {
                arena.tryAllocate(free, 1);
            }
            Check.equal(SegmentArena.NO_SPACE, arena.tryAllocate(240, 1), "refused");
            arena.free(slot);
            Check.that(arena.tryAllocate(240, 1) != SegmentArena.NO_SPACE, "refused, though a slot is free");
        }
    }

    /// The only free space is a slot that one thread frees while another is being refused. Both ask for a size without slots of
    /// its own; the one that has freed the slot, or the other, gets it.
    @Test
    @Fault(10)
    void ofTwoWhoAskForWhatOneHasFreedOneGetsIt() {
        SplittableRandom random = new SplittableRandom(26);
        int[] delays = random.ints(400, 0, 2000).toArray();
        for (int delay : delays) {
            try (SegmentArena arena = SegmentArena.ofShared(256 << 10)) {
                long slot = 0;
                int blocks = 0;
                for (long block; (block = arena.tryAllocate(64, 1)) != SegmentArena.NO_SPACE; blocks++) {
                    slot = blocks == 1000 ? block : slot; // neither of the first, which have no slots, nor of the last
                }
                long last = slot;
                long[] got = new long[2];
                CyclicBarrier start = new CyclicBarrier(2);
                Elsewhere.together(2, index -> {
                    start.await();
                    if (index == 0) {
                        for (int i = 0; i < delay; i++) {
                            Thread.onSpinWait();
                        }
                        arena.free(last);
                    }
                    got[index] = arena.tryAllocate(48, 1);
                });
                Check.that(got[0] != SegmentArena.NO_SPACE || got[1] != SegmentArena.NO_SPACE, "both refused, after " + delay + " spins");
                Check.that(got[0] == SegmentArena.NO_SPACE || got[1] == SegmentArena.NO_SPACE, "both granted, after " + delay + " spins");
                arena.verify();
            }
        }
    }

    /// Threads whose numbers are equal modulo 64 take from the same slabs. Each block is one's own until it is freed.
    @Test
    @Fault(10)
    void threadsThatShareSlabsGetBlocksOfTheirOwn() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            AtomicIntegerArray owners = new AtomicIntegerArray((1 << 20) / 16);
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            CyclicBarrier start = new CyclicBarrier(2);
            List<Thread> threads = new ArrayList<>();
            while (threads.size() < 2) {
                int me = threads.size() + 1;
                Thread thread = Thread.ofPlatform().daemon().unstarted(() -> {
                    try {
                        start.await();
                        takeAndGive(arena, owners, me);
                    } catch (Throwable failure) {
                        thrown.compareAndSet(null, failure);
                    }
                });
                if (thread.threadId() % 64 == 7) {
                    threads.add(thread);
                }
            }
            threads.forEach(Thread::start);
            threads.forEach(thread -> Elsewhere.join(thread, Duration.ofSeconds(60)));
            if (thrown.get() != null) {
                throw new AssertionError(thrown.get().getMessage(), thrown.get());
            }
            Check.equal(0, arena.allocations(), "live");
            arena.verify();
        }
    }

    private static void takeAndGive(SegmentArena arena, AtomicIntegerArray owners, int me) {
        int calls = 500_000;
        long[] blocks = new long[5];
        for (int i = 0; i < calls; i++) {
            int at = i % blocks.length;
            if (blocks[at] != 0) {
                int place = (int) (arena.offset(blocks[at]) / 16);
                Check.that(owners.compareAndSet(place, me, 0), "another thread has taken the block meanwhile");
                arena.free(blocks[at]);
                blocks[at] = 0;
            }
            if (i < calls - blocks.length) {
                blocks[at] = arena.tryAllocate(64, 1);
                int place = (int) (arena.offset(blocks[at]) / 16);
                Check.that(owners.compareAndSet(place, 0, me), "the block is another thread's");
            }
        }
    }

    /// Between the moment when a thread takes a slot and the one when it looks where that lies, another thread may dissolve the slab.
    @Test
    @Fault(10)
    void anAlignedBlockThatMeetsADissolvingIsNeitherLostNorMisplaced() {
        MemorySegment memory = Arena.ofAuto().allocate(1 << 20, 4096);
        for (int round = 0; round < 3; round++) {
            try (SegmentArena arena = SegmentArena.ofShared(memory)) {
                arena.tryAllocate(64, 16);
                long low = arena.tryAllocate(1 << 18, 16);
                arena.tryAllocate(16384, 16);
                arena.free(low);
                AtomicInteger atWork = new AtomicInteger(3);
                Elsewhere.together(4, index -> {
                    if (index == 3) {
                        while (atWork.get() > 0) {
                            Check.equal(SegmentArena.NO_SPACE, arena.tryAllocate(900_000, 16), "a block of which there is no room for");
                        }
                        return;
                    }
                    try {
                        long end = System.nanoTime() + 800_000_000;
                        while (System.nanoTime() < end) {
                            long block = arena.tryAllocate(128, 128);
                            if (block != SegmentArena.NO_SPACE) {
                                Check.equal(0, arena.address(block) % 128, "the address");
                                arena.free(block);
                            }
                        }
                    } finally {
                        atWork.decrementAndGet();
                    }
                });
                arena.verify();
                Check.equal(2, arena.allocations(), "live blocks");
            }
        }
    }

    /// A call that allocates belongs to the time before a reset or after it: it gives out a block, or says that there is no room.
    @ParameterizedTest
    @EnumSource(value = Subject.class, names = {"NATIVE_SHARED", "ZEROED_SHARED", "GROWABLE_SHARED", "DURABLE_SHARED", "CHECKED_SHARED"})
    @Fault(10)
    void anAllocationBesideAResetIsBeforeItOrAfter(Subject subject, @TempDir Path directory) throws Exception {
        try (Face face = subject.spec().open(directory)) {
            SegmentArena arena = ((ArenaFace) face).arena;
            AtomicBoolean over = new AtomicBoolean();
            Elsewhere.together(2, index -> {
                if (index == 0) {
                    while (!over.get()) {
                        arena.reset();
                        Thread.yield();
                    }
                    return;
                }
                try (Arena scope = arena.scope()) {
                    long end = System.nanoTime() + 600_000_000;
                    for (int i = 0; System.nanoTime() < end; i++) {
                        try {
                            switch (i % 5) {
                                case 0 -> arena.allocate(100);
                                case 1 -> arena.allocateZeroed(3000, 64);
                                case 2 -> arena.tryAllocate(100, 64);
                                case 3 -> arena.tryAllocateZeroed(100, 1);
                                default -> scope.allocate(50);
                            }
                        } catch (OutOfSpaceException | OutOfMemoryError full) {
                            Thread.onSpinWait();
                        }
                    }
                } finally {
                    over.set(true);
                }
            });
            arena.reset();
            arena.verify();
            Check.equal(0, arena.allocations(), "live blocks");
        }
    }

    /// What a call that was under way at a reset writes must not end up in a block of after the reset. The memory starts
    /// at such an address that only one place in it is aligned to its size, in the middle of what the other call writes.
    @ParameterizedTest
    @CsvSource({"ZERO, 3584", "GROW, 3584", "MOVE, 5632"})
    @Fault(23)
    void aResetEndsWhatOthersWrite(String way, int kibibytes) {
        long place = 8 << 20;
        MemorySegment memory = Arena.ofAuto().allocate(3 * place, place).asSlice(place - (kibibytes << 10), 14 << 20);
        SegmentArena.Builder builder = SegmentArena.builder().backing(memory).shared();
        try (SegmentArena arena = (way.equals("MOVE") ? builder : builder.zeroed()).build()) {
            AtomicLong begun = new AtomicLong();
            AtomicLong done = new AtomicLong();
            AtomicBoolean over = new AtomicBoolean();
            Elsewhere.together(2, index -> {
                SplittableRandom random = new SplittableRandom(index);
                if (index == 0) {
                    while (!over.get()) {
                        begun.getAndIncrement();
                        try {
                            write(arena, way);
                        } catch (IllegalStateException reset) {
                            Check.that(reset.getMessage().contains("live"), reset.getMessage());
                        }
                        done.getAndIncrement();
                    }
                    return;
                }
                try {
                    for (int round = 0; round < 300; round++) {
                        long call = begun.get();
                        while (begun.get() < call + 2) {
                            Thread.yield();
                        }
                        long until = System.nanoTime() + random.nextInt(400_000);
                        while (System.nanoTime() < until) {
                            Thread.onSpinWait();
                        }
                        arena.reset();
                        takeAndLook(arena, place, begun, done);
                    }
                } finally {
                    over.set(true);
                }
            });
            arena.verify();
        }
    }

    private static void write(SegmentArena arena, String way) {
        long block = arena.tryAllocate(way.equals("ZERO") ? 4 << 20 : way.equals("GROW") ? 16 : 3 << 20, 1);
        if (block == SegmentArena.NO_SPACE) {
            return;
        }
        if (way.equals("MOVE")) {
            long wall = arena.tryAllocate(1, 1);
            block = arena.reallocate(block, 4 << 20, 1);
            arena.free(wall);
        } else if (way.equals("GROW")) {
            arena.resize(block, 4 << 20);
        }
        arena.free(block);
    }

    /// Fills a block, waits until the other call is over, and looks whether its content is still there.
    private static void takeAndLook(SegmentArena arena, long place, AtomicLong begun, AtomicLong done) {
        long block = arena.tryAllocate(8192, place);
        if (block == SegmentArena.NO_SPACE) {
            return;
        }
        MemorySegment bytes = arena.segment(block);
        bytes.fill((byte) 0x77);
        long call = begun.get();
        while (done.get() < call) {
            Thread.yield();
        }
        for (long at = 0; at < bytes.byteSize(); at++) {
            Check.equal(0x77, bytes.get(ValueLayout.JAVA_BYTE, at), "a byte of the next owner");
        }
        arena.free(block);
    }

    /// Blocks that go from hand to hand are freed by whoever has them last, by slice.
    @Test
    @Fault({10, 20})
    void slicesGoFromHandToHand() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            AtomicReferenceArray<MemorySegment> exchange = new AtomicReferenceArray<>(64);
            Elsewhere.together(3, index -> {
                for (int i = 0; i < 50_000; i++) {
                    int at = i * (2 * index + 1) % exchange.length();
                    MemorySegment mine = arena.allocate(8 + i % 900, 8);
                    mine.set(ValueLayout.JAVA_LONG, 0, mine.address());
                    MemorySegment other = exchange.getAndSet(at, mine);
                    if (other != null) {
                        Check.equal(other.address(), other.get(ValueLayout.JAVA_LONG, 0), "the content");
                        arena.free(other);
                    }
                }
            });
            int left = 0;
            for (int i = 0; i < exchange.length(); i++) {
                if (exchange.get(i) != null) {
                    arena.free(exchange.get(i));
                    left++;
                }
            }
            Check.that(left > 0, "nothing was exchanged");
            Check.equal(0, arena.allocations(), "live");
            arena.verify();
        }
    }
}
