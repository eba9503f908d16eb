package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Chunk;
import io.github.offsetallocator.internal.backing.ChunkedMemory;
import io.github.offsetallocator.internal.backing.Source;
import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.regions.Walls;
import java.util.function.BooleanSupplier;

/// When a growable arena opens a chunk, and when one goes back.
///
/// ```
///   allocate     the engine has room? ------yes------> a handle
///                    | no
///   (lock)       again; still none: give back chunks without a block if the limit needs it, end their memory, and again;
///                open a chunk, or one of the request's own size, and again; if none can be opened, dissolve slabs, and again
///
///   free         a chunk has become one free region?       only then
///   (lock)       of ordinary chunks without a block one stays, all else goes back
/// ```
///
/// **Order.** A chunk is in the memory's tables before the engine hands out any of it, and leaves them after the engine has put a
/// wall over it. In between it has no wall number, also after a reset: a thread that needs room opens such a chunk first. So an error
/// at any point leaves at worst a chunk that is used later.
///
/// The memory of a chunk that has gone ends without the lock, since that may take long.
final class ChunkGrowth extends Growth {
    private static final long NATIVE_ALIGNMENT = 64;
    private static final long AGAIN = -2;

    private final ChunkedMemory memory;
    private final Walls walls;
    private final Source source;
    private final ChunkGeometry geometry;
    private final GoneChunks gone;
    private final BooleanSupplier mayGiveBack;
    private int resets;

    /// @param mayGiveBack whether no one may reach into a chunk without a block
    ChunkGrowth(Engine engine, ChunkedMemory memory, Walls walls, Source source, ChunkGeometry geometry, BooleanSupplier mayGiveBack) {
        super(engine);
        this.mayGiveBack = mayGiveBack;
        this.memory = memory;
        this.walls = walls;
        this.source = source;
        this.geometry = geometry;
        gone = new GoneChunks(engine, geometry.shift());
        resets = engine.resets();
    }

    @Override
    long limit() {
        engine.checkOpen();
        return geometry.limit();
    }

    @Override
    public String toString() {
        return "growable, maxByteSize=" + (geometry.limit() << geometry.shift());
    }

    // ---- grow --------------------------------------------------------------------------------------------------

    /// Opens a chunk if the engine still refuses.
    @Override
    long allocate(long units, long alignment, int slack) {
        if (engine.taken(units) > geometry.limit()) {
            return refuse(units, alignment);
        }
        long handle;
        long ended;
        do {
            ended = gone.ended();
            try {
                handle = allocateOrOpen(units, alignment, slack);
            } finally {
                endGone();
            }
            if (handle == Engine.NO_SPACE) {
                gone.awaitOthers(ended);
            }
        } while (handle == AGAIN || handle == Engine.NO_SPACE && gone.ended() != ended);
        return handle == Engine.NO_SPACE ? refuse(units, alignment) : handle;
    }

    private long allocateOrOpen(long units, long alignment, int slack) {
        synchronized (engine.lock()) {
            long handle = engine.allocate(units, alignment, slack);
            if (handle == Engine.NO_SPACE && openForgotten()) {
                handle = engine.allocate(units, alignment, slack);
            }
            if (handle == Engine.NO_SPACE && !isAtItsLimit()) {
                handle = openOrMakeRoom(units, alignment, slack);
            }
            return handle;
        }
    }

    /// A new chunk comes before the end of slabs, which would all be made again.
    private long openOrMakeRoom(long units, long alignment, int slack) {
        long handle;
        try {
            handle = open(units, alignment, slack);
        } catch (StackOverflowError noRoomForMore) {
            throw noRoomForMore;
        } catch (Throwable failure) { // a source may throw anything
            handle = allocateFromSlabs(units, alignment, slack);
            if (handle == Engine.NO_SPACE) {
                throw failure;
            }
        }
        return handle == Engine.NO_SPACE ? allocateFromSlabs(units, alignment, slack) : handle;
    }

    private long allocateFromSlabs(long units, long alignment, int slack) {
        return engine.makeRoom(engine.taken(units), alignment) ? engine.allocate(units, alignment, slack) : Engine.NO_SPACE;
    }

    private long allocateInOpened(long units, long alignment, int slack) {
        try {
            return engine.allocate(units, alignment, slack);
        } catch (Throwable failure) {
            walls.haveChunksToShut(true); // nothing is in it
            throw failure;
        }
    }

    /// Opens a chunk in which a block fits, for the block.
    ///
    /// @return a handle, [Engine#NO_SPACE], or [#AGAIN] if the memory of other chunks is to end before
    private long open(long units, long alignment, int slack) {
        long needed = engine.policy().capacityFor(engine.taken(units));
        long size = Math.max(needed, geometry.chunk());
        long missing = engine.openUnits() + gone.units() + size - geometry.limit();
        if (missing > 0) {
            return makeWay(missing) ? AGAIN : Engine.NO_SPACE;
        }
        if (!findPlace(size)) {
            return Engine.NO_SPACE;
        }
        long byteAlignment = Math.max(alignment << geometry.shift(), NATIVE_ALIGNMENT);
        GoneChunks.Gone expected = gone.expectOne();
        Chunk chunk;
        try {
            engine.callOut(() -> expected.opened = source.open(size << geometry.shift(), byteAlignment, this::isTaken));
            assert engine.openUnits() + size <= geometry.limit() : "the source has changed the arena";
            chunk = memory.add(expected.opened, geometry.unit());
            expected.opened = null;
        } finally {
            gone.settle();
        }
        tell(chunk);
        long handle = allocateInOpened(units, alignment, slack);
        if (engine.isEmpty(chunk.wall())) { // a slot that was freed meanwhile has served the request
            walls.haveChunksToShut(true);
        }
        return handle;
    }

