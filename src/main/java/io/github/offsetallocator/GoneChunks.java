package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.ChunkedMemory;
import io.github.offsetallocator.internal.backing.Source;
import io.github.offsetallocator.internal.engine.Engine;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/// Chunks that have gone from an arena, and whose memory is to end. That is done without the engine's lock, since it may take long; all
/// else is guarded by it. Who ends one takes it out before, so that no other thread does.
final class GoneChunks {
    private static final class Gone {
        final Source.Opened opened;
        /// Whether it could not be ended.
        boolean isLeft;

        Gone(Source.Opened opened) {
            this.opened = opened;
        }
    }

    private final Engine engine;
    private final int shift;
    private Deque<Gone> gone = new ArrayDeque<>();
    private long left;

    /// @param shift a unit has 2^shift bytes
    GoneChunks(Engine engine, int shift) {
        this.engine = engine;
        this.shift = shift;
    }

    void add(Source.Opened opened) {
        gone.addLast(new Gone(opened));
    }

    /// Takes back what was added last.
    void removeLast() {
        gone.removeLast();
    }

    /// Takes all chunks out of a memory, or none.
    void takeAll(ChunkedMemory memory) {
        Deque<Gone> all = new ArrayDeque<>(gone);
        memory.chunks().forEach(chunk -> all.addLast(new Gone(chunk.opened())));
        memory.removeAll();
        gone = all;
    }

    boolean overlaps(MemorySegment segment) {
        return gone.stream().anyMatch(end -> end.opened.overlaps(segment));
    }

    /// Units of those that could not be ended.
    long left() {
        synchronized (engine.lock()) {
            return left;
        }
    }

    /// Returns why the first one that couldn't be ended could not, or null.
    ///
    /// @param waits whether to wait for a disk that one is being written to
    Throwable endAll(boolean waits) {
        Throwable reason = null;
        int more;
        synchronized (engine.lock()) {
            more = gone.size();
        }
        for (; more > 0; more--) {
            Gone end;
            synchronized (engine.lock()) {
                end = gone.pollFirst();
            }
            if (end == null) {
                break;
            }
            try {
                engine.awaitWrites(); // the JDK would interrupt a thread that is copying from it; later ones don't find it
                end.opened.end(waits);
            } catch (Throwable failure) {
                synchronized (engine.lock()) {
                    gone.addLast(end);
                }
                note(end, true);
                reason = reason == null ? failure : reason;
                continue;
            }
            note(end, false);
        }
        return reason;
    }

    private void note(Gone end, boolean isLeft) {
        synchronized (engine.lock()) {
            if (end.isLeft != isLeft) {
                end.isLeft = isLeft;
                long units = end.opened.segment().byteSize() >>> shift;
                left += isLeft ? units : -units;
            }
        }
    }
}
