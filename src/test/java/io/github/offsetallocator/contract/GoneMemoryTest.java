package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.StorageReport;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The bytes can't be reached: another thread's, closed, or cut off a file. The caller gets that exception, and the call
/// has taken nothing.
class GoneMemoryTest {
    private static final int SIZE = 64 << 10;

    @TempDir
    Path directory;

    /// Each call that touches bytes, more often than there is room if each lost its block.
    private static void eachCallGivesBack(SegmentArena arena, Class<? extends Throwable> expected) {
        StorageReport before = arena.storageReport();
        int live = arena.allocations();
        for (int i = 0; i < 200; i++) {
            Check.thrown(expected, "tryAllocate " + i, () -> arena.tryAllocate(1024, 1));
            Check.thrown(expected, "aligned " + i, () -> arena.tryAllocate(1000, 512));
            Check.thrown(expected, "allocate " + i, () -> arena.allocate(1 + 16, 16));
        }
        Check.equal(live, arena.allocations(), "live");
        Check.equal(before.totalFreeSpace(), arena.storageReport().totalFreeSpace(), "free");
        arena.verify();
    }

    /// A block is there already and has to move, or to grow where it is.
    private static void eachChangeGivesBack(SegmentArena arena, long block, long size, Class<? extends Throwable> expected) {
        StorageReport before = arena.storageReport();
        int live = arena.allocations();
        for (int i = 0; i < 100; i++) {
            Check.thrown(expected, "reallocate " + i, () -> arena.reallocate(block, 9000, 1));
            Check.equal(size, arena.size(block), "the size");
        }
        Check.equal(7, arena.tag(block), "the tag");
        Check.equal(live, arena.allocations(), "live");
        Check.equal(before.totalFreeSpace(), arena.storageReport().totalFreeSpace(), "free");
        arena.verify();
    }

    private static SegmentArena over(MemorySegment memory, boolean shared, boolean zeroed) {
        SegmentArena.Builder builder = SegmentArena.builder().backing(memory);
        builder = shared ? builder.shared() : builder;
        return (zeroed ? builder.zeroed() : builder).build();
    }

    private interface Use {
        void of(MemorySegment memory) throws Throwable;
    }

