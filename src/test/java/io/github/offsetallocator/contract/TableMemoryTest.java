package io.github.offsetallocator.contract;


import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each request for table memory may fail. Then the call fails with an OutOfMemoryError and has changed nothing.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ResourceLock("source of table memory")
class TableMemoryTest {
    private static final long SEED = Long.getLong("contract.seed", 19);

    @TempDir
    Path directory;

    private FailingMemory memory;

    @BeforeEach
    void install() {
        memory = TableMemoryHook.install();
    }

    @AfterEach
    void remove() {
        if (memory != null) {
            memory.close();
        }
    }

    /// Random calls on a number of blocks that makes tables grow, while each request for memory may fail.
    @ParameterizedTest
    @EnumSource(value = Subject.class, names = {"GOOD", "GOOD_SMALL_BLOCKS", "REFERENCE", "NATIVE", "NATIVE_SMALL_BLOCKS", "NATIVE_SHARED",
            "NATIVE_SHARED_SMALL_BLOCKS", "ZEROED", "ARENA_REFERENCE_SHARED", "HEAP_BYTES"})
    @Fault({5, 8, 19, 22})
    void aCallThatGetsNoMemoryHasChangedNothing(Subject subject) {
        SplittableRandom random = new SplittableRandom(SEED);
        long failures = 0;
        for (int round = 0; round < 12; round++) {
            memory.calm();
            FailureDriver driver = new FailureDriver(subject.spec(), subject.open(directory), FailureDriver.Rule.NOTHING_CHANGED,
                    OutOfMemoryError.class, SEED + round).holds(1500);
            try {
                for (int i = 0; i < 60; i++) {
                    driver.batch(60, (calls, face, arena) -> {
                        int first = 1 + random.nextInt(4);
                        if (random.nextBoolean()) {
                            memory.failFrom(first);
                        } else {
                            memory.failAt(first);
                        }
                        runAll(calls, face, arena);
                        memory.calm();
                    });
                }
                driver.finish();
            } catch (AssertionError | RuntimeException failure) {
                memory.calm();
                throw new AssertionError(subject + ", round " + round + ": " + failure.getMessage() + "\n" + driver.lastCalls(), failure);
            }
            failures += driver.failures();
            Check.equal(0, memory.held(), "bytes of table memory left after close");
        }
        Check.that(failures > 5, "only " + failures + " requests failed");
    }

    private static void runAll(List<Call> calls, Face face, SegmentArena arena) {
        for (Call call : calls) {
            try {
                call.run(face, arena);
            } catch (Throwable thrown) {
                call.thrown = thrown;
            }
        }
    }

    /// Of the requests that a build makes each one fails once.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(22)
    void aBuildThatFailsGivesEverythingBack(Subject subject) {
        long before = memory.held();
        for (int n = 1; ; n++) {
            memory.failAt(n);
            try (Face built = subject.open(directory)) {
                memory.calm();
                built.verify();
                Check.that(n > 1, "a build that asks for no memory");
                break;
            } catch (OutOfMemoryError expected) {
                memory.calm();
                Check.equal(before, memory.held(), "bytes left after request " + n + " failed");
            }
        }
        Check.equal(before, memory.held(), "bytes left after close");
    }

    /// The index of slices gets no memory twice in a row while it grows; it is usable afterwards.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault({5, 19})
    void slicesAreFoundAfterMemoryHasEndedTwice(boolean shared) {
        for (int failing = 1; failing <= 4; failing++) {
            try (SegmentArena arena = shared ? SegmentArena.ofShared(32 << 20) : SegmentArena.ofConfined(32 << 20)) {
                List<MemorySegment> live = new ArrayList<>();
                long before = memory.failures();
                for (int i = 0; i < 20_000; i++) {
                    for (int again = 0; again < 2; again++) {
                        memory.failAt(1 + (i + again) % failing);
                        try {
                            live.add(arena.allocate(i % 8 == 0 ? 5000 : 16 + i % 7));
                        } catch (OutOfMemoryError expected) { // most are served from elsewhere
                            Check.equal(live.size(), arena.allocations(), "live after a failure");
                        }
                    }
                }
                memory.calm();
                Check.that(memory.failures() > before, "nothing failed");
                for (MemorySegment slice : live) {
                    arena.free(slice);
                }
                Check.equal(arena.byteSize(), arena.storageReport().totalFreeSpace(), "free");
                arena.verify();
            }
        }
    }

