package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.tables.NodeState;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/// Stands before another engine: each block gets a border, and its [Blocks] are told when a block begins, changes and ends.
///
/// ```
///   asked for   | units | slack |
///   of `inner`  | units         | one unit |      the slack is larger by a unit, so that sizes are what was asked for
/// ```
///
/// One call at a time, under the lock of the engine behind it, writes to new blocks included: so no block ends while it is
/// looked at, and none begins where one has just ended. That costs what such a lock costs.
public final class CheckedEngine extends ForwardingEngine {
    /// What knows of the bytes of blocks. Places and sizes are units, with the border, unless said otherwise.
    public interface Blocks {
        void made(long handle, long unit, long units, int slack);

        /// A block is there, which may be known, and may have had another size.
        void found(long handle, long unit, long byteSize);

        /// Forgets those blocks that are not where they were.
        void keep(Place place);

        /// Lets `resize` give a block another size.
        ///
        /// @throws IllegalStateException if slices that would end are in use; then it has the size that it had
        boolean resize(long unit, long units, int slack, Resize resize);

        /// @throws AssertionError if something was written behind the block's end
        void check(long unit);

        /// As [#check], of all blocks.
        ///
        /// @param mend whether each damage is told of once
        void checkAll(boolean mend);

        /// Whether nothing was written behind a block's end and its bytes are not in use. Its slices end then.
        boolean mayEnd(long unit);

        /// Lets `end` end blocks, whose slices end first.
        ///
        /// @throws IllegalStateException if the bytes of one block are in use; then all must stay, though some may have lost their slices
        void end(Runnable end, long... units);

        /// As [#end], of all blocks.
        void endAll(Runnable end);
    }

    /// As [#resize(long, long, int)], of one block.
    @FunctionalInterface
    public interface Resize {
        boolean to(long units, int slack);
    }

    /// Whether the block that a handle names is at a place.
    @FunctionalInterface
    public interface Place {
        boolean has(long handle, long unit);
    }

    private final Blocks blocks;
    private final int shift;
    /// Parts of a unit.
    private final int unit;
    /// Whether an error has struck in the middle of a change: the blocks may be others than those of the engine behind.
    private volatile boolean struck;

    public CheckedEngine(Engine inner, Blocks blocks, int shift) {
        super(inner);
        checkShift(shift);
        this.blocks = blocks;
        this.shift = shift;
        unit = 1 << shift;
        findAll();
    }

    private void findAll() {
        inner.forEachRegion(this, null, (checked, _, offset, _, handle) -> {
            if (handle > 0) {
                checked.blocks.found(handle, offset, checked.inner.size(handle, checked.shift));
            }
        });
    }

    /// @throws IllegalStateException if units have too many parts for a slack of a whole one more
    public static void checkShift(int shift) {
        if (2 << shift > NodeState.MAX_SLACK) {
            throw new IllegalStateException("a checked arena can't have a granule of " + (1 << shift) + " bytes: " + (NodeState.MAX_SLACK + 1 >> 2) + " at most");
        }
    }

    @Override
    public long taken(long units) {
        return units + 1;
    }

    // ---- what errors leave behind ------------------------------------------------------------------------------

    private <T> T change(Supplier<T> work) {
        synchronized (lock()) {
            recoverBlocks();
            try {
                return work.get();
            } catch (Error e) {
                struck = true;
                throw e;
            }
        }
    }

    private void change(Runnable work) {
        change(() -> {
            work.run();
            return null;
        });
    }

    /// Makes the blocks anew from those of the engine behind, if an error has struck. O(blocks).
    private void recoverBlocks() {
        if (struck) {
            synchronized (lock()) {
                if (!inner.isClosed()) {
                    inner.ensureRecovered();
                    blocks.keep(this::isThere);
                    findAll();
                    struck = false;
                }
            }
        }
    }

    private boolean isThere(long handle, long at) {
        return inner.isRetired(handle) ? one().retiring.offset(handle) == at : inner.isLive(handle) && inner.offset(handle) == at;
    }

    @Override
    public long offset(long handle) {
        recoverBlocks();
        return inner.offset(handle);
    }

    @Override
    public long find(long at) {
        recoverBlocks();
        return inner.find(at);
    }

    @Override
    public void retire(long handle) {
        recoverBlocks();
        inner.retire(handle);
    }

    // ---- what is sure to be granted ----------------------------------------------------------------------------

    @Override
    public long largestFree() {
        return withoutBorder(inner.largestFree());
    }

    @Override
    public <A, T> T count(A a, Sums<A, T> sums) {
        return inner.count(a, (to, capacity, used, peak, largest, live, total, refused, metadata) ->
                sums.of(to, capacity, used, peak, withoutBorder(largest), live, total, refused, metadata + retiredSize()));
    }

    private static long withoutBorder(long region) {
        return Math.max(0, region - 1);
    }

    // ---- blocks that begin -------------------------------------------------------------------------------------

