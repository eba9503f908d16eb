package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.ChunkedMemory;
import io.github.offsetallocator.internal.backing.Source;
import io.github.offsetallocator.internal.engine.Engine;
import java.util.ArrayList;

/// Chunks that have gone from an arena, and whose memory is to end. That is done without the engine's lock, since it may take long; all
/// else is guarded by it. A thread that ends one names itself before, so that no other one does. Its units count until it has ended.
final class GoneChunks {
    /// A thread that waits looks at least so often: one that has been struck by an error may not have woken it.
    private static final long LOOK_MILLIS = 100;

    static final class Gone {
        /// Set by a store and no call, so that no error strikes between a chunk's opening and this. Null once it has ended.
        Source.Opened opened;
        private long units;
        /// The thread that is ending it, or null.
        private Thread ender;
        /// The last round that has tried, or was before it went.
        private long round;
    }

    private final Engine engine;
    private final int shift;
    private ArrayList<Gone> gone = new ArrayList<>();
    /// The one that is being opened, see [#expectOne()].
    private Gone expected;
    private long units;
    private long ended;
    /// Calls of [#endAll].
    private long rounds;

    /// @param shift a unit has 2^shift bytes
    GoneChunks(Engine engine, int shift) {
        this.engine = engine;
        this.shift = shift;
    }

    /// Where a chunk is named as it is opened, until it is one of the arena: see [#settle()].
    Gone expectOne() {
        settle();
        gone.ensureCapacity(gone.size() + 1);
        expected = new Gone();
        return expected;
    }

    /// What was opened and has become no chunk of the arena has gone. Creates no object.
    void settle() {
        if (expected != null && expected.opened != null) {
            add(expected);
            expected = null;
        }
    }

    void add(Source.Opened opened) {
        Gone end = new Gone();
        end.opened = opened;
        add(end);
    }

    private void add(Gone end) {
        end.units = end.opened.segment().byteSize() >>> shift; // before it is added: an error may strike in each call
        end.round = rounds;
        gone.addLast(end);
        units += end.units;
    }

    /// Takes back what was added last.
    void removeLast() {
        units -= gone.removeLast().units;
    }

    /// Takes all chunks out of a memory, or none.
    void takeAll(ChunkedMemory memory) {
        settle();
        ArrayList<Gone> before = gone;
        long unitsBefore = units;
        gone = new ArrayList<>(before);
        try {
            memory.chunks().forEach(chunk -> add(chunk.opened()));
            memory.removeAll();
        } catch (Throwable failure) {
            gone = before;
            units = unitsBefore;
            throw failure;
        }
    }

    /// Whether one shares bytes with native memory, but for those that a thread is ending: their source may have given that memory to others.
    /// Creates no object.
    boolean overlap(long address, long byteSize) {
        for (int i = 0; i < gone.size(); i++) {
            Gone some = gone.get(i);
            if (some.ender == null && some.opened != null && some.opened.overlaps(address, byteSize)) {
                return true;
            }
        }
        return false;
    }

    /// Units of those that have not ended.
    long units() {
        synchronized (engine.lock()) {
            settle();
            return units;
        }
    }

    /// How many have ended so far.
    long ended() {
        synchronized (engine.lock()) {
            return ended;
        }
    }

    /// Waits until one has ended since `ended` was asked for, or no other thread is ending any. A thread that is in a source's `close` itself
    /// doesn't wait.
    void awaitOthers(long endedBefore) {
        boolean isInterrupted = false;
        Object lock = engine.lock();
        synchronized (lock) {
            while (ended == endedBefore && areOthersEnding()) {
                try {
                    lock.wait(LOOK_MILLIS);
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean areOthersEnding() {
        boolean areSome = false;
        for (int i = 0; i < gone.size(); i++) {
            Thread ender = gone.get(i).ender;
            if (ender == Thread.currentThread()) {
                return false;
            }
            areSome |= ender != null;
        }
        return areSome;
    }

    /// Tries each that no other thread is ending. Returns why the first one that couldn't be ended could not, or null.
    ///
    /// @param waits whether to wait for a disk that one is being written to
    Throwable endAll(boolean waits) {
        if (isEmpty()) {
            return null;
        }
        Object lock = engine.lock();
        long round;
        synchronized (lock) {
            round = ++rounds;
        }
        Throwable reason = null;
        for (Gone end = next(round); end != null; end = next(round)) {
            boolean isDone = false;
            try {
                engine.awaitWrites(); // the JDK would interrupt a thread that is copying from it; later ones don't find it
                end.opened.end(waits);
                isDone = true;
            } catch (Throwable failure) {
                reason = reason == null ? failure : reason;
            } finally {
                synchronized (lock) {
                    end.ender = null;
                    if (isDone) {
                        end.opened = null;
                        units -= end.units;
                        ended++;
                    }
                    lock.notifyAll();
                }
            }
        }
        return reason;
    }

    /// One that nobody is ending, and that this round has not tried; or null. Drops those that have ended.
    private Gone next(long round) {
        Thread ender = Thread.currentThread();
        synchronized (engine.lock()) {
            int i = 0;
            while (i < gone.size()) {
                Gone some = gone.get(i);
                if (some.opened == null) {
                    gone.remove(i);
                } else if (some.ender != null || some.round >= round) {
                    i++;
                } else {
                    some.round = round;
                    some.ender = ender;
                    return some;
                }
            }
            return null;
        }
    }

    private boolean isEmpty() {
        synchronized (engine.lock()) {
            settle();
            return gone.isEmpty();
        }
    }

}
