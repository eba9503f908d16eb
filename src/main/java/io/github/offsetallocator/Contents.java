package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Backing;
import io.github.offsetallocator.internal.backing.Fill;
import io.github.offsetallocator.internal.backing.Piece;
import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.watch.ArenaWatch;
import java.lang.foreign.MemorySegment;

/// What an arena's slices hold when their callers get them: zeros, or what they held before they moved.
///
/// ```
///   new, of zeros    allocate -> fill with zeros                 -> show
///   resized          in place -> fill what it grows by           (undone if that fails)
///   moved            allocate -> copy -> fill what is behind     -> show the new one and end the old one
/// ```
///
/// A step that fails leaves the old block as it was, and no new one: [NewBlocks] says who sees a new block before it is shown. All
/// bytes are written by [Engine#write], so that no other thread resets the arena meanwhile.
final class Contents {
    private final SegmentArena arena;
    private final Engine engine;
    private final Backing memory;
    private final Places places;
    private final NewBlocks newBlocks;
    private final Growth growth;
    private final int shift;
    private final long origin;
    private final boolean byOffset;
    private final boolean zeroed;
    private final ArenaWatch watch;

    Contents(SegmentArena arena, ArenaParts parts, boolean zeroed, ArenaWatch watch) {
        this.arena = arena;
        engine = parts.engine;
        memory = parts.memory;
        places = parts.places;
        newBlocks = parts.newBlocks;
        growth = parts.growth;
        shift = parts.shift;
        origin = parts.origin;
        byOffset = parts.byOffset;
        this.zeroed = zeroed;
        this.watch = watch;
    }

    /// The slice of a block that was just allocated, or null if another thread's reset has ended it. The block goes back if the heap has
    /// no room for the object.
    MemorySegment sliceOrDrop(long allocation, long byteSize) {
        try {
            return places.sliceOfNew(allocation, byteSize);
        } catch (OutOfMemoryError | StackOverflowError e) {
            drop(allocation);
            throw e;
        } catch (IllegalStateException refused) {
            places.checkGone(allocation, refused);
            return null;
        }
    }

    /// As [#sliceOrDrop], filled with zeros, where no other thread can reset the arena meanwhile and the caller drops the block.
    MemorySegment zeroedSliceOfNew(long allocation, long byteSize) {
        MemorySegment slice = places.sliceOfNew(allocation, byteSize);
        if (!zerosNewBlocks()) {
            Fill.zero(slice, 0, byteSize);
        }
        return slice;
    }

    /// Whether a block is to be taken by [SegmentArena#tryAllocateZeroed(long, long)] for [#zeroedSliceOfNew]: since all slices are zeroed, or
    /// because a kill must not leave one that is not zero.
    boolean zerosNewBlocks() {
        return zeroed || newBlocks.areHidden();
    }

    /// Frees a block that no caller has, unless a reset has.
    void drop(long allocation) {
        if (engine.isLive(allocation)) {
            arena.free(allocation);
        }
    }

    /// A new block of zeros, or [SegmentArena#NO_SPACE]. One that another thread's reset ends before its caller has it counts as freed
    /// by that, and another one is taken.
    long allocateZeros(long byteSize, long byteAlignment) {
        long made;
        do {
            made = allocateNew(byteSize, byteAlignment);
        } while (made != SegmentArena.NO_SPACE && !zeroAndShow(made, byteSize));
        return made;
    }

    /// Returns false if a reset has ended the block.
    private boolean zeroAndShow(long made, long byteSize) {
        try {
            zeroNew(made, 0, byteSize);
            newBlocks.show(0, made);
            return true;
        } catch (IllegalStateException refused) { // closed memory, or a reset
            if (dropNew(made)) {
                throw refused;
            }
            engine.checkUsable();
            return false;
        } catch (Throwable failure) { // the memory is another thread's, or a file that has shrunk
            dropNew(made);
            throw failure;
        }
    }

    /// As [NewBlocks#drop], of a block and of the chunk that was opened for it.
    private boolean dropNew(long made) {
        boolean wasThere = newBlocks.drop(made);
        arena.freed();
        return wasThere;
    }

    private long allocateNew(long byteSize, long byteAlignment) {
        if (byteSize < 0) {
            throw new IllegalArgumentException("byteSize " + byteSize + " is negative");
        }
        arena.checkAlignment(byteAlignment);
        long units = arena.units(byteSize);
        long alignment = Math.max(1, byteAlignment >>> shift);
        int slack = (int) ((units << shift) - byteSize);
        long made = newBlocks.allocate(units, alignment, slack);
        return made == SegmentArena.NO_SPACE && growth != null ? growth.allocateNew(units, alignment, slack) : made;
    }

