package io.github.offsetallocator.internal.backing;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// Memory whose blocks have borders that are looked at, and whose slices die with their blocks. It stands before another memory.
///
/// ```
///   place       place + byteSize             end
///     | the block's bytes | border: FD FD FD … |      at least a granule
///     | DD DD DD DD DD DD DD DD DD DD DD DD DD |      freed
/// ```
///
/// **Life.** A slice is told to live as long as an arena of the JDK that its block has, by the one restricted call. The block's end
/// closes that. All slices of a block share one, made for the first of them. Memory that someone else owns has slices that live
/// as long as their owner says: they are not told anything.
///
/// **Order.** What a call may be refused for comes first: [#check], then the end of slices, which a native call that is using one keeps
/// from happening. From there to the end of the block no slice is made ([#end]), and after it none of a handle that named the block
/// before: a thread asks where a block lies without a lock, and another block may lie there when it asks for the slice.
///
/// **Gone.** Memory that someone else owns may have ended, or be another thread's, and a file may have been cut. Then nothing is painted or
/// looked at: whatever needs no bytes goes on as it does without borders.
public final class CheckedMemory extends Backing {
    private static final byte BORDER = (byte) 0xFD;
    private static final byte FREED = (byte) 0xDD;

    /// A write behind the end of a block: the first byte that was changed, counted from the block's start.
    public record Damage(long handle, long byteSize, long at, byte value) {}

    private static final class Block {
        final long handle;
        long byteSize;
        /// Where the bytes start that nobody may write to.
        long border;
        long end;
        Arena life;

        Block(long handle) {
            this.handle = handle;
        }
    }

    /// What the slices of a block will live as long as, if a thread resizes it. Used once: from then on the block's end ends it.
    private record Next(Block block, Arena life) {}

    private final Backing memory;
    private final boolean shared;
    private final boolean slicesDie;
    private final TreeMap<Long, Block> blocks = new TreeMap<>();
    /// Of the slices that threads have got for what they are about to resize.
    private final Map<Thread, Next> next = new HashMap<>();
    /// The last one whose slices could not be ended, which is asked first the next time.
    private Block inUse;

    public CheckedMemory(Backing memory, boolean shared) {
        super(memory);
        this.memory = memory;
        this.shared = shared;
        slicesDie = memory.isOwn();
    }

