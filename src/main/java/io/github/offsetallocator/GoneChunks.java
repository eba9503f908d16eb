package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.ChunkedMemory;
import io.github.offsetallocator.internal.backing.Source;
import io.github.offsetallocator.internal.engine.Engine;
import java.util.ArrayList;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// Chunks that have gone from an arena, and whose memory is to end. That is done without the engine's lock, since it may take long; all
/// else is guarded by it. A thread that ends one takes it out before, so that no other one does. Its units count until it has ended.
final class GoneChunks {
    static final class Gone {
        /// Set by a store and no call, so that no error strikes between a chunk's opening and this.
        Source.Opened opened;
        private long units;
    }

    private final Engine engine;
    private final int shift;
    private ArrayList<Gone> gone = new ArrayList<>();
    /// The one that is being opened, see [#expectOne()].
    private Gone expected;
    private long units;
    private long ended;
    /// Read by those who end chunks, several at once.
    private final ReentrantReadWriteLock ending = new ReentrantReadWriteLock();

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

    /// Whether one shares bytes with native memory. Creates no object.
    boolean overlap(long address, long byteSize) {
        for (int i = 0; i < gone.size(); i++) {
            if (gone.get(i).opened.overlaps(address, byteSize)) {
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

    /// Waits for those that other threads are ending. A thread that is in a source's `close` itself waits for none.
    void awaitOthers() {
        if (units() != 0 && ending.getReadHoldCount() == 0) {
            ending.writeLock().lock();
            ending.writeLock().unlock();
        }
    }

    /// Returns why the first one that couldn't be ended could not, or null.
    ///
    /// @param waits whether to wait for a disk that one is being written to
    Throwable endAll(boolean waits) {
        if (isEmpty()) {
            return null;
        }
        ending.readLock().lock();
        try {
            return endThose(waits);
        } finally {
            ending.readLock().unlock();
        }
    }

    private boolean isEmpty() {
        synchronized (engine.lock()) {
            settle();
            return gone.isEmpty();
        }
    }

    private Throwable endThose(boolean waits) {
        Throwable reason = null;
        int more;
        Object lock = engine.lock();
        synchronized (lock) {
            more = gone.size();
        }
        for (; more > 0; more--) {
            Gone end;
            synchronized (lock) {
                end = gone.isEmpty() ? null : gone.removeFirst();
            }
            if (end == null) {
                break;
            }
            try {
                engine.awaitWrites(); // the JDK would interrupt a thread that is copying from it; later ones don't find it
                end.opened.end(waits);
            } catch (Throwable failure) {
                synchronized (lock) {
                    gone.addLast(end);
                }
                reason = reason == null ? failure : reason;
                continue;
            }
            synchronized (lock) {
                units -= end.units;
                ended++;
            }
        }
        return reason;
    }
}