    /// As [SegmentArena#resize(long, long)].
    boolean resize(long allocation, long newByteSize) {
        if (newByteSize < 0) {
            throw new IllegalArgumentException("byteSize " + newByteSize + " is negative");
        }
        long oldByteSize = arena.size(allocation);
        if (!zeroed || newByteSize <= oldByteSize) {
            return resize(allocation, newByteSize, newByteSize);
        }
        if (!resize(allocation, newByteSize, newBlocks.sizeWhileFilled(oldByteSize, newByteSize))) {
            return false;
        }
        try {
            engine.write(this, allocation, oldByteSize, newByteSize, (contents, block, from, to) -> contents.zeroNow(contents.engine.offset(block), from, to));
        } catch (Throwable failure) {
            resize(allocation, oldByteSize, oldByteSize);
            throw failure;
        }
        return arena.size(allocation) == newByteSize || resize(allocation, newByteSize, newByteSize);
    }

    /// @param room  how many bytes there is to be room for
    /// @param shown how many of these it has for its caller
    private boolean resize(long allocation, long room, long shown) {
        long units = arena.units(room);
        long slack = (units << shift) - shown;
        boolean isDone = slack <= NodeState.MAX_SLACK && engine.resize(allocation, units, (int) slack);
        if (isDone) { // a refused call changes nothing: a chunk that could go back waits for the next free
            arena.freed();
        }
        return isDone;
    }

    /// As [SegmentArena#reallocate(long, long, long)].
    long reallocate(long allocation, long newByteSize, long byteAlignment) {
        if (resizeInPlace(allocation, newByteSize, byteAlignment)) {
            return allocation;
        }
        long moved = copyOf(allocation, newByteSize, byteAlignment);
        if (moved != SegmentArena.NO_SPACE) {
            try {
                newBlocks.show(allocation, moved);
            } catch (Throwable failure) {
                dropNew(moved);
                throw failure;
            }
            arena.freed();
        }
        return moved;
    }

    /// As [SegmentArena#reallocate(MemorySegment, long, long)], of a slice that was found.
    MemorySegment reallocate(long old, MemorySegment slice, long newByteSize, long byteAlignment) {
        MemorySegment inPlace = resizedInPlace(old, slice, newByteSize, byteAlignment);
        if (inPlace != null) {
            return inPlace;
        }
        long moved = copyOf(old, newByteSize, byteAlignment);
        if (moved == SegmentArena.NO_SPACE) {
            throw arena.noRoom(newByteSize, byteAlignment);
        }
        MemorySegment made;
        try {
            made = places.slice(moved, origin + (newBlocks.offset(moved) << shift), newByteSize);
            newBlocks.show(old, moved);
        } catch (Throwable failure) {
            dropNew(moved);
            throw failure;
        }
        arena.freed();
        return made;
    }

    /// The slice, made before anything has changed; or null if it can't stay.
    private MemorySegment resizedInPlace(long old, MemorySegment slice, long newByteSize, long byteAlignment) {
        try {
            MemorySegment inPlace = newByteSize < 0 ? slice : places.nextSlice(old, newByteSize);
            return resizeInPlace(old, newByteSize, byteAlignment) ? inPlace : null;
        } finally {
            memory.dropNext();
        }
    }

    private boolean resizeInPlace(long allocation, long newByteSize, long byteAlignment) {
        arena.checkAlignment(byteAlignment);
        long start = byOffset ? arena.offset(allocation) : arena.address(allocation);
        return (start & byteAlignment - 1) == 0 && resize(allocation, newByteSize);
    }

    /// A new block with the content of another one, and zeros behind if all slices are zeroed; or [SegmentArena#NO_SPACE].
    private long copyOf(long allocation, long newByteSize, long byteAlignment) {
        long copied = Math.min(newByteSize, arena.size(allocation));
        long made = allocateNew(newByteSize, byteAlignment);
        if (made != SegmentArena.NO_SPACE) {
            try {
                engine.write(this, allocation, made, copied, Contents::copyNow);
                if (zeroed) {
                    zeroNew(made, copied, newByteSize);
                }
                watch.allocated(made, newByteSize);
            } catch (Throwable failure) {
                dropNew(made);
                throw failure;
            }
        }
        return made;
    }

    private void zeroNew(long made, long from, long to) {
        if (from < to) {
            engine.write(this, made, from, to, (contents, block, start, end) -> contents.zeroNow(contents.newBlocks.offset(block), start, end));
        }
    }

    private void zeroNow(long unit, long from, long to) {
        memory.zero(origin + (unit << shift) + from, to - from);
    }

    private void copyNow(long from, long to, long byteSize) {
        long start = places.offset(from);
        Piece source = places.piece(from, start);
        long end = origin + (newBlocks.offset(to) << shift);
        Piece target = places.piece(to, end);
        MemorySegment.copy(source.segment(), source.at(start), target.segment(), target.at(end), byteSize);
    }
}