    /// Makes the restricted call once.
    ///
    /// @throws IllegalStateException that says what to do where it is denied
    @SuppressWarnings("restricted")
    public static void checkNativeAccess() {
        try {
            MemorySegment.NULL.reinterpret(Arena.global(), null);
        } catch (IllegalCallerException denied) {
            Module module = CheckedMemory.class.getModule();
            throw new IllegalStateException("a checked arena gives each slice a life of its own, by MemorySegment.reinterpret, which needs native access:"
                    + " start Java with --enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED"), denied);
        }
    }

    // ---- slices ------------------------------------------------------------------------------------------------

    /// Of the size that the block has now.
    @Override
    public synchronized MemorySegment sliceOf(long handle, long place, long byteSize) {
        Block block = at(place, handle);
        MemorySegment slice = memory.slice(place, block.byteSize);
        if (!slicesDie) {
            return slice;
        }
        if (block.life == null || !block.life.scope().isAlive()) { // an error may have struck as it ended
            block.life = newArena(shared);
        }
        return living(slice, block.life);
    }

    @Override
    public synchronized MemorySegment nextSliceOf(long handle, long place, long byteSize) {
        Block block = at(place, handle);
        MemorySegment slice = memory.sliceUpTo(place, byteSize);
        if (!slicesDie) {
            return slice;
        }
        Arena life = newArena(shared);
        next.put(Thread.currentThread(), new Next(block, life));
        return living(slice, life);
    }

    @Override
    public synchronized void dropNext() {
        next.remove(Thread.currentThread());
    }

    @SuppressWarnings("restricted")
    private static MemorySegment living(MemorySegment slice, Arena life) {
        return slice.reinterpret(life, null);
    }

    /// The block that a handle names, unless another thread has freed it since it was found at this place.
    private Block at(long place, long handle) {
        Block block = blocks.get(place);
        if (block == null || block.handle != handle) {
            throw new IllegalStateException("allocation 0x" + Long.toHexString(handle) + " was freed by another thread");
        }
        return block;
    }

    private Block at(long place) {
        Block block = blocks.get(place);
        assert block != null : place;
        return block;
    }

    // ---- blocks ------------------------------------------------------------------------------------------------

    /// A block was made.
    ///
    /// @param end where the next one may start
    public synchronized void made(long handle, long place, long byteSize, long end) {
        Block block = new Block(handle);
        paint(block, place, byteSize, end);
        blocks.put(place, block);
    }

    /// A block was found: one that is known; or one that is not, or by another size, which is taken to have no border.
    public synchronized void found(long handle, long place, long byteSize) {
        Block block = blocks.get(place);
        if (block == null || block.handle != handle) {
            block = new Block(handle);
        } else if (block.byteSize == byteSize) {
            return;
        }
        block.byteSize = byteSize;
        block.border = block.end = place + byteSize;
        blocks.put(place, block);
    }

    /// Whether the block that a handle names is at a place.
    @FunctionalInterface
    public interface Place {
        boolean has(long handle, long place);
    }

    /// Forgets those blocks that are not where they were, and ends their slices unless a native call is using one.
    public synchronized void keep(Place place) {
        blocks.entrySet().removeIf(each -> {
            Block block = each.getValue();
            if (place.has(block.handle, each.getKey())) {
                return false;
            }
            try {
                endLife(block);
            } catch (IllegalStateException _) { // then they live on
            }
            inUse = block == inUse ? null : inUse;
            return true;
        });
    }

    private void paint(Block block, long place, long byteSize, long end) {
        boolean isPainted = fill(place + byteSize, end, BORDER);
        block.byteSize = byteSize;
        block.border = isPainted ? place + byteSize : end;
        block.end = end;
    }

    /// Returns false if the bytes can't be reached.
    private boolean fill(long from, long to, byte value) {
        Piece piece = memory.piece(from);
        try {
            Fill.write(piece.segment, piece.at(from), to - from, value);
            return true;
        } catch (IllegalStateException | WrongThreadException | InternalError gone) {
            return false;
        }
    }

    /// What gives a block another size where it lies.
    @FunctionalInterface
    public interface Resize {
        /// @param end where the next one may start
        /// @return whether it is done; it is if the block becomes no larger
        boolean to(long byteSize, long end);
    }

    /// Lets `resize` give a block another size. If it becomes smaller, or its next slice is there, those that it had end: before it becomes
    /// smaller, as others may get its bytes; but after it has become larger, as that may be impossible, and then they live on. A block that was
    /// found has a border from when it becomes larger: there may be no room for one before.
    ///
    /// @throws IllegalStateException if a native call is using one; the block has the size that it had
    public synchronized boolean resize(long place, long byteSize, long end, Resize resize) {
        Block block = at(place);
        Next now = next.get(Thread.currentThread());
        boolean hasNext = now != null && now.block == block;
        boolean isSmaller = byteSize < block.byteSize;
        boolean hasBorder = byteSize > block.byteSize || block.end > place + block.byteSize;
        long newEnd = hasBorder ? end : place + byteSize;
        if (isSmaller) {
            endLifeOf(block);
        }
        if (!resize.to(byteSize, newEnd)) {
            return false;
        }
        if (hasNext && !isSmaller) {
            try {
                endLifeOf(block);
            } catch (IllegalStateException inUse) {
                resize.to(block.byteSize, block.end);
                throw inUse;
            }
        }
        if (hasNext) {
            block.life = now.life;
            dropNext();
        }
        long freed = Math.max(newEnd, place + byteSize);
        fill(freed, Math.max(freed, block.end), FREED);
        paint(block, place, byteSize, newEnd);
        return true;
    }

    private static void endLifeOf(Block block) {
        try {
            endLife(block);
        } catch (IllegalStateException refused) {
            throw new IllegalStateException("allocation 0x" + Long.toHexString(block.handle) + " can't have another size: a native call is using its bytes", refused);
        }
    }

    /// Ends a life unless it has ended, as an error in the middle of an earlier call may leave it.
    private static void end(Arena life) {
        if (life.scope().isAlive()) {
            life.close();
        }
    }

    /// What was written behind the end of a block, or null.
    ///
    /// @param mend whether to make it unwritten, so that it is told of once
    public synchronized Damage check(long place, boolean mend) {
        return check(place, at(place), mend);
    }

    /// As [#check(long, boolean)], of all blocks as far as the first damage.
    public synchronized Damage checkAll(boolean mend) {
        for (var each : blocks.entrySet()) {
            Damage damage = check(each.getKey(), each.getValue(), mend);
            if (damage != null) {
                return damage;
            }
        }
        return null;
    }

    private Damage check(long place, Block block, boolean mend) {
        if (block.border == block.end) {
            return null;
        }
        Piece whole = memory.piece(place);
        MemorySegment piece = whole.segment;
        long start = whole.at(place);
        Damage damage;
        try {
            long changed = firstChanged(piece, start + block.border - place, start + block.end - place);
            damage = changed < 0 ? null : new Damage(block.handle, block.byteSize, changed - start, piece.get(ValueLayout.JAVA_BYTE, changed));
        } catch (IllegalStateException | WrongThreadException | InternalError gone) {
            return null;
        }
        if (damage != null && mend) {
            fill(block.border, block.end, BORDER);
        }
        return damage;
    }

    /// Bytes are all the same if each is the same as the one before.
    private static long firstChanged(MemorySegment piece, long from, long to) {
        if (piece.get(ValueLayout.JAVA_BYTE, from) != BORDER) {
            return from;
        }
        long same = MemorySegment.mismatch(piece, from, to - 1, piece, from + 1, to);
        return same < 0 ? -1 : from + 1 + same;
    }

    /// Ends the slices of blocks, and then, by `end`, the blocks. No slice is made from the one to the other.
    ///
    /// @throws IllegalStateException if a native call is using one; then none has ended
    public synchronized void end(long[] places, Runnable end) {
        endLives(Arrays.stream(places).mapToObj(this::at).toList());
        end.run();
        for (long place : places) {
            Block block = blocks.remove(place);
            inUse = block == inUse ? null : inUse;
            fill(place, block.end, FREED);
        }
    }

    /// As [#end(long[], Runnable)], of all blocks.
    public synchronized void endAll(Runnable end) {
        endLives(blocks.values());
        end.run();
        blocks.forEach((place, block) -> fill(place, block.end, FREED));
        forgetAll();
    }

    /// Whether a block has no damage and its slices could be ended, as they are now.
    public synchronized boolean mayEnd(long place) {
        Block block = at(place);
        try {
            if (check(place, block, false) != null) {
                return false;
            }
            endLife(block);
            return true;
        } catch (IllegalStateException inUse) {
            return false;
        }
    }

    /// Blocks whose slices can't be ended must stay, all of them: whether a native call is using a slice the JDK says only by refusing
    /// to end it. So what can be asked without a loss comes first.
    private void endLives(Collection<Block> some) {
        int ended = 0;
        Block now = null;
        try {
            if (inUse != null && some.contains(inUse)) {
                now = inUse;
                ended += endLife(inUse);
            }
            for (Block block : some) {
                now = block;
                ended += endLife(block);
            }
        } catch (IllegalStateException refused) {
            inUse = now;
            throw new IllegalStateException("allocation 0x" + Long.toHexString(now.handle) + " can't be freed: a native call is using its bytes"
                    + (ended == 0 ? "" : ". None was freed, but the slices of " + ended + " others have ended: segment(handle) makes new ones"), refused);
        }
    }

    /// Returns how many blocks have had slices that lived.
    private static int endLife(Block block) {
        if (block.life == null) {
            return 0;
        }
        end(block.life);
        block.life = null;
        return 1;
    }

    private void forgetAll() {
        blocks.clear();
        inUse = null;
    }

    /// What is zeroed behind a block's end will belong to it.
    @Override
    public synchronized void zero(long place, long byteSize) {
        Block block = blocks.floorEntry(place).getValue();
        block.border = Math.max(block.border, Math.min(place + byteSize, block.end));
        memory.zero(place, byteSize);
    }

    @Override
    public synchronized void end() {
        endLives(blocks.values());
        memory.end();
        forgetAll();
    }

    @Override
    public void finish() {
        memory.finish();
    }

    // ---- as the memory behind ----------------------------------------------------------------------------------

    @Override
    MemorySegment slice(long place, long byteSize) {
        return memory.slice(place, byteSize);
    }

    @Override
    MemorySegment sliceUpTo(long place, long byteSize) {
        return memory.sliceUpTo(place, byteSize);
    }

    @Override
    public MemorySegment segment() {
        return memory.segment();
    }

    @Override
    public long byteSize() {
        return memory.byteSize();
    }

    @Override
    public DurableFile resizable() {
        return memory.resizable();
    }

    @Override
    public Piece piece(long place) {
        return memory.piece(place);
    }

    @Override
    public boolean isWhole() {
        return memory.isWhole();
    }

    /// No: slices have a life already.
    @Override
    public boolean isOwn() {
        return false;
    }

    @Override
    public long address(long place) {
        return memory.address(place);
    }

    @Override
    public long place(long at) {
        return memory.place(at);
    }

    @Override
    boolean owns(long at, long byteSize) {
        return memory.owns(at, byteSize);
    }

    @Override
    public void force() {
        memory.force();
    }

    @Override
    public long root() {
        return memory.root();
    }

    @Override
    public void setRoot(long root) {
        memory.setRoot(root);
    }
}
