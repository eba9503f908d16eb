package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.regions.Walls;
import io.github.offsetallocator.internal.slabs.AnyThreadSlabs;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.RefusedException;
import io.github.offsetallocator.internal.tables.SlabTable;
import io.github.offsetallocator.internal.tables.TableMemory;
import io.github.offsetallocator.internal.tables.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/// Blocks by handle, in units: what lies behind the public classes. What each call promises is written there.
///
/// A block has a size in units, and a slack: how many parts of its last unit nobody asked for.
public abstract class Engine {
    /// What `allocate` returns when there is no room.
    public static final long NO_SPACE = -1;

    /// What [#freeAt] returns when it has freed a block, or found none; otherwise the size of the block that it has found.
    public static final long FREED = -1, NOTHING = -2;

    /// What [#allocateSlot] returns if it does not serve a request.
    public static final long NO_SLOT = Slabs.NONE_FREE;

    /// For [#freeAt].
    public static final long ANY_SIZE = SlabTable.ANY_SIZE;

    private final List<Retired> retired = new ArrayList<>();

    Engine() {}

    /// An engine for those threads that the settings name.
    ///
    /// @throws RefusedException if tables that were found are not as an engine leaves them, or too many blocks are live in them; nothing
    ///                          has been written then
    public static Engine of(Settings settings) {
        boolean isForAnyThread = settings.threads() == TableMemory.Threads.ANY;
        OneThread one;
        if (settings.places().areFound()) {
            Survey survey = new Survey(settings);
            survey.check();
            settings.places().accept();
            one = OneThread.reopened(settings, survey);
        } else {
            one = new OneThread(settings);
        }
        try {
            return isForAnyThread ? AnyThread.over(one) : one;
        } catch (Throwable failure) {
            one.close(() -> {});
            throw failure;
        }
    }

    public abstract long allocate(long size, int slack);

    /// The short way of [#allocate(long, int)]: a free slot of a slab, or [#NO_SLOT]. A caller that gets none takes the long way, which says
    /// what is wrong if something is.
    public long allocateSlot(long size, int slack) {
        return NO_SLOT;
    }

    /// The short way of [#free]: whether it was a live slot of a slab, which is free now. If not, the caller takes the long way.
    public boolean freeSlot(long handle) {
        return false;
    }

    /// Whether the short ways serve anybody.
    public boolean hasSlots() {
        return one().slabs() != null;
    }

    /// @param alignment a power of two that offset + phase is a multiple of
    public abstract long allocate(long size, long alignment, int slack);

    public abstract void free(long handle);

    public abstract void freeAll(long[] handles, int from, int to);

    /// Frees a block, unless it has ended before, as all have when this is closed.
    public final void freeLive(long handle) {
        try {
            free(handle);
        } catch (IllegalStateException refused) {
            if (!isClosed() && isLive(handle)) {
                throw refused;
            }
        }
    }

    /// As [#freeLive(long)], of several. If an error strikes, the same call frees what it has left.
    public void freeLive(long[] handles, int count) {
        for (int i = 0; i < count; i++) {
            freeLive(handles[i]);
        }
    }

    /// Whether a block stays live whose bytes a native call is using.
    public boolean refusesToFreeInUse() {
        return false;
    }