    @Override
    public long allocate(long size, int slack) {
        return change(() -> {
            long handle = inner.allocate(size + 1, slack + unit);
            return handle == NO_SPACE ? NO_SPACE : made(handle, inner.offsetOfNew(handle), size, slack);
        });
    }

    @Override
    public long allocate(long size, long alignment, int slack) {
        return change(() -> {
            long handle = inner.allocate(size + 1, alignment, slack + unit);
            return handle == NO_SPACE ? NO_SPACE : made(handle, inner.offsetOfNew(handle), size, slack);
        });
    }

    @Override
    public long allocateHidden(long size, long alignment, int slack) {
        return change(() -> {
            long hidden = inner.allocateHidden(size + 1, alignment, slack + unit);
            return hidden == NO_SPACE ? NO_SPACE : made(hidden, inner.offsetOfHidden(hidden), size, slack);
        });
    }

    private long made(long handle, long at, long size, int slack) {
        try {
            blocks.made(handle, at, size + 1, slack + unit);
            return handle;
        } catch (Throwable failure) { // the heap is full, or the memory is another thread's, closed, or a file that has shrunk
            if (inner.isRetired(handle)) {
                inner.freeRetired(handle);
            } else {
                inner.free(handle);
            }
            throw failure;
        }
    }

    // ---- blocks that end ---------------------------------------------------------------------------------------

    @Override
    public void free(long handle) {
        change(() -> {
            inner.checkUsable();
            long at = inner.offset(handle);
            blocks.check(at);
            blocks.end(() -> inner.free(handle), at);
        });
    }

    /// The array is someone else's and may change meanwhile.
    @Override
    public void freeAll(long[] handles, int from, int to) {
        long[] some = Arrays.copyOfRange(handles, from, to);
        change(() -> {
            inner.checkUsable();
            if (areLive(some)) {
                long[] places = Arrays.stream(some).map(inner::offset).toArray();
                for (long at : places) {
                    blocks.check(at);
                }
                blocks.end(() -> inner.freeAll(some, 0, some.length), places);
            } else {
                inner.freeAll(some, 0, some.length); // which says what is wrong
            }
        });
    }

    /// All of those that are live, or, if one must stay, none.
    @Override
    public void freeLive(long[] handles, int count) {
        synchronized (lock()) {
            if (!inner.isClosed()) {
                recoverBlocks();
                inner.ensureRecovered();
                long[] live = Arrays.stream(handles, 0, count).filter(inner::isLive).toArray();
                freeAll(live, 0, live.length);
            }
        }
    }

    @Override
    public boolean refusesToFreeInUse() {
        return true;
    }

    private boolean areLive(long[] handles) {
        Set<Long> seen = new HashSet<>();
        for (long handle : handles) {
            if (!inner.isLive(handle) || !seen.add(handle)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public long freeAt(long at, long size, int shift) {
        synchronized (lock()) {
            long handle = inner.find(at);
            if (handle == 0 || size != ANY_SIZE && inner.size(handle, shift) != size) {
                return inner.freeAt(at, size, shift); // which frees nothing
            }
            free(handle);
            return FREED;
        }
    }

    @Override
    public boolean freeRetired(long handle) {
        return change(() -> {
            boolean isRetired = inner.isRetired(handle);
            if (isRetired) {
                long at = one().retiring.offset(handle);
                blocks.check(at);
                blocks.end(() -> inner.freeRetired(handle), at);
            }
            return isRetired;
        });
    }

    @Override
    boolean mayFreeRetired(long handle) {
        return change(() -> {
            return !inner.isRetired(handle) || blocks.mayEnd(one().retiring.offset(handle));
        });
    }

    @Override
    public void replace(long old, long hidden) {
        change(() -> {
            if (old == 0) {
                inner.replace(old, hidden);
                return;
            }
            long at = inner.offset(old);
            blocks.check(at);
            blocks.end(() -> inner.replace(old, hidden), at);
        });
    }

    @Override
    public void reset() {
        change(() -> {
            inner.checkUsable();
            blocks.checkAll(true);
            blocks.endAll(inner::reset);
        });
    }

    /// What was written behind blocks is told of before `first`, which ends the memory and, with it, the lives of slices.
    @Override
    public void close(Runnable first) {
        synchronized (lock()) {
            recoverBlocks();
            inner.close(() -> {
                blocks.checkAll(true);
                first.run();
            });
            closeRetired();
        }
    }

    // ---- blocks that change ------------------------------------------------------------------------------------

    @Override
    public boolean resize(long handle, long newSize, int slack) {
        return change(() -> {
            inner.checkUsable();
            long at = inner.offset(handle);
            blocks.check(at);
            return slack + unit <= NodeState.MAX_SLACK
                    && blocks.resize(at, newSize + 1, slack + unit, (units, parts) -> inner.resize(handle, units, parts));
        });
    }

    @Override
    public <A> void write(A a, long handle, long x, long y, Write<A> write) {
        synchronized (lock()) {
            write.run(a, handle, x, y);
        }
    }

    @Override
    public void verify() {
        change(() -> {
            inner.verify();
            blocks.checkAll(false);
        });
    }
}
