package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Backing;
import io.github.offsetallocator.internal.backing.Piece;
import io.github.offsetallocator.internal.engine.Engine;
import java.lang.foreign.MemorySegment;

/// Where blocks lie in memory, and which block lies at an address.
///
/// ```
///   address  --memory-->  place  --shift-->  unit  --engine-->  block
/// ```
sealed class Places {
    final Engine engine;
    final Backing memory;
    final int shift;
    final long origin;
    private final long byteSize;

    private Places(ArenaParts parts) {
        engine = parts.engine;
        memory = parts.memory;
        shift = parts.shift;
        origin = parts.origin;
        byteSize = parts.byteSize;
    }

    /// Those of an arena over one segment, or of one thread.
    static Places fixed(ArenaParts parts) {
        return new Places(parts);
    }

    /// Those of an arena whose chunks other threads may open and give back in the middle of a call.
    static Places comingAndGoing(ArenaParts parts) {
        return new ComingAndGoing(parts);
    }

    // ---- by handle ---------------------------------------------------------------------------------------------

    /// The place of a block's first byte.
    final long offset(long allocation) {
        return origin + (engine.offset(allocation) << shift);
    }

    final long size(long allocation) {
        return engine.size(allocation, shift);
    }

    long address(long allocation) {
        return memory.address(offset(allocation));
    }

    /// The slice of a block.
    ///
    /// @param place    where the block lies, as the caller has asked
    /// @param byteSize how large it is
    MemorySegment slice(long allocation, long place, long byteSize) {
        return memory.sliceOf(allocation, place, byteSize);
    }

    /// The slice of a block that nobody but the caller knows.
    MemorySegment sliceOfNew(long allocation, long byteSize) {
        return memory.sliceOf(allocation, origin + (engine.offsetOfNew(allocation) << shift), byteSize);
    }

    /// As [Backing#nextSliceOf].
    MemorySegment nextSlice(long allocation, long byteSize) {
        return memory.nextSliceOf(allocation, offset(allocation), byteSize);
    }

    /// The memory that a place in a block lies in.
    Piece piece(long allocation, long place) {
        return memory.piece(place);
    }

    // ---- by address --------------------------------------------------------------------------------------------

    /// The granule that starts at an address, or -1 if none of this arena's does.
    final long unitAt(long address) {
        long distance = memory.place(address) - origin;
        return distance < 0 || distance >= byteSize || (distance & (1L << shift) - 1) != 0 ? -1 : distance >>> shift;
    }

    /// The handle of the live block that starts at an address, or 0.
    long find(long address) {
        long unit = unitAt(address);
        return unit < 0 ? 0 : engine.find(unit);
    }

    /// As [Engine#freeAt], of the block that starts at an address.
    long freeAt(long address, long size) {
        long unit = unitAt(address);
        return unit < 0 ? Engine.NOTHING : engine.freeAt(unit, size, shift);
    }

    /// The size of a block that was found, or [Engine#NOTHING] if another thread has freed it since.
    final long sizeOrNothing(long allocation) {
        try {
            return size(allocation);
        } catch (IllegalStateException gone) {
            engine.checkOpen();
            return Engine.NOTHING;
        }
    }

    /// Passes if a call was refused since another thread has freed a block after it was found, and not for something else.
    final void checkGone(long allocation, IllegalStateException refused) {
        engine.checkOpen();
        if (engine.isLive(allocation)) {
            throw refused;
        }
    }

    /// Between two steps of a call a chunk may go, and its units get memory at another address. No chunk goes that a live block is in: so
    /// what was found is what it was asked for if the first step, done again, comes to the same, or if it is no longer live.
    private static final class ComingAndGoing extends Places {
        ComingAndGoing(ArenaParts parts) {
            super(parts);
        }

        @Override
        long address(long allocation) {
            long found = super.address(allocation);
            checkStillLive(allocation);
            return found;
        }

        @Override
        MemorySegment slice(long allocation, long place, long byteSize) {
            try {
                MemorySegment found = super.slice(allocation, place, byteSize);
                checkStillLive(allocation);
                return found;
            } catch (IndexOutOfBoundsException e) {
                throw asGone(allocation, e);
            }
        }

        @Override
        MemorySegment sliceOfNew(long allocation, long byteSize) {
            try {
                return super.sliceOfNew(allocation, byteSize);
            } catch (IndexOutOfBoundsException e) { // a reset has ended it
                throw asGone(allocation, e);
            }
        }

        @Override
        MemorySegment nextSlice(long allocation, long byteSize) {
            try {
                return super.nextSlice(allocation, byteSize);
            } catch (IndexOutOfBoundsException e) {
                throw asGone(allocation, e);
            }
        }

        @Override
        Piece piece(long allocation, long place) {
            Piece found = super.piece(allocation, place);
            checkStillLive(allocation);
            return found;
        }

        /// @throws IllegalStateException if not
        private void checkStillLive(long allocation) {
            engine.checkStillLive(allocation);
        }

        /// What has no room in a chunk was meant for the chunk before.
        private IndexOutOfBoundsException asGone(long allocation, IndexOutOfBoundsException e) {
            checkStillLive(allocation);
            return e;
        }

        @Override
        long find(long address) {
            long unit = unitAt(address);
            long found = unit < 0 ? 0 : engine.find(unit);
            return found != 0 && unitAt(address) == unit ? found : 0;
        }

        /// By handle, so that no other block ends.
        @Override
        long freeAt(long address, long size) {
            engine.checkUsable();
            long handle = find(address);
            long found = handle == 0 ? Engine.NOTHING : sizeOrNothing(handle);
            if (found == Engine.NOTHING || size != Engine.ANY_SIZE && size != found) {
                return found;
            }
            try {
                engine.free(handle);
                return Engine.FREED;
            } catch (IllegalStateException refused) {
                checkGone(handle, refused);
                return Engine.NOTHING;
            }
        }
    }
}
