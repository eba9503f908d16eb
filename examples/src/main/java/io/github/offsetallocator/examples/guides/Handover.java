package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// One thread fills slices, another reads and frees them.
public final class Handover {
    private static final int MESSAGES = 10_000;

    private Handover() {}

    /// @return the sum of what was received
    public static long run() throws InterruptedException {
        BlockingQueue<MemorySegment> queue = new ArrayBlockingQueue<>(64);
        try (SegmentArena arena = SegmentArena.ofShared(1 << 20)) {
            Thread producer = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < MESSAGES; i++) {
                        MemorySegment message = arena.allocate(64, 8);
                        message.set(ValueLayout.JAVA_INT, 0, i);
                        queue.put(message);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            long sum = 0;
            for (int i = 0; i < MESSAGES; i++) {
                MemorySegment message = queue.take();
                sum += message.get(ValueLayout.JAVA_INT, 0);
                arena.free(message);             // on another thread than allocated it
            }
            producer.join();
            return sum;
        }
    }

    /// Prints the sum of 0 to 9,999.
    public static void main(String[] args) throws InterruptedException {
        System.out.println(run());
    }
}