    /// Whether a chunk has memory of this segment, one that is open or one that has gone and not ended yet.
    private boolean isTaken(long address, long byteSize) {
        return memory.overlaps(address, byteSize) || gone.overlap(address, byteSize);
    }

    /// Gives back chunks without a block, of as many units as are missing; none if they have fewer.
    private boolean makeWay(long units) {
        long missing = units;
        long found = 0;
        for (Chunk chunk : memory.chunks()) {
            found += found < missing && engine.isEmpty(chunk.wall()) ? units(chunk) : 0;
        }
        if (found < missing || !mayGiveBack.getAsBoolean()) {
            return false;
        }
        for (Chunk chunk : memory.chunks()) {
            missing -= missing > 0 && shut(chunk) ? units(chunk) : 0;
        }
        return missing <= 0;
    }

    /// Whether there is a place for a chunk. If only chunks without a block are in its way, they go back.
    private boolean findPlace(long size) {
        if (hasPlaceFor(size)) {
            return true;
        }
        if (mayGiveBack.getAsBoolean()) {
            memory.chunks().forEach(this::shut);
        }
        return hasPlaceFor(size);
    }

    private boolean hasPlaceFor(long size) {
        return memory.hasPlaceFor(size << geometry.shift(), geometry.unit());
    }

    /// Lets the engine use a chunk.
    private void tell(Chunk chunk) {
        chunk.setWall(engine.open(memory.wallBefore(chunk), chunk.place() >>> geometry.shift(), units(chunk)));
    }

    private long units(Chunk chunk) {
        return chunk.byteSize() >>> geometry.shift();
    }

    /// Opens the chunks that the engine doesn't know of: all of them after a reset, one after an error.
    private boolean openForgotten() {
        int now = resets();
        if (now != resets) {
            memory.chunks().forEach(chunk -> chunk.setWall(0));
            resets = now;
        }
        boolean found = false;
        for (Chunk chunk : memory.chunks()) {
            if (chunk.wall() == 0) {
                tell(chunk);
                walls.haveChunksToShut(true); // nothing is in it
                found = true;
            }
        }
        return found;
    }

    /// Also those that errors have cut short, and that are completed here.
    private int resets() {
        engine.ensureRecovered();
        return engine.resets();
    }

    // ---- give back ---------------------------------------------------------------------------------------------

    /// Whether a free has emptied a chunk.
    @Override
    boolean isDue() {
        return walls.haveChunksToShut();
    }

    /// Gives back chunks without a block, but for one ordinary chunk. What can't be done now is done after a later free, or when the scope
    /// that keeps them has ended.
    @Override
    void giveBack() {
        try {
            synchronized (engine.lock()) {
                if (engine.isClosed()) {
                    return;
                }
                if (!mayGiveBack.getAsBoolean()) {
                    keepAfterReset();
                    return;
                }
                walls.haveChunksToShut(false); // threads that free something need not wait here too
                openForgotten();
                int kept = 0;
                for (Chunk chunk : memory.chunks()) {
                    if (engine.isEmpty(chunk.wall())) {
                        if (kept != 0 || units(chunk) > geometry.chunk()) {
                            shut(chunk);
                        } else {
                            kept = chunk.wall();
                        }
                    }
                }
                walls.keep(kept);
            }
        } catch (VirtualMachineError noRoom) {
            walls.haveChunksToShut(true);
        }
        endGone();
    }

    /// The chunks that a reset has emptied stay, for the requests to come, until they may go.
    private void keepAfterReset() {
        if (resets() != resets) {
            openForgotten();
        }
    }

    /// Gives back all chunks without a block, also those that only empty slabs are in.
    @Override
    void trim() {
        synchronized (engine.lock()) {
            engine.checkUsable();
            openForgotten();
            if (mayGiveBack.getAsBoolean()) {
                memory.chunks().forEach(this::shut);
            }
        }
        endGone();
    }

    private boolean shut(Chunk chunk) {
        int wall = chunk.wall();
        chunk.setWall(0);
        if (engine.shut(wall)) {
            gone.add(chunk.opened());
            try {
                memory.remove(chunk);
            } catch (Throwable failure) { // then it is one that the engine doesn't know of
                gone.removeLast();
                throw failure;
            }
            return true;
        }
        chunk.setWall(wall);
        return false;
    }

    /// Ends the memory of chunks that have gone. One that can't be ended, since a native call is using it, a thread is forcing it, or its
    /// source fails, is tried again when the next one goes, and by [#close()]. Throws nothing: what the caller has done is done.
    private void endGone() {
        try {
            Throwable _ = gone.endAll(false);
        } catch (VirtualMachineError noRoom) {
            walls.haveChunksToShut(true);
        }
    }

    /// What can't be ended stays, and the next call tries again.
    @Override
    void close() {
        synchronized (engine.lock()) {
            gone.takeAll(memory);
        }
        Throwable reason = gone.endAll(true);
        if (reason != null) {
            ChunkGrowth.<RuntimeException>rethrow(reason);
        }
    }

    /// A source may throw what it has not declared, if another language's compiler lets it.
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void rethrow(Throwable reason) throws E {
        throw (E) reason;
    }
}