    /// Tables that stay although larger ones have taken their place are no larger together than what `metadataSize()` says.
    @Test
    void whatIsNotCountedIsNoMoreThanWhatIs() {
        try (OffsetAllocator allocator = OffsetAllocator.create(1 << 22)) {
            long[] all = new long[60_000];
            for (int i = 0; i < all.length; i++) {
                all[i] = allocator.allocate(1 + i % 3 * 40);
                if (i == all.length / 2) { // so the first table of tags is a large one
                    allocator.setTag(all[i], 1);
                }
            }
            allocator.setTag(all[all.length - 1], 1);
            isHalfCounted(allocator.metadataSize(), "grown");
            for (long handle : all) {
                allocator.free(handle);
            }
            isHalfCounted(allocator.metadataSize(), "with no block live");
        }
        try (OffsetAllocator allocator = OffsetAllocator.builder(1 << 20).maxAllocations(10_000).realTime().build()) {
            allocator.grow(1 << 26);
            isHalfCounted(allocator.metadataSize(), "with all metadata at once");
        }
        for (boolean shared : new boolean[] {false, true}) {
            try (SegmentArena arena = shared ? SegmentArena.ofShared(64 << 20) : SegmentArena.ofConfined(64 << 20)) {
                for (int i = 0; i < 60_000; i++) {
                    arena.tryAllocate(16 + i % 3 * 640, 16);
                }
                isHalfCounted(arena.metadataSize(), "an arena");
            }
        }
    }

    private void isHalfCounted(long counted, String when) {
        Check.that(memory.held() <= 2 * counted, () -> when + ": " + memory.held() + " bytes are held, " + counted + " are counted");
    }

    /// Where there was room for so many blocks, there is room for others: no memory is asked for.
    @Test
    @Fault(8)
    void whatWasEnoughNeedsNoMore() {
        for (int blocks : new int[] {1, 100, 700, 745, 746, 1000, 3000}) {
            try (OffsetAllocator allocator = OffsetAllocator.create(1 << 20)) {
                long[] all = new long[blocks];
                for (int i = 0; i < blocks; i++) {
                    all[i] = allocator.allocate(1 + i % 5);
                }
                allocator.freeAll(all);
                memory.failFrom(1);
                long one = allocator.allocate(1);
                Check.that(allocator.resize(one, 3), "no room");
                allocator.grow((1 << 20) + 1);
                memory.calm();
                allocator.verify();
            }
        }
    }

    /// A table that could not be made smaller for want of memory is made smaller later.
    @ParameterizedTest
    @ValueSource(longs = {1, 2000})
    void metadataComesBackAfterMemoryHasEnded(long size) {
        try (OffsetAllocator allocator = OffsetAllocator.create(1L << 31)) {
            long[] all = new long[60_000];
            for (int i = 0; i < all.length; i++) {
                all[i] = allocator.allocate(size + i % 3);
            }
            long most = allocator.metadataSize();
            memory.failFrom(1);
            for (long block : all) {
                allocator.free(block);
            }
            memory.calm();
            Check.equal(most, allocator.metadataSize(), "bytes, where no table could be replaced");
            for (int i = 0; i < 3 * all.length; i++) {
                allocator.free(allocator.allocate(5000));
            }
            Check.that(allocator.metadataSize() <= most / 2, () -> "of " + most + " bytes " + allocator.metadataSize() + " are left with no block live");
            allocator.verify();
        }
    }
}
