package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.LeakDetection;
import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.RetireQueue;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `checked()`: a slice is dead when its block has ended, however that came; a write behind a block is told of. That all else is as
/// without it, the contract says, which has subjects for it.
class CheckedTest {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    @TempDir
    static Path directory;

    private static final AtomicInteger FILES = new AtomicInteger();

    enum Pool {
        CONFINED, SHARED, GROWABLE, GROWABLE_SHARED, MAPPED, DURABLE_SHARED, REFERENCE_GRANULE_64, ZEROED;

        SegmentArena open() {
            return builder().checked().build();
        }

        SegmentArena.Builder builder() {
            SegmentArena.Builder builder = SegmentArena.builder().name("pool");
            builder = switch (this) {
                case GROWABLE, GROWABLE_SHARED -> builder.growable(64 << 10, 1 << 20);
                case MAPPED -> builder.mapped(directory.resolve("mapped" + FILES.incrementAndGet()), 1 << 20);
                case DURABLE_SHARED -> builder.durable(directory.resolve("durable" + FILES.incrementAndGet()), 1 << 20);
                case REFERENCE_GRANULE_64 -> builder.nativeMemory(1 << 20).granule(64).fit(Fit.REFERENCE);
                case ZEROED -> builder.nativeMemory(1 << 20).zeroed();
                default -> builder.nativeMemory(1 << 20);
            };
            return name().endsWith("SHARED") ? builder.shared() : builder;
        }
    }

    private static void isDead(MemorySegment slice, String when) {
        assertThrows(IllegalStateException.class, () -> slice.get(BYTE, 0), () -> "read " + when);
        assertThrows(IllegalStateException.class, () -> slice.set(BYTE, slice.byteSize() - 1, (byte) 1), () -> "written " + when);
        assertThrows(IllegalStateException.class, () -> slice.asSlice(1, 2).fill((byte) 1), () -> "filled " + when);
        assertFalse(slice.scope().isAlive(), when);
    }

    private static void isAlive(MemorySegment slice, String when) {
        slice.set(BYTE, slice.byteSize() - 1, (byte) 1);
        assertEquals(1, slice.get(BYTE, slice.byteSize() - 1), when);
    }

    // ---- every way in which a block ends -----------------------------------------------------------------------

    enum End {
        FREE((arena, slice) -> arena.free(arena.allocationOf(slice))),
        FREE_BY_SLICE(SegmentArena::free),
        FREE_BY_ADDRESS((arena, slice) -> arena.freeAt(slice.address())),
        FREE_ALL((arena, slice) -> arena.freeAll(new long[] {0, arena.allocationOf(slice), -1}, 1, 2)),
        RECLAIM((arena, slice) -> {
            arena.retire(arena.allocationOf(slice), 5);
            isAlive(slice, "retired");
            arena.reclaim(4);
            isAlive(slice, "retired");
            arena.reclaim(5);
        }),
        RESET((arena, _) -> arena.reset()),
        RESET_OF_RETIRED((arena, slice) -> {
            arena.retire(arena.allocationOf(slice), 5);
            arena.reset();
        }),
        SMALLER((arena, slice) -> assertTrue(arena.resize(arena.allocationOf(slice), 1))),
        MOVED((arena, slice) -> arena.reallocate(arena.allocationOf(slice), 100_000, 1)),
        MOVED_BY_SLICE((arena, slice) -> arena.reallocate(slice, 100_000, 1)),
        REALLOCATED_BY_SLICE((arena, slice) -> isAlive(arena.reallocate(slice, 20, 1), "its new slice")),
        CLOSE((arena, _) -> arena.close());

        private interface Way {
            void end(SegmentArena arena, MemorySegment slice);
        }

        private final Way way;

