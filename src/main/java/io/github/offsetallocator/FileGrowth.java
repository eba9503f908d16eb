package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.DurableFile;
import io.github.offsetallocator.internal.engine.Engine;

/// How a durable arena becomes larger. All that it can grow to is mapped from the start, so nothing moves:
///
/// ```
///   tables    | room for the largest that there can be                    |
///   arena     | in use        | a hole in the file                        |
///             0           byteSize                              maxByteSize
/// ```
///
/// The file says how large the arena is; the store that changes that comes before the engine's, under the engine's lock. A kill in
/// between leaves the new size, and an engine that is opened then makes the new part free. It never becomes smaller.
final class FileGrowth extends Growth {
    private final DurableFile file;
    private final NewBlocks live;
    private final NewBlocks hidden;
    private final int shift;
    private final long chunk;
    private final long limit;

    /// @param shift a granule has 2^shift bytes
    /// @param chunk granules that it grows by at least
    /// @param limit granules that it can grow to
    FileGrowth(Engine engine, DurableFile file, NewBlocks newBlocks, int shift, long chunk, long limit) {
        super(engine);
        this.file = file;
        live = NewBlocks.of(engine, false);
        hidden = newBlocks;
        this.shift = shift;
        this.chunk = chunk;
        this.limit = limit;
        engine.growsTo(limit);
    }

    @Override
    long limit() {
        engine.checkOpen();
        return limit;
    }

    @Override
    long allocate(long units, long alignment, int slack) {
        return allocate(live, units, alignment, slack);
    }

    @Override
    long allocateNew(long units, long alignment, int slack) {
        return allocate(hidden, units, alignment, slack);
    }

    private long allocate(NewBlocks kind, long units, long alignment, int slack) {
        synchronized (engine.lock()) {
            long made = kind.allocate(units, alignment, slack);
            while (made == Engine.NO_SPACE && makeRoom(units, alignment)) {
                made = kind.allocate(units, alignment, slack);
            }
            return made == Engine.NO_SPACE ? refuse(units, alignment) : made;
        }
    }

    /// Makes the arena larger if the request fits then: by a chunk, or by what it takes if that is more.
    private boolean makeRoom(long units, long alignment) {
        if (engine.taken(units) > limit || isAtItsLimit()) {
            return false;
        }
        long needed = engine.capacityWith(engine.taken(units), alignment);
        if (needed > limit) {
            return false;
        }
        grow(engine, file, Math.min(limit, Math.max(needed, engine.capacity() + chunk)), shift);
        return true;
    }

    /// Makes an arena larger, unless another thread has done so.
    static void grow(Engine engine, DurableFile file, long units, int shift) {
        synchronized (engine.lock()) {
            engine.checkUsable();
            if (units <= engine.capacity()) {
                return;
            }
            try {
                file.setByteSize(units << shift);
                engine.grow(units);
            } catch (Throwable failure) {
                if (engine.capacity() < units) {
                    file.setByteSize(engine.capacity() << shift);
                }
                throw failure;
            }
        }
    }

    @Override
    public String toString() {
        return "growable, maxByteSize=" + (limit << shift);
    }
}
