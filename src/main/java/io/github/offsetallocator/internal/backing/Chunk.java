package io.github.offsetallocator.internal.backing;

/// A piece of memory, and where it lies in the range of an arena. What changes is guarded by the arena's lock.
public final class Chunk extends Piece {
    final long address;
    final int firstSlot;
    final int slots;
    private final Source.Opened opened;
    private int wall;

    Chunk(Source.Opened opened, long place, int firstSlot, int slots) {
        super(opened.segment(), place);
        this.opened = opened;
        address = segment.address();
        this.firstSlot = firstSlot;
        this.slots = slots;
    }

    public long byteSize() {
        return segment.byteSize();
    }

    /// What is behind it in the engine, or 0 if the engine doesn't know of it.
    public int wall() {
        return wall;
    }

    public void setWall(int wall) {
        this.wall = wall;
    }

    /// Its memory, and what ends that.
    public Source.Opened opened() {
        return opened;
    }

    boolean holds(long at) {
        return at - address >= 0 && at - address < segment.byteSize();
    }
}