    /// As [#allocate(long, long, int)], of a block that counts as retired until [#replace] brings it to light. It is free if its
    /// file is opened again before.
    public long allocateHidden(long size, long alignment, int slack) {
        synchronized (lock()) {
            try {
                long hidden = allocateUnpublished(size, alignment, slack | NodeState.HIDDEN);
                publish();
                return hidden;
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    private long allocateUnpublished(long size, long alignment, int slack) {
        one().checkUsable(); // before a slot is taken without a look at who calls
        try {
            long hidden = one().allocate(size, alignment, slack);
            if (hidden != NO_SPACE) {
                Header.add(one().regions().table(), Header.RETIRED, 1);
                one().regions().publish();
            }
            return hidden;
        } catch (Error e) {
            one().struck = true; // a rebuild counts it
            throw e;
        }
    }

    /// Units from the start of the range to a hidden block.
    ///
    /// @throws IllegalStateException if a reset has freed it
    public final long offsetOfHidden(long hidden) {
        synchronized (lock()) {
            return one().retiring.offsetOfHidden(hidden);
        }
    }

    /// Lets a hidden block take the place of a live one, which ends, and have its tag. All of it happens or nothing, whatever strikes.
    ///
    /// @param old 0 if nothing ends
    public void replace(long old, long hidden) {
        synchronized (lock()) {
            try {
                one().batch.replace(old, hidden);
                publish();
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    /// The engine for one thread, to be used under the lock.
    abstract OneThread one();

    /// Lets threads that don't take the lock see what was changed.
    void publish() {}

    /// After an error they must not rely on what they see.
    Error forget(Error e) {
        return e;
    }

    /// From here on only [#isRetired] and [#freeRetired] take a block's handle.
    public abstract void retire(long handle);

    public abstract boolean isRetired(long handle);

    /// Frees a block if it is retired. Returns whether it was.
    public abstract boolean freeRetired(long handle);

    /// Whether [#freeRetired] will free a block rather than refuse. It doesn't tell of anything, nor mend it.
    boolean mayFreeRetired(long handle) {
        return true;
    }

    /// Blocks that are retired, in all queues.
    public abstract int retired();

    /// Blocks that will wait for a counter of their own.
    public final Retired newRetired() {
        synchronized (lock()) {
            checkOpen();
            Retired made = new Retired(this, threads(), roomForRetired());
            retired.add(made);
            return made;
        }
    }

    final TableMemory.Threads threads() {
        return one().regions().threads();
    }

    /// For how many retired blocks a queue has room when its ring is made.
    abstract int roomForRetired();

    /// What a call holds that takes several steps.
    public Object lock() {
        return this;
    }

    /// How many units a block takes that so many are asked for.
    public long taken(long units) {
        return units;
    }

    /// Whether it is for any thread, also for two at once.
    public final boolean isForAnyThread() {
        return threads() == TableMemory.Threads.ANY;
    }

    /// Opens a part of a range with walls, as [Walls#open].
    public final int open(int after, long from, long size) {
        synchronized (lock()) {
            try {
                int wall = Chunks.open(one(), after, from, size);
                publish();
                return wall;
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    /// Calls someone else's code under the lock. What that calls may look, and is refused if it would change something; other threads are not.
    public <T> T callOut(Supplier<T> work) {
        return Chunks.callOut(one(), work);
    }

    /// Shuts the chunk before a wall if no block is in it. Slabs in it without a live slot end.
    public final boolean shut(int wall) {
        synchronized (lock()) {
            try {
                boolean isShut = Chunks.shut(one(), wall);
                publish();
                return isShut;
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    /// Makes tables smaller that can be, whether or not it is time. O(nodes and slots).
    public final void trimTables() {
        synchronized (lock()) {
            try {
                one().recover();
                one().regions().trimSoon();
                if (one().slabs() != null) {
                    one().slabs().trimSoon();
                }
                one().trim();
                publish();
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    /// Whether no block is in the chunk before a wall.
    public final boolean isEmpty(int wall) {
        synchronized (lock()) {
            return Chunks.isEmpty(one(), wall);
        }
    }

    /// Units that have memory. O(1).
    public final long openUnits() {
        checkOpen();
        return Header.open(one().regions().table());
    }

    /// An upper floor's threads may ask too, so a queue that is being made may be missed.
    final long retiredSize() {
        long size = 0;
        for (int i = 0; i < retired.size(); i++) { // an iterator would be garbage
            Retired queue = retired.get(i);
            size += queue == null ? 0 : queue.byteSize();
        }
        return size;
    }

    final void closeRetired() {
        retired.forEach(Retired::close);
    }

    public abstract long offset(long handle);

    /// Asks anew whether a block is live, after the caller has read what it is told by [#offset]. For most it takes no lock.
    ///
    /// @throws IllegalStateException if not
    public void checkStillLive(long handle) {
        offset(handle);
    }

    /// As [#offset], of a handle that the caller has just got and nobody else knows.
    public abstract long offsetOfNew(long handle);

    /// Size in parts of a unit, of which there are 2^`shift`, without the slack.
    public abstract long size(long handle, int shift);

    public abstract long tag(long handle);

    public abstract void setTag(long handle, long tag);

    public abstract boolean resize(long handle, long newSize, int slack);

    /// The handle of the live block that starts at `unit`, or 0.
    public abstract long find(long unit);

    /// Frees the live block that starts at `unit` if it has this size, in parts of a unit as in [#size]; or whatever size it has: [#ANY_SIZE].
    ///
    /// @return [#FREED], [#NOTHING], or the size that it has
    public abstract long freeAt(long unit, long size, int shift);

    /// Writes to the bytes of a live block; see [#write].
    @FunctionalInterface
    public interface Write<A> {
        void run(A a, long handle, long x, long y);
    }

    /// Lets a caller write to the bytes of blocks, without a [#reset] between the moment when it asks where they lie and its
    /// last write. Creates no object.
    public <A> void write(A a, long handle, long x, long y, Write<A> write) {
        write.run(a, handle, x, y);
    }

    /// Waits until each [#write] that is under way has ended. Not by a thread that holds the lock.
    public void awaitWrites() {}

    public abstract void checkLive(long handle);

    public abstract boolean isLive(long handle);

    public abstract boolean isClosed();

    public abstract void checkOpen();

    /// Refuses a call that would change something: after close, or by the visitor of a walk.
    public abstract void checkUsable();

    /// Plans the moves that make a free region of `target` units, and lets `reader` make the result of that. The plan is open then, if it has any.
    public abstract <T> T plan(long target, long alignment, Function<Compaction, T> reader);

    public abstract long handle(Compaction plan, int move);

    /// Lets a block lie at `to`. Returns false, and changes nothing, if it doesn't lie at `from` or there is no room.
    public abstract boolean move(long handle, long from, long to);

    public abstract void endPlan(Compaction plan);

    /// Whether a plan is the open one.
    public abstract boolean isPlan(Compaction plan);

    public abstract long capacity();

    /// Live blocks, without retired ones.
    public abstract int blocks();

    /// Live and retired blocks, for the first step of a [#close]. If there are none, no thread makes one from here on, unless that step
    /// fails. O(slots) where threads share slabs.
    public int liveAtEnd() {
        return blocks() + retired();
    }

    public abstract int maxBlocks();

    public final FitPolicy policy() {
        return one().regions().policy();
    }

    public abstract long metadataSize();

    public abstract void grow(long newCapacity);

    /// Makes sure that it can be asked what lies in a range of so many units, to which [#grow] may make it larger. Before any other call.
    public final void expect(long units) {
        one().pages().grow(units);
    }

    /// What its capacity must be so that a request fits for sure which it has refused: with [#grow], more than it is. O(slabs).
    public final long capacityWith(long size, long alignment) {
        synchronized (lock()) {
            return one().whole.capacityWith(size, alignment);
        }
    }

    /// Says that it will be made larger rather than refuse, up to so many units. Whoever does that counts refusals.
    public final void growsTo(long units) {
        one().regions().growsTo(units);
    }

    public abstract long freeUnits();

    public abstract long largestFree();

    /// Number of free regions in each bin.
    public abstract int[] freeRegions();

    /// Visits all regions. Free space that lies side by side, in the bins, in slabs or reserved by a plan, is one region.
    public abstract <A, B> void forEachRegion(A a, B b, Walk<A, B> walk);

    /// What [#count] tells, in units.
    @FunctionalInterface
    public interface Sums<A, T> {
        T of(A a, long capacity, long used, long peak, long largest, long live, long total, long refused, long metadata);
    }

    /// Sums, by any thread, without a lock. Creates no object but what `sums` makes. Used and peak count retired blocks, live
    /// does not.
    public <A, T> T count(A a, Sums<A, T> sums) {
        if (isClosed()) {
            throw new IllegalStateException("the " + what() + " is closed");
        }
        long metadata = one().tablesSize() + retiredSize();
        return one().slabs() instanceof AnyThreadSlabs shared
                ? Counts.ofAnyThread(tally(), shared, metadata, a, sums)
                : Counts.ofOneThread(tally(), metadata, a, sums);
    }

    /// What its callers know it as: only an arena finds blocks by where they lie.
    final String what() {
        return one().pages() == null ? "allocator" : "arena";
    }

    public final Tally tally() {
        return one().regions().tally();
    }

    public final void forEachSlab(SlabWalk.Visitor visitor) {
        synchronized (lock()) {
            ensureRecovered();
            if (one().slabs() != null) {
                SlabWalk.walk(one().slabs(), visitor);
            }
        }
    }

    public abstract void verify();

    /// Makes anew what an error has left half changed. O(1) if there is nothing.
    public final void ensureRecovered() {
        synchronized (lock()) {
            one().checkOpen();
            one().recover();
        }
    }

    /// Dissolves slabs until a request fits for which no chunk comes. Where one may come, a request is refused before that. O(slots).
    ///
    /// @return whether it fits
    public final boolean makeRoom(long size, long alignment) {
        synchronized (lock()) {
            try {
                one().checkUsable();
                one().recover();
                boolean fits = one().room.withoutAChunk(size, alignment);
                publish();
                return fits;
            } catch (Error e) {
                throw forget(e);
            }
        }
    }

    public abstract void reset();

    /// How often everything was freed at once.
    public abstract int resets();

    /// Runs `first` and, unless that throws, ends everything.
    public abstract void close(Runnable first);
}
