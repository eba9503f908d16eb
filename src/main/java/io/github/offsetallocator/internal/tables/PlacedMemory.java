package io.github.offsetallocator.internal.tables;

import java.lang.foreign.MemorySegment;

/// Memory for a table at a fixed place in a file, with room for the largest size, so that the table grows without moving.
///
/// ```
///   place   | the table, on disk | a hole in the file, read as zeros |
///           0                 room.byteSize()                    limit
/// ```
public final class PlacedMemory extends TableMemory {
    /// How much of a place is on disk.
    public interface Room {
        /// Bytes from the start of the place.
        long byteSize();

        /// Lets the disk have room for so many bytes, and notes it in the file.
        ///
        /// @throws OutOfMemoryError if it has not; nothing has changed then
        void grow(long byteSize);
    }

    private static final long PAGE = 4096;

    private final MemorySegment place;
    private final Room room;
    private long used;
    /// As the room says, which is in the file: other threads may ask, and can't read that.
    private long onDisk;

    /// @param place zeros behind what the room says
    public PlacedMemory(Threads threads, MemorySegment place, Room room) {
        super(threads, null); // it takes none
        this.place = place;
        this.room = room;
        onDisk = room.byteSize();
    }

    @Override
    public MemorySegment found() {
        return isFound() ? place.asSlice(0, room.byteSize()) : null;
    }

    @Override
    public boolean isFound() {
        return room.byteSize() > 0;
    }

    /// What is on disk.
    @Override
    public long byteSize() {
        return onDisk;
    }

    @Override
    public long limit() {
        return place.byteSize();
    }

    /// What is on disk stays there.
    @Override
    public boolean shrinks() {
        return false;
    }

    @Override
    public MemorySegment allocate(long byteSize) {
        if (byteSize > place.byteSize()) {
            throw new OutOfMemoryError("a table of " + byteSize + " bytes has no place in the file, which has one of " + place.byteSize());
        }
        if (byteSize > room.byteSize()) {
            room.grow(Math.min(byteSize + PAGE - 1 & -PAGE, place.byteSize()));
            onDisk = room.byteSize();
        }
        used = byteSize;
        return place.asSlice(0, byteSize);
    }

    @Override
    public MemorySegment more(long byteSize) {
        long before = used;
        return allocate(before + byteSize).asSlice(before, byteSize);
    }

    /// The new table lies where the old one does.
    @Override
    public void copy(MemorySegment old, MemorySegment table, long bytes) {}

    /// The file's mapping ends all of them.
    @Override
    public void close() {}
}