        End(Way way) {
            this.way = way;
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void aSliceDiesWithItsBlock(Pool pool) {
        for (End end : End.values()) {
            for (int size : new int[] {3, 100, 5000}) {
                try (SegmentArena arena = pool.open()) {
                    MemorySegment other = arena.allocate(64);
                    MemorySegment slice = arena.allocate(size);
                    MemorySegment again = arena.segment(arena.allocationOf(slice));
                    arena.allocate(64);
                    isAlive(slice, "before " + end);
                    isAlive(again, "before " + end);
                    end.way.end(arena, slice);
                    isDead(slice, "after " + end);
                    isDead(again, "after " + end);
                    if (end != End.CLOSE && !end.name().startsWith("RESET")) {
                        isAlive(other, "after " + end);
                        arena.verify();
                        isAlive(arena.allocate(size), "in the same place perhaps");
                        isDead(slice, "after " + end + " and another");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void aSliceOfAScopeDiesWithItAndBefore(Pool pool) {
        try (SegmentArena arena = pool.open()) {
            MemorySegment one;
            try (Arena scope = arena.scope()) {
                MemorySegment two = scope.allocate(50);
                one = scope.allocate(100);
                isAlive(two, "in its scope");
                arena.free(two);
                isDead(two, "freed by the arena");
                isAlive(one, "in its scope");
            }
            isDead(one, "after its scope");
            assertEquals(0, arena.allocations());
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatGrowsInPlaceLives(Pool pool) {
        try (SegmentArena arena = pool.open()) {
            MemorySegment slice = arena.allocate(5000);
            long handle = arena.allocationOf(slice);
            assertTrue(arena.resize(handle, 5001));
            isAlive(slice, "grown");
            assertTrue(arena.resize(handle, 6000));
            isAlive(slice, "grown");
            isAlive(arena.segment(handle), "grown");
            assertFalse(arena.resize(handle, 1 << 21));
            isAlive(slice, "not grown");
            arena.free(handle);
            isDead(slice, "freed");
        }
    }

    /// What grows in place after that keeps its slices.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void aReallocationThatFailsLeavesNothingBehind(Pool pool) {
        try (SegmentArena arena = pool.open()) {
            MemorySegment slice = arena.allocate(1000);
            while (arena.address(arena.allocationOf(slice)) % 4096 == 0 || arena.offset(arena.allocationOf(slice)) % 4096 == 0) {
                slice = arena.allocate(1000);
            }
            MemorySegment kept = slice;
            long handle = arena.allocationOf(kept);
            long size = 1000;
            for (Consumer<MemorySegment> fails : List.<Consumer<MemorySegment>>of(now -> arena.reallocate(now, 1001, 3), now -> arena.reallocate(now, -1, 1),
                    now -> arena.reallocate(now, Long.MAX_VALUE, 4096), now -> arena.reallocate(now, 1 << 20, 4096))) {
                MemorySegment now = arena.segment(handle);
                assertThrows(RuntimeException.class, () -> fails.accept(now));
                assertTrue(arena.resize(handle, ++size));
                isAlive(now, "grown");
                isAlive(kept, "grown");
            }
            arena.free(handle);
            isDead(kept, "freed");
        }
    }

    /// A refused call has ended nothing.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatIsRefusedKillsNothing(Pool pool) throws Exception {
        SegmentArena arena = pool.builder().checked().closeRefusesLive().build();
        MemorySegment slice = arena.allocate(100);
        long handle = arena.allocationOf(slice);
        assertThrows(IllegalStateException.class, () -> arena.freeAll(new long[] {handle, handle}, 0, 2));
        assertThrows(IllegalStateException.class, () -> arena.freeAll(new long[] {handle, 3}, 0, 2));
        assertThrows(IllegalArgumentException.class, () -> arena.free(slice.asSlice(0, 99)));
        assertThrows(IllegalStateException.class, arena::close);
        for (Consumer<SegmentArena> change : List.<Consumer<SegmentArena>>of(a -> a.free(handle), SegmentArena::reset, a -> a.resize(handle, 1),
                SegmentArena::close)) {
            arena.forEachAllocation(_ -> assertThrows(IllegalStateException.class, () -> change.accept(arena)));
            if (!pool.name().endsWith("SHARED")) {
                Elsewhere.run(() -> assertThrows(WrongThreadException.class, () -> change.accept(arena)));
            }
        }
        isAlive(slice, "after all that");
        arena.free(slice);
        isDead(slice, "freed");
        arena.close();
    }

    // ---- borders -----------------------------------------------------------------------------------------------

    /// Every byte of the border, by everything that looks.
    @ParameterizedTest
    @EnumSource(value = Pool.class, names = "GROWABLE.*", mode = EnumSource.Mode.MATCH_NONE)
    void aByteBehindABlockIsToldOf(Pool pool) {
        try (SegmentArena arena = pool.open()) {
            for (int size : new int[] {0, 1, 15, 16, 17, 100, 1600, 5000}) {
                long handle = arena.tryAllocate(size, 1);
                long whole = ((Math.max(1, size) - 1) / arena.granule() + 2) * arena.granule();
                for (long at = size; at < whole; at += 1 + at / 100) {
                    byteBehind(arena, handle, size, at);
                }
                arena.free(handle);
            }
        }
    }

    private static void byteBehind(SegmentArena arena, long handle, int size, long at) {
        long place = arena.offset(handle) + at;
        List<Runnable> all = List.of(arena::verify, () -> arena.free(handle), () -> arena.freeAll(new long[] {handle}, 0, 1), () -> arena.resize(handle, size + 1),
                arena::reset, arena::close, () -> arena.free(arena.segment(handle)));
        for (Runnable looks : all) {
            arena.backing().set(BYTE, place, (byte) 0x5A);
            AssertionError told = assertThrows(AssertionError.class, looks::run);
            for (String part : List.of("pool", "0x" + Long.toHexString(handle), "it has " + size + " bytes", "byte " + at + " ", "0x5a", "leakDetection")) {
                assertTrue(told.getMessage().contains(part), () -> part + " is not in: " + told.getMessage());
            }
            assertEquals(size, arena.size(handle), "nothing has changed");
            if (looks == all.getFirst()) {
                assertThrows(AssertionError.class, arena::verify, "verify has mended it");
                assertThrows(AssertionError.class, () -> arena.free(handle));
            }
            arena.verify();
        }
    }

    @Test
    void aRetiredBlockIsLookedAtWhenItIsReclaimed() {
        try (SegmentArena arena = Pool.CONFINED.open()) {
            long[] blocks = {arena.tryAllocate(16, 1), arena.tryAllocate(16, 1), arena.tryAllocate(16, 1)};
            long second = arena.offset(blocks[1]);
            for (long block : blocks) {
                arena.retire(block, 1);
            }
            arena.backing().set(BYTE, second + 16, (byte) 1);
            assertEquals(1, arena.reclaim(1));
            assertThrows(AssertionError.class, () -> arena.reclaim(1));
            assertEquals(2, arena.retired());
            assertEquals(2, arena.reclaim(1));
        }
    }

    /// Whatever frees bytes overwrites them: also a smaller size and a reset.
    @ParameterizedTest
    @EnumSource(value = Pool.class, names = {"CONFINED", "SHARED"})
    void whatACallCutsOffIsOverwritten(Pool pool) {
        List<ObjLongConsumer<SegmentArena>> ways = List.of((arena, block) -> arena.resize(block, 100), (arena, block) -> arena.reallocate(block, 100, 1),
                (arena, block) -> arena.reallocate(arena.segment(block), 100, 1), SegmentArena::free, (arena, _) -> arena.reset());
        for (var way : ways) {
            try (SegmentArena arena = pool.open()) {
                long block = arena.tryAllocate(2000, 1);
                long at = arena.offset(block);
                arena.segment(block).fill((byte) 7);
                way.accept(arena, block);
                assertEquals((byte) 0xDD, arena.backing().get(BYTE, at + 1500));
                assertEquals((byte) 0xDD, arena.backing().get(BYTE, at + 1999));
                arena.verify();
            }
        }
    }

    /// What it has freed it says, also if a hundred are before the one that a native call is using.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void reclaimGoesAsFarAsWhatANativeCallUses(Pool pool) throws Throwable {
        try (SegmentArena arena = pool.open()) {
            RetireQueue queue = arena.newRetireQueue();
            for (int before : new int[] {1, 64, 100}) {
                MemorySegment used = arena.allocate(8);
                MemorySegment behind = arena.allocate(8);
                for (int i = 0; i < before; i++) {
                    queue.retire(arena.tryAllocate(8, 1), 1);
                }
                queue.retire(arena.allocationOf(used), 1);
                queue.retire(arena.allocationOf(behind), 1);
                whileANativeCallUses(used, () -> {
                    assertEquals(before, queue.reclaim(1));
                    String told = assertThrows(IllegalStateException.class, () -> queue.reclaim(1)).getMessage();
                    assertTrue(told.contains("a native call is using its bytes"), told);
                    assertEquals(2, queue.retired());
                    isAlive(behind, "behind it");
                });
                assertEquals(2, queue.reclaim(1));
                isDead(used, "reclaimed");
            }
            assertEquals(0, arena.retired());
        }
    }

    /// One damage a try, whoever looks at all blocks; `verify` doesn't count.
    @Test
    void eachDamageIsToldOfOnce() {
        for (Consumer<SegmentArena> looks : List.<Consumer<SegmentArena>>of(SegmentArena::reset, SegmentArena::close)) {
            try (SegmentArena arena = Pool.CONFINED.open()) {
                long[] blocks = {arena.tryAllocate(16, 1), arena.tryAllocate(16, 1), arena.tryAllocate(16, 1)};
                for (long block : blocks) {
                    arena.backing().set(BYTE, arena.offset(block) + 16, (byte) 1);
                }
                for (int i = 0; i < 3; i++) {
                    assertThrows(AssertionError.class, arena::verify);
                    assertThrows(AssertionError.class, () -> looks.accept(arena));
                }
                arena.verify();
                looks.accept(arena);
            }
        }
    }

    @Test
    void withLeakDetectionItNamesTheSite() {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).leakDetection(LeakDetection.ALL).checked().build()) {
            long handle = theSite(arena);
            arena.backing().set(BYTE, arena.offset(handle) + 10, (byte) 1);
            AssertionError told = assertThrows(AssertionError.class, () -> arena.free(handle));
            assertTrue(told.getMessage().contains("CheckedTest.theSite(CheckedTest.java:"), told::getMessage);
            arena.free(handle);
        }
    }

    private static long theSite(SegmentArena arena) {
        return arena.tryAllocate(10, 1);
    }

    /// What a block grows by is its own: filled with zeros by the arena, written to by the program.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBlockThatGrowsMayBeWrittenTo(boolean durable) {
        SegmentArena.Builder builder = SegmentArena.builder().zeroed().checked();
        builder = durable ? builder.durable(directory.resolve("grows" + FILES.incrementAndGet()), 1 << 20) : builder.nativeMemory(1 << 20);
        try (SegmentArena arena = builder.build()) {
            SplittableRandom random = new SplittableRandom(7);
            long handle = arena.tryAllocate(10, 1);
            for (int i = 0; i < 500; i++) {
                long before = arena.size(handle);
                long size = Math.max(0, before + random.nextInt(60) - 28);
                handle = arena.reallocate(handle, size, 1);
                assertEquals(size, arena.size(handle));
                if (size > before) {
                    Content.checkZero(arena.segment(handle), before, size);
                }
                arena.segment(handle).fill((byte) 1);
                arena.verify();
            }
            long place = arena.offset(handle) + arena.size(handle);
            arena.backing().set(BYTE, place, (byte) 1);
            assertThrows(AssertionError.class, arena::verify);
            arena.backing().set(BYTE, place, (byte) 0xFD);
        }
    }

    /// A report leaves out the border of the block that would fill the largest region.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatAReportSaysIsGranted(Pool pool) {
        try (SegmentArena arena = pool.open()) {
            arena.allocate(10_000);
            while (arena.storageReport().largestFreeRegion() > 0) {
                long largest = arena.storageReport().largestFreeRegion();
                assertEquals(largest, arena.statistics().largestFreeBytes());
                long metadata = arena.statistics().metadataBytes();
                assertEquals(arena.metadataSize(), metadata);
                if (!pool.name().startsWith("GROWABLE")) {
                    OutOfSpaceException refused = assertThrows(OutOfSpaceException.class, () -> arena.allocate(2 << 20, 1));
                    assertTrue(refused.getMessage().contains("the largest region has " + largest), refused::getMessage);
                }
                assertTrue(arena.tryAllocate(largest, 1) > 0, () -> largest + " bytes");
            }
            assertEquals(arena.storageReport().largestFreeRegion(), arena.statistics().largestFreeBytes());
        }
    }

    @Test
    void freedBytesAreOverwritten() {
        try (SegmentArena arena = Pool.CONFINED.open()) {
            MemorySegment slice = arena.allocate(1000);
            slice.fill((byte) 7);
            long at = arena.offset(arena.allocationOf(slice));
            arena.free(slice);
            for (long i = 0; i < 1000; i++) {
                assertEquals((byte) 0xDD, arena.backing().get(BYTE, at + i));
            }
        }
    }

    // ---- what it goes with -------------------------------------------------------------------------------------

    /// Blocks of before have no borders, and whatever lies behind them is right.
    @Test
    void aDurableArenaMayBeCheckedNowAndThen() throws Exception {
        Path file = directory.resolve("reopened");
        long plain;
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1 << 20).build()) {
            plain = arena.tryAllocate(100, 1);
            arena.tryAllocate(100, 1);
            arena.backing().asSlice(arena.offset(plain), 112).fill((byte) 1);
        }
        long bordered;
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1 << 20).checked().build()) {
            arena.verify();
            bordered = arena.tryAllocate(100, 1);
            MemorySegment slice = arena.segment(plain);
            assertEquals(1, slice.get(BYTE, 99));
            arena.free(plain);
            isDead(slice, "freed");
            arena.verify();
        }
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1 << 20).build()) {
            arena.verify();
            assertEquals(100, arena.size(bordered));
            arena.free(bordered);
            arena.verify();
        }
        assertTrue(Files.exists(file));
    }

    /// Whoever owns the memory says how long slices live; borders are there.
    @Test
    void borrowedMemoryHasBordersOnly() {
        for (MemorySegment backing : List.of(Arena.ofAuto().allocate(1 << 16), MemorySegment.ofArray(new byte[1 << 16]))) {
            try (SegmentArena arena = SegmentArena.builder().backing(backing).checked().build()) {
                MemorySegment slice = arena.allocate(10, 1);
                assertEquals(backing.scope(), slice.scope());
                backing.set(BYTE, arena.offset(arena.allocationOf(slice)) + 10, (byte) 1);
                assertThrows(AssertionError.class, () -> arena.free(slice));
                arena.free(slice);
                slice.fill((byte) 1);
            }
        }
    }

    @Test
    void theLargestGranuleLeavesNoRoomForABorder() {
        Path file = directory.resolve("largest");
        SegmentArena.Builder builder = SegmentArena.builder().mapped(file, 4L << 24).granule(1 << 24).checked();
        IllegalStateException refused = assertThrows(IllegalStateException.class, builder::build);
        assertTrue(refused.getMessage().contains("8388608 at most"), refused::getMessage);
        assertFalse(Files.exists(file));
        try (SegmentArena arena = builder.granule(1 << 23).build()) {
            assertEquals(0, arena.size(arena.tryAllocate(0, 1)));
            assertEquals(1, arena.size(arena.tryAllocate(1, 1)));
        }
    }

    /// A thread asks for slices of a block until it is refused, while another one ends the block: the last slice that it got is dead
    /// too or, where the block stays, no larger than that is.
    @ParameterizedTest
    @EnumSource(value = End.class, names = "CLOSE", mode = EnumSource.Mode.EXCLUDE)
    void noSliceIsMadeOfABlockThatIsEnding(End end) throws Exception {
        try (SegmentArena arena = Pool.SHARED.open()) {
            for (int round = 0; round < 100; round++) {
                MemorySegment slice = arena.allocate(50_000);
                long handle = arena.allocationOf(slice);
                AtomicReference<MemorySegment> last = new AtomicReference<>(slice);
                AtomicBoolean hasEnded = new AtomicBoolean();
                Thread asks = Thread.ofPlatform().start(() -> {
                    try {
                        while (!hasEnded.get()) {
                            last.set(arena.segment(handle));
                        }
                    } catch (IllegalStateException gone) {
                        return;
                    }
                });
                while (last.get() == slice) {
                    Thread.onSpinWait();
                }
                end.way.end(arena, slice);
                hasEnded.set(true);
                asks.join();
                if (last.get().scope().isAlive()) {
                    assertTrue(last.get().byteSize() <= arena.size(handle));
                }
                arena.reset();
            }
        }
    }

    /// Threads that free each other's blocks: whoever still reads one finds it whole or dead.
    @ParameterizedTest
    @EnumSource(names = {"SHARED", "GROWABLE_SHARED"})
    void manyThreads(Pool pool) throws Exception {
        try (SegmentArena arena = pool.open()) {
            MemorySegment[] places = new MemorySegment[8];
            List<Throwable> wrong = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                SplittableRandom random = new SplittableRandom(t);
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < 1500; i++) {
                            turn(arena, places, random);
                        }
                    } catch (Throwable e) {
                        synchronized (wrong) {
                            wrong.add(e);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), wrong);
            arena.verify();
        }
    }

    private static void turn(SegmentArena arena, MemorySegment[] places, SplittableRandom random) {
        int at = random.nextInt(places.length);
        int size = 8 + random.nextInt(200);
        MemorySegment made = arena.allocate(size);
        made.fill((byte) size);
        MemorySegment old;
        synchronized (places) {
            old = places[at];
            places[at] = made;
        }
        MemorySegment another = places[random.nextInt(places.length)];
        if (another != null) {
            try {
                byte[] bytes = another.toArray(BYTE);
                byte[] whole = new byte[bytes.length];
                Arrays.fill(whole, (byte) bytes.length);
                assertTrue(Arrays.equals(whole, bytes), "read what was freed");
            } catch (IllegalStateException dead) {
                assertFalse(another.scope().isAlive());
            }
        }
        if (old != null) {
            arena.free(old);
            isDead(old, "freed by this thread");
        }
    }

    private static int compare(Runnable frees, MemorySegment a, MemorySegment b) {
        frees.run();
        return 0;
    }

    /// Does something while a native call is using a slice.
    @SuppressWarnings("restricted")
    private static void whileANativeCallUses(MemorySegment slice, Runnable action) throws Throwable {
        List<Throwable> thrown = new ArrayList<>(); // where an upcall throws, the JVM ends
        Runnable caught = () -> {
            try {
                action.run();
            } catch (Throwable e) {
                thrown.add(e);
            }
        };
        MethodHandle sort = Linker.nativeLinker().downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow("qsort"),
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        try (Arena stubs = Arena.ofConfined()) {
            MethodHandle comparison = MethodHandles.lookup().findStatic(CheckedTest.class, "compare",
                    MethodType.methodType(int.class, Runnable.class, MemorySegment.class, MemorySegment.class)).bindTo(caught);
            sort.invoke(slice, 2L, 4L, Linker.nativeLinker().upcallStub(comparison,
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS), stubs));
        }
        if (!thrown.isEmpty()) {
            throw thrown.getFirst();
        }
    }

    /// What a native call is using is not freed, and nothing has changed.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatANativeCallUsesStays(Pool pool) throws Throwable {
        List<String> told = new ArrayList<>();
        try (SegmentArena arena = pool.open()) {
            MemorySegment slice = arena.allocate(8).fill((byte) 0);
            long handle = arena.allocationOf(slice);
            whileANativeCallUses(slice, () -> {
                for (Runnable end : List.<Runnable>of(() -> arena.free(handle), () -> arena.free(slice), () -> arena.freeAt(slice.address()),
                        () -> arena.freeAll(new long[] {handle}, 0, 1), arena::reset, arena::close)) {
                    try {
                        end.run();
                        told.add("it was freed");
                    } catch (IllegalStateException inUse) {
                        told.add(inUse.getMessage());
                    }
                }
            });
            assertEquals(6, told.size());
            told.forEach(message -> assertTrue(message.contains("a native call is using its bytes"), message));
            assertEquals(0, slice.getAtIndex(ValueLayout.JAVA_INT, 0), "after the call");
            assertEquals(8, arena.size(handle));
            arena.verify();
            arena.free(handle);
            isDead(slice, "freed");
        }
    }

    /// Nor does it lose its slice by another size.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatANativeCallUsesKeepsItsSizeAndPlace(Pool pool) throws Throwable {
        for (int size : new int[] {100, 5000}) {
            try (SegmentArena arena = pool.open()) {
                arena.allocate(64); // so that the next one has no large alignment
                MemorySegment slice = arena.allocate(size).fill((byte) 7);
                long handle = arena.allocationOf(slice);
                whileANativeCallUses(slice, () -> {
                    long used = arena.byteSize() - arena.storageReport().totalFreeSpace();
                    for (Runnable changes : List.<Runnable>of(() -> arena.resize(handle, 8), () -> arena.resize(handle, size - 1), () -> arena.reallocate(handle, 8, 1),
                            () -> arena.reallocate(slice, 8, 1), () -> arena.reallocate(slice, size, 1), () -> arena.reallocate(slice, size + 50, 1),
                            () -> arena.reallocate(handle, 50_000, 1 << 14), () -> arena.reallocate(slice, 50_000, 1 << 14))) {
                        String told = assertThrows(IllegalStateException.class, changes::run).getMessage();
                        assertTrue(told.contains("a native call is using its bytes"), told);
                        assertEquals(size, arena.size(handle));
                        assertEquals(handle, arena.allocationOf(slice));
                        assertEquals(used, arena.byteSize() - arena.storageReport().totalFreeSpace());
                        assertEquals(7, slice.get(BYTE, size - 1));
                        arena.verify();
                    }
                    arena.resize(handle, size + 1); // which no slice has to end for
                    isAlive(slice, "grown by handle");
                });
                assertTrue(arena.resize(handle, 8));
                isDead(slice, "made smaller");
            }
        }
    }

    /// What a durable arena has from before has no border, and keeps its size.
    @Test
    void whatANativeCallUsesKeepsItsSizeWithoutABorder() throws Throwable {
        Path file = directory.resolve("unbordered");
        long handle;
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1 << 20).build()) {
            handle = arena.tryAllocate(5001, 1);
        }
        try (SegmentArena arena = SegmentArena.builder().durable(file, 1 << 20).checked().build()) {
            MemorySegment slice = arena.segment(handle);
            whileANativeCallUses(slice.asSlice(4), () -> assertThrows(IllegalStateException.class, () -> arena.reallocate(slice, 6000, 1)));
            assertEquals(5001, arena.size(handle));
            arena.verify();
            isAlive(arena.reallocate(slice, 6000, 1), "after the call");
            isDead(slice, "reallocated");
        }
    }

    /// Such a block has no room for a border. It keeps its size or becomes smaller all the same, also where nothing else is free.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatHasNoBorderShrinksWithoutOne(boolean shared) {
        Path file = directory.resolve("shrinks" + shared);
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, 1 << 20);
        List<Long> handles = new ArrayList<>();
        try (SegmentArena arena = builder.build()) {
            for (long next = arena.tryAllocate(48, 1); next != SegmentArena.NO_SPACE; next = arena.tryAllocate(48, 1)) {
                handles.add(next);
            }
        }
        try (SegmentArena arena = (shared ? builder.shared() : builder).checked().build()) {
            for (int i = 0; i < 1000; i++) {
                long handle = handles.get(i);
                long size = List.of(48L, 47L, 40L, 33L, 32L, 20L, 1L, 0L).get(i % 8);
                MemorySegment slice = arena.segment(handle);
                slice.fill((byte) 5);
                assertTrue(arena.resize(handle, size), () -> "resized to " + size);
                assertEquals(size, arena.size(handle));
                if (size < 48) {
                    isDead(slice, "made smaller");
                }
                for (long at = 0; at < size; at++) {
                    assertEquals(5, arena.segment(handle).get(BYTE, at));
                }
                MemorySegment same = arena.segment(handle);
                assertEquals(size / 2, arena.reallocate(same, size / 2, 1).byteSize());
            }
            arena.verify();
            handles.forEach(arena::free);
            assertEquals(arena.byteSize(), arena.storageReport().totalFreeSpace());
        }
    }

    /// Of several, all stay. The first time it kills slices of others, since the JDK can't be asked, and says so; after that the one that is in
    /// use is asked first.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatIsRefusedForOneBlockEndsNone(Pool pool) throws Throwable {
        try (SegmentArena arena = pool.open()) {
            List<MemorySegment> others = List.of(arena.allocate(100), arena.allocate(100), arena.allocate(100));
            long[] handles = others.stream().mapToLong(arena::allocationOf).toArray();
            others.forEach(other -> other.fill((byte) 7));
            MemorySegment used = arena.allocate(8);
            long[] all = {handles[0], handles[1], handles[2], arena.allocationOf(used)};
            whileANativeCallUses(used, () -> {
                String told = assertThrows(IllegalStateException.class, () -> arena.freeAll(all, 0, 4)).getMessage();
                assertTrue(told.contains("0x" + Long.toHexString(all[3])), told);
                assertTrue(told.contains("the slices of 3 others have ended: segment(handle)"), told);
                others.forEach(other -> isDead(other, "as the message says"));
                MemorySegment again = arena.segment(handles[1]);
                for (Runnable end : List.<Runnable>of(() -> arena.freeAll(all, 0, 4), arena::reset, arena::close)) {
                    String next = assertThrows(IllegalStateException.class, end::run).getMessage();
                    assertFalse(next.contains("have ended"), next);
                    assertEquals(7, again.get(BYTE, 99));
                }
                isAlive(used, "in use");
            });
            assertEquals(4, arena.allocations());
            assertEquals(7, arena.segment(handles[0]).get(BYTE, 0));
            arena.freeAll(all, 0, 4);
            isDead(used, "freed");
        }
    }

    /// The close of a scope is refused, and goes on when it is called again.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void aScopeStaysOpenWhileANativeCallUsesASlice(Pool pool) throws Throwable {
        try (SegmentArena arena = pool.open()) {
            Arena scope = arena.scope();
            MemorySegment slice = scope.allocate(8);
            whileANativeCallUses(slice, () -> assertThrows(IllegalStateException.class, scope::close));
            assertEquals(1, arena.allocations());
            isAlive(slice, "after the call");
            MemorySegment another = scope.allocate(8);
            scope.close();
            isDead(slice, "closed");
            isDead(another, "closed");
            assertEquals(0, arena.allocations());
            assertThrows(IllegalStateException.class, scope::close);
        }
    }

    /// What comes to the scopes with the end of their arena doesn't come to them when that is refused.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void aRefusedCloseOfTheArenaLeavesItsScopesOpen(Pool pool) throws Throwable {
        try (SegmentArena arena = pool.open()) {
            Arena scope = arena.scope();
            scope.allocate(100);
            scope.allocate(30);
            MemorySegment used = arena.allocate(8);
            whileANativeCallUses(used, () -> assertThrows(IllegalStateException.class, arena::close));
            assertEquals(3, arena.allocations());
            assertTrue(scope.scope().isAlive());
            isAlive(scope.allocate(10), "in a scope that is open");
            scope.close();
            assertEquals(1, arena.allocations());
            isAlive(used, "of no scope");
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void aScopeWithAByteBehindABlockStaysOpen(Pool pool) {
        try (SegmentArena arena = pool.open()) {
            Arena scope = arena.scope();
            List<MemorySegment> slices = List.of(scope.allocate(48), scope.allocate(48), scope.allocate(48));
            MemorySegment gone = scope.allocate(48);
            byteBehind(slices.get(1));
            assertThrows(AssertionError.class, scope::close);
            assertEquals(4, arena.allocations());
            slices.forEach(slice -> isAlive(slice, "told of"));
            isAlive(scope.allocate(48), "told of");
            arena.free(gone);
            scope.close();
            assertEquals(0, arena.allocations());
            slices.forEach(slice -> isDead(slice, "closed"));
            assertThrows(IllegalStateException.class, scope::close);
        }
    }

    @SuppressWarnings("restricted")
    private static void byteBehind(MemorySegment slice) {
        MemorySegment.ofAddress(slice.address() + slice.byteSize()).reinterpret(1).set(BYTE, 0, (byte) 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"deny", "allow", "enabled"})
    void nativeAccess(String how) {
        List<String> options = how.equals("enabled") ? List.of("-ea", "--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny")
                : List.of("-ea", "--illegal-native-access=" + how);
        Fork.Result result = Fork.run(CheckedMain.class, 60, options);
        assertEquals(0, result.exit(), result::output);
        assertEquals(how.equals("deny") ? "refused: --enable-native-access=ALL-UNNAMED" : "dead", result.output().lines().toList().getLast(), result::output);
    }
}
