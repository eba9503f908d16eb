package io.github.offsetallocator.contract;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.RetireQueue;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/// Every public method, found by reflection, so that new ones are tested too: after `close`, and where a confined arena is another thread's. The
/// refusal says which of the two it is, and of what.
class ClosedTest {
    /// What never changes, and what may be done twice.
    private static final Set<String> ALWAYS = Set.of("name", "granule", "backing", "access", "toString", "close", "maxAllocations", "fit");
    private static final int FEWEST = 30;

    @TempDir
    Path directory;

    /// An object with a method, and what it is called with: a live handle where it takes one.
    private record Call(Object on, Method method, Object[] arguments) {
        Throwable thrown() {
            try {
                method.invoke(on, arguments);
                return null;
            } catch (InvocationTargetException e) {
                return e.getCause();
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public String toString() {
            return method.getDeclaringClass().getSimpleName() + "." + method.getName() + Arrays.toString(method.getParameterTypes());
        }
    }

    /// @param handle of a live block
    /// @param slice  its slice, or null
    private static List<Call> calls(Object on, long handle, MemorySegment slice) {
        List<Call> calls = new ArrayList<>();
        Stream.of(on.getClass().getMethods())
                .filter(method -> method.getDeclaringClass() != Object.class && !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !ALWAYS.contains(method.getName()))
                .forEach(method -> {
                    Object[] arguments = arguments(method.getParameterTypes(), method.getName().endsWith("At") ? slice.address() : handle, slice);
                    if (arguments != null) {
                        calls.add(new Call(on, method, arguments));
                    } else {
                        Check.that(method.getDeclaringClass() != on.getClass(), () -> "no arguments for " + method);
                    }
                });
        return calls;
    }

    /// Null if some are of a type that only methods of the JDK's own take.
    private static Object[] arguments(Class<?>[] types, long first, MemorySegment slice) {
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            arguments[i] = switch (types[i].getName()) {
                case "long" -> i == 0 ? first : 1;
                case "int" -> i - 1;
                case "byte" -> (byte) 1;
                case "short" -> (short) 1;
                case "float" -> 1f;
                case "double" -> 1d;
                case "[J" -> new long[] {first};
                case "java.lang.Appendable" -> new StringBuilder();
                case "java.util.function.LongConsumer" -> (LongConsumer) _ -> {};
                case "io.github.offsetallocator.RegionVisitor" -> (RegionVisitor) (_, _, _) -> {};
                case "java.lang.foreign.MemorySegment" -> slice;
                default -> null;
            };
            if (arguments[i] == null) {
                return null;
            }
        }
        return arguments;
    }

    private static List<Call> calls(Face face) {
        long handle = face.allocate(1, 1);
        List<Call> calls = new ArrayList<>();
        if (face instanceof ArenaFace arenas) {
            SegmentArena arena = arenas.arena;
            MemorySegment slice = arena.segment(handle);
            calls.addAll(calls(arena, handle, slice));
            calls.addAll(calls(arena.access(), handle, slice));
            calls.addAll(calls(queue(arena.newRetireQueue(), face), handle, slice));
        } else {
            OffsetAllocator allocator = ((AllocatorFace) face).allocator;
            calls.addAll(calls(allocator, handle, null));
            calls.addAll(calls(queue(allocator.newRetireQueue(), face), handle, null));
        }
        Check.that(calls.size() >= FEWEST, () -> calls.size() + " methods");
        return calls;
    }

    /// With a block in it, if there is room for two.
    private static RetireQueue queue(RetireQueue queue, Face face) {
        long other = face.allocate(1, 1);
        if (other != SegmentArena.NO_SPACE) {
            queue.retire(other, 1);
        }
        return queue;
    }

    private static void refused(Call call, Throwable thrown, Class<?> expected, String words) {
        if (thrown == null || thrown.getClass() != expected || !("" + thrown.getMessage()).contains(words)) {
            throw new AssertionError(call + " is not refused by \"" + words + "\": " + thrown, thrown);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsClosedSaysWhatItWas(Subject subject) {
        List<Call> calls;
        try (Face face = subject.open(directory)) {
            calls = calls(face);
        }
        String words = "the " + (subject.spec().can(Can.SEGMENTS) ? "arena" : "allocator") + " is closed";
        calls.forEach(call -> {
            refused(call, call.thrown(), IllegalStateException.class, words);
        });
    }

    /// Slots of every kind of size, and regions.
    @ParameterizedTest
    @EnumSource
    void aRequestOfAnySizeSaysSo(Subject subject) {
        Face face = subject.open(directory);
        long granule = subject.spec().can(Can.SEGMENTS) ? ((ArenaFace) face).arena.granule() : 1;
        face.close();
        for (long size : new long[] {0, 1, 64, 65, 500, 1024, 1025, 100_000}) {
            Throwable thrown = Check.refused(() -> face.allocate(size * granule, 1));
            Check.that(thrown.getMessage().contains("is closed"), () -> size + " granules: " + thrown);
        }
    }

    @ParameterizedTest
    @FieldSource("io.github.offsetallocator.contract.ThreadRuleTest#CONFINED")
    void anotherThreadIsToldSo(Subject subject) {
        try (Face face = subject.open(directory)) {
            List<Call> calls = calls(face);
            Elsewhere.run(() -> calls.forEach(call -> {
                Throwable thrown = call.thrown();
                if (call.method.getName().equals("statistics")) {
                    Check.that(thrown == null, () -> call + ": " + thrown);
                } else {
                    refused(call, thrown, WrongThreadException.class, "the arena belongs to");
                }
            }));
        }
    }

    /// What never changes is told all the same.
    @ParameterizedTest
    @FieldSource("io.github.offsetallocator.contract.ThreadRuleTest#CONFINED")
    void whatNeverChangesIsTold(Subject subject) {
        SegmentArena arena;
        try (ArenaFace face = (ArenaFace) subject.open(directory)) {
            arena = face.arena;
            Elsewhere.run(() -> tell(arena));
        }
        tell(arena);
        arena.close();
    }

    private static void tell(SegmentArena arena) {
        Check.that(arena.toString().contains(arena.name()) && arena.granule() > 0 && arena.access() != null, "" + arena);
        try {
            arena.backing();
        } catch (UnsupportedOperationException _) { // it is in chunks
        }
    }
}