    /// Lends the memory of a thread that lives on meanwhile.
    private static void withMemoryOfAnotherThread(Use use) throws Throwable {
        AtomicReference<MemorySegment> lent = new AtomicReference<>();
        CountDownLatch there = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        Thread owner = Thread.ofPlatform().daemon().start(() -> {
            try (Arena arena = Arena.ofConfined()) {
                lent.set(arena.allocate(SIZE, 64));
                there.countDown();
                done.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        there.await();
        try {
            use.of(lent.get());
        } finally {
            done.countDown();
            owner.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(5)
    void zeroingTheMemoryOfAnotherThread(boolean shared) throws Throwable {
        withMemoryOfAnotherThread(memory -> {
            try (SegmentArena arena = over(memory, shared, true)) {
                eachCallGivesBack(arena, WrongThreadException.class);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(5)
    void movingInTheMemoryOfAnotherThread(boolean shared) throws Throwable {
        withMemoryOfAnotherThread(memory -> {
            try (SegmentArena arena = over(memory, shared, false)) {
                long block = arena.tryAllocate(100, 1);
                arena.setTag(block, 7);
                arena.tryAllocate(1, 1);
                eachChangeGivesBack(arena, block, 100, WrongThreadException.class);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(5)
    void zeroingMemoryThatIsClosed(boolean shared) {
        Arena owner = Arena.ofShared();
        try (SegmentArena arena = over(owner.allocate(SIZE, 64), shared, true)) {
            long block = arena.tryAllocate(100, 1);
            arena.setTag(block, 7);
            arena.tryAllocate(1, 1);
            owner.close();
            eachCallGivesBack(arena, IllegalStateException.class);
            eachChangeGivesBack(arena, block, 100, IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(5)
    void movingInMemoryThatIsClosed(boolean shared) {
        Arena owner = Arena.ofShared();
        try (SegmentArena arena = over(owner.allocate(SIZE, 64), shared, false)) {
            long block = arena.tryAllocate(100, 1);
            arena.setTag(block, 7);
            arena.tryAllocate(1, 1);
            owner.close();
            eachChangeGivesBack(arena, block, 100, IllegalStateException.class);
        }
    }

    /// A block that grows where it lies has to be zeroed there.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault({3, 5})
    void growingInPlaceInMemoryThatIsClosed(boolean shared) {
        Arena owner = Arena.ofShared();
        try (SegmentArena arena = over(owner.allocate(SIZE, 64), shared, true)) {
            long block = arena.tryAllocate(100, 1);
            long free = arena.storageReport().totalFreeSpace();
            owner.close();
            for (long size : new long[] {101, 112, 113, 5000}) {
                Check.thrown(IllegalStateException.class, "to " + size, () -> arena.resize(block, size));
                Check.thrown(IllegalStateException.class, "to " + size, () -> arena.reallocate(block, size, 1));
                Check.equal(100, arena.size(block), "the size");
                Check.equal(free, arena.storageReport().totalFreeSpace(), "free");
            }
            arena.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(5)
    void zeroingBehindTheEndOfAFileThatWasCut(boolean shared) throws IOException {
        Path file = directory.resolve("cut" + shared);
        SegmentArena.Builder builder = SegmentArena.builder().mapped(file, SIZE).zeroed();
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            long block = arena.tryAllocate(100, 1);
            arena.setTag(block, 7);
            arena.tryAllocate(1, 1);
            try (FileChannel cut = FileChannel.open(file, StandardOpenOption.WRITE)) {
                cut.truncate(0);
            }
            eachCallGivesBack(arena, InternalError.class);
            eachChangeGivesBack(arena, block, 100, InternalError.class);
        }
    }

    /// Without zeroing no byte is touched, so there is nothing to fail.
    @Test
    @Fault(5)
    void handlesNeedNoAccessToTheBytes() {
        Arena owner = Arena.ofShared();
        try (SegmentArena arena = SegmentArena.ofConfined(owner.allocate(SIZE, 64))) {
            owner.close();
            long block = arena.tryAllocate(100, 1);
            Check.that(arena.resize(block, 1000), "no room");
            arena.free(block);
            Check.equal(0, arena.allocations(), "live");
            arena.verify();
        }
    }

    /// Nor do borders, if they can't be reached.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCheckedArenaGoesOnWithoutItsBytes(boolean shared) {
        Arena owner = Arena.ofShared();
        SegmentArena.Builder builder = SegmentArena.builder().backing(owner.allocate(SIZE, 64)).checked();
        SegmentArena arena = (shared ? builder.shared() : builder).build();
        goesOn(arena, owner::close);
    }

    @Test
    void aCheckedArenaGoesOnWithoutItsFile() {
        Path file = directory.resolve("cut");
        goesOn(SegmentArena.builder().mapped(file, SIZE).checked().build(), () -> {
            try (FileChannel cut = FileChannel.open(file, StandardOpenOption.WRITE)) {
                cut.truncate(0);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    private static void goesOn(SegmentArena arena, Runnable end) {
        long[] blocks = new long[5];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = arena.tryAllocate(100, 1);
        }
        end.run();
        arena.verify();
        Check.that(arena.resize(blocks[0], 10), "it is smaller");
        arena.free(blocks[0]);
        arena.free(blocks[1]);
        arena.freeAll(blocks, 2, 4);
        arena.retire(blocks[4], 1);
        Check.equal(1, arena.reclaim(1), "reclaimed");
        Check.that(arena.resize(arena.tryAllocate(100, 1), 2000), "no room");
        arena.verify();
        arena.reset();
        arena.tryAllocate(100, 1);
        arena.close();
        arena.close();
    }

    /// A thread that can't reach the bytes paints no border, and one that can doesn't miss it.
    @Test
    void aCheckedArenaInTheMemoryOfAnotherThread() throws Throwable {
        try (Arena owner = Arena.ofConfined(); SegmentArena arena = SegmentArena.builder().backing(owner.allocate(SIZE, 64)).checked().shared().build()) {
            long mine = arena.tryAllocate(100, 1);
            long[] theirs = new long[2];
            Elsewhere.run(() -> {
                theirs[0] = arena.tryAllocate(100, 1);
                theirs[1] = arena.tryAllocate(100, 1);
                arena.free(theirs[1]);
                arena.free(mine);
            });
            arena.verify();
            arena.free(theirs[0]);
            Check.equal(0, arena.allocations(), "live");
        }
    }
}
