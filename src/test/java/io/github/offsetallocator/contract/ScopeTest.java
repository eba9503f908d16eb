package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.NativeCall;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `SegmentArena.scope()`: what the JDK says of an `Arena`, over a pool.
class ScopeTest {
    enum Pool {
        CONFINED, SHARED, GROWABLE, GROWABLE_SHARED;

        SegmentArena open() {
            SegmentArena.Builder builder = SegmentArena.builder();
            builder = ordinal() < 2 ? builder.nativeMemory(1 << 20) : builder.growable(64 << 10, 1 << 20);
            return (ordinal() % 2 == 1 ? builder.shared() : builder).build();
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void slicesAreZeroedAndFreedTogether(Pool kind) {
        SplittableRandom random = new SplittableRandom(1);
        try (SegmentArena pool = kind.open()) {
            pool.allocate(100);
            for (int round = 0; round < 200; round++) {
                try (Arena scope = pool.scope()) {
                    int count = random.nextInt(60);
                    for (int i = 0; i < count; i++) {
                        MemorySegment slice = scope.allocate(random.nextInt(1 << random.nextInt(14)), 1L << random.nextInt(9));
                        Content.checkZero(slice, 0, slice.byteSize());
                        slice.fill((byte) -1);
                    }
                    assertEquals(1 + count, pool.allocations());
                }
                assertEquals(1, pool.allocations());
            }
            pool.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void slicesOfNoBytesAreDistinct(Pool kind) {
        try (SegmentArena pool = kind.open(); Arena scope = pool.scope()) {
            Set<Long> addresses = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                MemorySegment empty = scope.allocate(0, 1L << i % 5);
                assertEquals(0, empty.byteSize());
                assertTrue(addresses.add(empty.address()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void aSecondCloseIsRefused(Pool kind) {
        try (SegmentArena pool = kind.open()) {
            Arena scope = pool.scope();
            scope.allocate(10);
            MemorySegment.Scope lifetime = scope.scope();
            assertTrue(lifetime.isAlive());
            assertEquals(lifetime, scope.scope());
            scope.close();
            assertThrows(IllegalStateException.class, scope::close);
            assertThrows(IllegalStateException.class, () -> scope.allocate(10));
            assertThrows(IllegalStateException.class, () -> scope.allocate(0));
            assertFalse(lifetime.isAlive());
            assertFalse(scope.scope().isAlive());
            assertEquals(0, pool.allocations());
            Arena unasked = pool.scope();
            unasked.close();
            assertFalse(unasked.scope().isAlive());
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void noRoomIsAnOutOfMemoryError(Pool kind) {
        try (SegmentArena pool = kind.open(); Arena scope = pool.scope()) {
            scope.allocate(1 << 19);
            OutOfMemoryError full = assertThrows(OutOfMemoryError.class, () -> scope.allocate(1 << 20));
            assertTrue(full.getMessage().contains("1048576"), full::getMessage);
            assertThrows(OutOfMemoryError.class, () -> scope.allocate(Long.MAX_VALUE));
            assertThrows(IllegalArgumentException.class, () -> scope.allocate(-1));
            assertThrows(IllegalArgumentException.class, () -> scope.allocate(1, 3));
            assertThrows(IllegalArgumentException.class, () -> scope.allocate(1, 0));
            assertEquals(1, pool.allocations());
        }
    }

    /// Whatever the request, and whether there is room or not, as the JDK's.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void aClosedScopeSaysSo(Pool kind) {
        try (SegmentArena pool = kind.open()) {
            Arena scope = pool.scope();
            Arena jdk = Arena.ofConfined();
            scope.close();
            jdk.close();
            while (pool.tryAllocate(16, 1) != SegmentArena.NO_SPACE) {
                continue;
            }
            for (long[] bad : new long[][] {{16, 1}, {Long.MAX_VALUE, 1}, {0, 1}}) {
                assertThrows(IllegalStateException.class, () -> jdk.allocate(bad[0], bad[1]));
                assertThrows(IllegalStateException.class, () -> scope.allocate(bad[0], bad[1]));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void aSliceMayBeFreedBefore(Pool kind) {
        try (SegmentArena pool = kind.open()) {
            try (Arena scope = pool.scope()) {
                List<MemorySegment> slices = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    slices.add(scope.allocate(100));
                }
                for (int i = 0; i < 20; i += 3) {
                    pool.free(slices.get(i));
                }
                pool.allocate(100); // at the place of one of those
            }
            assertEquals(1, pool.allocations());
            Arena scope = pool.scope();
            scope.allocate(10);
            pool.reset();
            MemorySegment after = pool.allocate(10);
            scope.close();
            assertEquals(1, pool.allocations());
            pool.free(after);
        }
    }

    /// What the JDK's and others' code asks of an arena.
    /// A scope frees the allocations that it has made.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void whatAMoveMakesIsThePools(Pool kind) {
        try (SegmentArena pool = kind.open()) {
            MemorySegment stays;
            MemorySegment moves;
            try (Arena scope = pool.scope()) {
                MemorySegment first = scope.allocate(5000);
                stays = pool.reallocate(first, 5000 - 64, 1);
                assertEquals(first.address(), stays.address());
                MemorySegment second = scope.allocate(5000);
                pool.allocate(100);
                moves = pool.reallocate(second, 20_000, 4096);
                while (moves.address() == second.address()) {
                    moves = pool.reallocate(second = moves, moves.byteSize() + 1000, 4096);
                }
            }
            assertThrows(IllegalArgumentException.class, () -> pool.allocationOf(stays));
            assertEquals(2, pool.allocations());
            pool.free(moves);
            pool.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Pool.class)
    void theRestOfAnArenaWorks(Pool kind) {
        try (SegmentArena pool = kind.open(); Arena scope = pool.scope()) {
            assertEquals("käse", scope.allocateFrom("käse").getString(0));
            assertEquals(3, scope.allocateFrom(ValueLayout.JAVA_INT, 1, 2, 3).getAtIndex(ValueLayout.JAVA_INT, 2));
            assertEquals(0, scope.allocate(MemoryLayout.sequenceLayout(7, ValueLayout.JAVA_LONG)).get(ValueLayout.JAVA_LONG, 48));
            MemorySegment prefix = SegmentAllocator.prefixAllocator(scope.allocate(64)).allocate(8);
            assertEquals(8, SegmentAllocator.slicingAllocator(scope.allocate(64)).allocate(8).byteSize());
            assertNotEquals(0, prefix.address());
            assertTrue(scope.toString().contains("SegmentArena"));
        }
    }

    @Test
    void aConfinedScopeIsForItsThread() {
        try (SegmentArena pool = SegmentArena.ofConfined(1 << 16); Arena scope = pool.scope()) {
            assertEquals(WrongThreadException.class, elsewhere(() -> scope.allocate(1)));
            assertEquals(WrongThreadException.class, elsewhere(scope::close));
            assertEquals(WrongThreadException.class, elsewhere(pool::scope));
            scope.allocate(1);
        }
    }

    private static Class<?> elsewhere(Runnable action) {
        return assertInstanceOf(Throwable.class,
                assertThrows(ExecutionException.class, () -> CompletableFuture.runAsync(action).get(10, TimeUnit.SECONDS)).getCause()).getClass();
    }

    @Test
    void aSharedScopeIsForAnyThread() throws Exception {
        try (SegmentArena pool = SegmentArena.ofShared(1 << 22)) {
            for (int round = 0; round < 20; round++) {
                Arena scope = pool.scope();
                List<CompletableFuture<Void>> all = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    all.add(CompletableFuture.runAsync(() -> {
                        for (int i = 0; i < 200; i++) {
                            scope.allocate(1 + i % 300).fill((byte) 1);
                        }
                    }));
                }
                CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
                assertEquals(800, pool.allocations());
                CompletableFuture.runAsync(scope::close).get(10, TimeUnit.SECONDS);
                assertEquals(0, pool.allocations());
            }
        }
    }

    /// Of an allocation and a close at once, the slice is refused or freed; nothing stays.
    @Test
    void closeAgainstAllocate() throws Exception {
        try (SegmentArena pool = SegmentArena.ofShared(1 << 20)) {
            for (int round = 0; round < 2000; round++) {
                Arena scope = pool.scope();
                CompletableFuture<Void> other = CompletableFuture.runAsync(() -> {
                    try {
                        while (true) {
                            scope.allocate(32);
                        }
                    } catch (IllegalStateException closed) {
                        assertTrue(closed.getMessage().contains("losed"));
                    }
                });
                if (round % 2 == 0) {
                    Thread.onSpinWait();
                }
                scope.close();
                other.get(10, TimeUnit.SECONDS);
                assertEquals(0, pool.allocations());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void slicesDieWithTheirScopeIfTheModuleHasNativeAccess(boolean has) {
        Fork.Result result = Fork.run(ScopeMain.class, 60, has ? List.of("-ea", "--enable-native-access=ALL-UNNAMED") : List.of("-ea", "--illegal-native-access=allow"), "" + has);
        assertEquals(0, result.exit(), result::output);
        assertEquals(1, result.number("checked"), result::output);
        assertFalse(result.output().contains("WARNING"), result::output);
    }

    /// The slices of open scopes die before the pool's memory can say that it is in use. All else is as it was, and their blocks can be freed.
    @Test
    void whatAScopeHasCanBeFreedAfterAPoolsCloseThatWasRefused() throws Throwable {
        letSlicesDie();
        try (SegmentArena pool = SegmentArena.ofConfined(1 << 16)) {
            MemorySegment used = pool.allocate(8);
            Arena scope = pool.scope();
            Arena empty = pool.scope();
            scope.allocate(10);
            scope.allocate(10_000);
            List<Throwable> refused = new ArrayList<>();
            NativeCall.over(used, () -> refused.add(assertThrows(IllegalStateException.class, pool::close)));
            assertEquals(1, refused.size());
            used.fill((byte) 1);
            assertEquals(3, pool.allocations());
            assertThrows(IllegalStateException.class, () -> scope.allocate(1));
            assertEquals(WrongThreadException.class, elsewhere(scope::close));
            scope.close();
            empty.close();
            assertThrows(IllegalStateException.class, scope::close);
            assertThrows(IllegalStateException.class, empty::close);
            assertEquals(1, pool.allocations());
            try (Arena after = pool.scope()) {
                after.allocate(5).fill((byte) 2);
            }
            pool.verify();
        }
    }

    /// The JDK gives a module native access with its first restricted call.
    private static void letSlicesDie() throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            NativeCall.over(arena.allocate(8), () -> {});
        }
        assertTrue(SegmentArena.class.getModule().isNativeAccessEnabled());
    }

    /// Each scope ends its own slices and no others, in whatever order they close, and the pool's `close` those of all that are left.
    @Test
    void scopesCloseInAnyOrder() throws Throwable {
        letSlicesDie();
        int scopes = 4;
        for (int order = 0; order < 256; order++) { // the next to close, of those that are open, in two bits each
            for (int closed = 0; closed <= scopes; closed++) {
                SegmentArena pool = SegmentArena.ofConfined(1 << 12);
                List<Arena> open = new ArrayList<>();
                List<MemorySegment> slices = new ArrayList<>();
                List<MemorySegment> dead = new ArrayList<>();
                for (int i = 0; i < scopes; i++) {
                    open.add(pool.scope());
                    slices.add(open.get(i).allocate(10));
                }
                for (int i = 0; i < closed; i++) {
                    int next = (order >>> 2 * i & 3) % open.size();
                    open.remove(next).close();
                    dead.add(slices.remove(next));
                    assertEquals(slices.size(), pool.allocations());
                    assertTrue(dead.stream().noneMatch(slice -> slice.scope().isAlive()));
                    assertTrue(slices.stream().allMatch(slice -> slice.scope().isAlive()));
                }
                pool.close();
                assertTrue(slices.stream().noneMatch(slice -> slice.scope().isAlive()), "a slice outlives its pool");
                open.forEach(scope -> assertThrows(IllegalStateException.class, scope::close));
            }
        }
    }

    /// A scope in use keeps its pool open.
    @Test
    void aNativeCallOverASliceOfAScope() throws Throwable {
        letSlicesDie();
        try (SegmentArena pool = SegmentArena.ofConfined(1 << 16)) {
            Arena scope = pool.scope();
            MemorySegment used = scope.allocate(8);
            List<Throwable> refused = new ArrayList<>();
            NativeCall.over(used, () -> {
                refused.add(assertThrows(IllegalStateException.class, pool::close));
                refused.add(assertThrows(IllegalStateException.class, scope::close));
            });
            assertEquals(2, refused.size());
            used.fill((byte) 1);
            scope.allocate(100).fill((byte) 1);
            assertEquals(2, pool.allocations());
            scope.close();
            assertEquals(0, pool.allocations());
        }
    }

    /// A pool that is closed has ended its scopes.
    @Test
    void aScopeOfAPoolThatIsClosed() {
        SegmentArena pool = SegmentArena.ofConfined(1 << 16);
        Arena scope = pool.scope();
        scope.allocate(8);
        pool.close();
        assertFalse(scope.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> scope.allocate(1));
        assertThrows(IllegalStateException.class, scope::close);
    }

    /// Refused, and nothing has changed.
    @ParameterizedTest
    @EnumSource(Pool.class)
    void aVisitorMustNotCloseAScope(Pool kind) {
        try (SegmentArena pool = kind.open()) {
            Arena scope = pool.scope();
            List<MemorySegment> slices = List.of(scope.allocate(100), scope.allocate(100_000));
            pool.forEachAllocation(_ -> assertThrows(IllegalStateException.class, scope::close));
            assertEquals(2, pool.allocations());
            assertTrue(scope.scope().isAlive());
            slices.forEach(slice -> slice.fill((byte) 1));
            slices.forEach(pool::free);
            scope.allocate(10);
            pool.verify();
            scope.close();
            assertEquals(0, pool.allocations());
            assertThrows(IllegalStateException.class, scope::close);
        }
    }

    /// A visitor may read from a scope that another thread is closing, which waits for the visitor.
    @Test
    void aVisitorMayAskForAScopeThatIsClosing() {
        try (SegmentArena pool = SegmentArena.ofShared(1 << 20)) {
            Arena scope = pool.scope();
            scope.allocate(100_000); // a region: to free it takes the lock
            List<Object> seen = new CopyOnWriteArrayList<>();
            Elsewhere.join(Thread.ofPlatform().daemon().start(() -> pool.forEachAllocation(_ -> {
                Thread closer = Thread.ofPlatform().daemon().start(scope::close);
                while (closer.getState() != Thread.State.BLOCKED) {
                    Thread.onSpinWait();
                }
                seen.add(scope.scope().getClass());
                seen.add(assertThrows(IllegalStateException.class, scope::close));
                seen.add(closer);
            })), Duration.ofSeconds(10));
            assertEquals(3, seen.size(), "it may not");
            Elsewhere.join((Thread) seen.get(2), Duration.ofSeconds(10));
            assertEquals(0, pool.allocations());
        }
    }
}
