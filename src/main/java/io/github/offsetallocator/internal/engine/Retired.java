package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.tables.RetireRing;
import io.github.offsetallocator.internal.tables.TableMemory;

/// Blocks of one engine that wait for one counter. Its ring is made when the first comes; with all metadata at once, it has
/// room for all blocks then.
public final class Retired {
    private static final int AT_ONCE = 64;

    private final Engine engine;
    private final TableMemory.Threads threads;
    private final int preallocated;
    private RetireRing ring;
    private int resets;

    /// @param preallocated for how many blocks the ring has room when it is made
    Retired(Engine engine, TableMemory.Threads threads, int preallocated) {
        this.engine = engine;
        this.threads = threads;
        this.preallocated = preallocated;
        resets = engine.resets();
    }

    public void retire(long handle, long value) {
        synchronized (engine.lock()) {
            engine.checkUsable();
            engine.checkLive(handle);
            follow();
            if (ring == null) {
                ring = new RetireRing(threads, preallocated);
            }
            ring.ready();
            engine.retire(handle);
            ring.add(handle, value);
        }
    }

    /// Goes as far as the first block that can't be freed. If that is the first of all it throws what [Engine#freeRetired] throws.
    public int reclaim(long value) {
        int reclaimed = 0;
        int now;
        do {
            now = reclaimSome(value, reclaimed);
            reclaimed += now;
        } while (now == AT_ONCE);
        return reclaimed;
    }

    /// So that others get the lock in between.
    private int reclaimSome(long value, int before) {
        synchronized (engine.lock()) {
            engine.checkUsable();
            follow();
            int now = 0;
            for (long handle; ring != null && now < AT_ONCE && (handle = ring.peek(value)) != 0; ring.remove()) {
                if (before + now > 0 && !engine.mayFreeRetired(handle)) {
                    break;
                }
                now += engine.freeRetired(handle) ? 1 : 0;
            }
            return now;
        }
    }

    public int count() {
        synchronized (engine.lock()) {
            engine.checkOpen();
            follow();
            return ring == null ? 0 : (int) ring.count();
        }
    }

    long byteSize() {
        return ring == null ? 0 : ring.byteSize();
    }

    void close() {
        if (ring != null) {
            ring.close();
        }
    }

    /// Forgets what waited before everything was freed at once.
    private void follow() {
        int now = engine.resets();
        if (now != resets) {
            resets = now;
            if (ring != null) {
                ring.clear();
            }
        }
    }
}
