package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Builds a checked arena where the JVM grants the restricted call, or does not.
final class CheckedMain {
    private CheckedMain() {}

    public static void main(String[] arguments) {
        SegmentArena arena;
        try {
            arena = SegmentArena.builder().nativeMemory(1 << 16).checked().build();
        } catch (IllegalStateException refused) {
            String message = refused.getMessage();
            System.out.println("refused: " + message.substring(message.indexOf("--enable")));
            return;
        }
        MemorySegment slice = arena.allocate(10);
        arena.free(slice);
        try {
            slice.get(ValueLayout.JAVA_BYTE, 0);
            System.out.println("alive");
        } catch (IllegalStateException dead) {
            System.out.println("dead");
        }
    }
}
