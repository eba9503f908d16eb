package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.NativeCall;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A close that refuses, or reports, what is still live.
class CloseOptionTest {
    private static SegmentArena.Builder builder(ScopeTest.Pool kind) {
        SegmentArena.Builder builder = SegmentArena.builder();
        builder = kind.ordinal() < 2 ? builder.nativeMemory(1 << 20) : builder.growable(64 << 10, 1 << 20);
        return kind.ordinal() % 2 == 1 ? builder.shared() : builder;
    }

    @ParameterizedTest
    @EnumSource(ScopeTest.Pool.class)
    void refusesWhileBlocksAreLive(ScopeTest.Pool kind) {
        SegmentArena arena = builder(kind).closeRefusesLive().build();
        long block = arena.tryAllocate(100, 1);
        long retired = arena.tryAllocate(100, 1);
        arena.retire(retired, 7);
        String message = assertThrows(IllegalStateException.class, arena::close).getMessage();
        assertTrue(message.contains("1 allocations are live and 1 retired"), message);
        arena.segment(block).fill((byte) 1);
        arena.verify();
        arena.free(block);
        assertThrows(IllegalStateException.class, arena::close);
        arena.reclaim(7);
        Arena scope = arena.scope();
        scope.allocate(1);
        assertThrows(IllegalStateException.class, arena::close);
        scope.allocate(1);
        scope.close();
        arena.close();
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(ScopeTest.Pool.class)
    void reportsWhatIsLive(ScopeTest.Pool kind) {
        List<Long> seen = new ArrayList<>();
        int[] calls = {0};
        SegmentArena arena = builder(kind).closeReportsLive(closing -> {
            calls[0]++;
            closing.forEachAllocation(seen::add);
            if (calls[0] == 1) {
                throw new UnsupportedOperationException("not yet");
            }
        }).build();
        List<Long> blocks = List.of(arena.tryAllocate(100, 1), arena.tryAllocate(5000, 1));
        assertThrows(UnsupportedOperationException.class, arena::close);
        assertEquals(blocks.stream().sorted().toList(), seen.stream().sorted().toList());
        arena.verify();
        arena.close();
        assertEquals(2, calls[0]);
        arena.close();
        assertEquals(2, calls[0]);
        SegmentArena empty = builder(kind).closeReportsLive(_ -> calls[0]++).build();
        empty.free(empty.tryAllocate(1, 1));
        empty.close();
        assertEquals(2, calls[0]);
    }

    /// Both options, in either order: the report comes first, then the refusal, at each close.
    @ParameterizedTest
    @EnumSource(ScopeTest.Pool.class)
    void reportsAndThenRefuses(ScopeTest.Pool kind) {
        for (boolean isReportFirst : new boolean[] {true, false}) {
            int[] calls = {0};
            SegmentArena.Builder builder = builder(kind);
            builder = isReportFirst ? builder.closeReportsLive(_ -> calls[0]++).closeRefusesLive()
                    : builder.closeRefusesLive().closeReportsLive(_ -> calls[0]++);
            SegmentArena arena = builder.build();
            long block = arena.tryAllocate(100, 1);
            for (int i = 1; i <= 2; i++) {
                String message = assertThrows(IllegalStateException.class, arena::close).getMessage();
                assertTrue(message.contains("1 allocations are live"), message);
                assertEquals(i, calls[0]);
            }
            arena.free(block);
            arena.close();
            assertEquals(2, calls[0]);
        }
    }

    /// It may look, and change nothing: nor close the arena once more.
    @ParameterizedTest
    @EnumSource(ScopeTest.Pool.class)
    void whatIsToldMustNotChangeTheArena(ScopeTest.Pool kind) {
        int[] calls = {0};
        long[] block = {0, 0};
        SegmentArena arena = builder(kind).closeReportsLive(closing -> {
            calls[0]++;
            assertThrows(IllegalStateException.class, () -> closing.free(block[0]));
            assertThrows(IllegalStateException.class, () -> closing.free(closing.segment(block[0])));
            assertThrows(IllegalStateException.class, () -> closing.free(block[1]));
            assertThrows(IllegalStateException.class, () -> closing.tryAllocate(100, 1));
            assertThrows(IllegalStateException.class, () -> closing.resize(block[0], 1));
            assertThrows(IllegalStateException.class, closing::reset);
            assertThrows(IllegalStateException.class, closing::close);
            assertEquals(2, closing.allocations());
            if (calls[0] == 1) {
                throw new UnsupportedOperationException("not yet");
            }
        }).build();
        for (int i = 0; i < 20; i++) {
            arena.free(arena.tryAllocate(100, 1)); // so that there is a slab of this size
        }
        block[0] = arena.tryAllocate(100, 1);
        block[1] = arena.tryAllocate(5000, 1);
        assertThrows(UnsupportedOperationException.class, arena::close);
        arena.free(arena.tryAllocate(100, 1));
        arena.verify();
        arena.close();
        assertEquals(2, calls[0]);
    }

    /// A block that another thread has is seen, though it was taken without the lock.
    @Test
    void refusesWhileAnotherThreadTakesAndFrees() throws Exception {
        long end = System.nanoTime() + 2_000_000_000L;
        for (int round = 0; System.nanoTime() < end; round++) {
            SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 18).shared().closeRefusesLive().build();
            long[] slots = new long[64];
            Arrays.setAll(slots, _ -> arena.tryAllocate(32, 1));
            arena.freeAll(slots, 0, slots.length);
            AtomicLong mine = new AtomicLong();
            Thread other = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        mine.set(arena.tryAllocate(32, 1));
                        Thread.onSpinWait();
                        arena.free(mine.get());
                        mine.set(0);
                    }
                } catch (IllegalStateException closed) {
                    // what it has then is looked at
                }
            });
            while (!close(arena)) {
                Thread.onSpinWait();
            }
            other.join();
            assertEquals(0, mine.get(), "closed with a live block in round " + round);
        }
    }

    private static boolean close(SegmentArena arena) {
        try {
            arena.close();
            return true;
        } catch (IllegalStateException refused) {
            assertTrue(refused.getMessage().contains("are live"), refused::getMessage);
            return false;
        }
    }

    /// What the JDK says, "acquired by 1 clients", names neither the arena nor what to do.
    @Test
    void aCloseDuringANativeCallSaysWhatToDo() throws Throwable {
        SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 16).name("textures").build();
        String[] told = {""};
        NativeCall.over(arena.allocate(8, 4), () -> told[0] = assertThrows(IllegalStateException.class, arena::close).getMessage());
        assertTrue(told[0].contains("textures") && told[0].contains("native call") && told[0].contains("close it again"), told[0]);
        arena.close();
    }
}
