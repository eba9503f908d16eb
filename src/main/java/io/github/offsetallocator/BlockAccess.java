package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Fill;
import io.github.offsetallocator.internal.backing.Piece;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// Reads and writes the bytes of allocations by handle: each call is checked against the allocation's size and creates no
/// object, not even where the compiler has not yet seen that it could do without.
///
/// ```java
/// BlockAccess bytes = arena.access();
/// bytes.setLong(block, 0, 42);
/// bytes.copyIn(block, 8, source, 0, source.byteSize());
/// ```
///
/// Offsets are bytes from the start of the allocation, of any alignment; byte order is the machine's.
///
/// Each call throws an [IllegalStateException] if the handle is not live in the arena, and an [IndexOutOfBoundsException] if the
/// allocation has no such bytes; nothing has changed then.
///
/// **Threads.** As the arena. If another thread frees the allocation during a call, the call may still reach the bytes that were the
/// allocation's, but none of a chunk that a growable arena has opened since.
public final class BlockAccess {
    private final Places places;

    BlockAccess(Places places) {
        this.places = places;
    }

    /// The place of `byteSize` bytes of an allocation, if it has them.
    private long place(long allocation, long offset, long byteSize) {
        Objects.checkFromIndexSize(offset, byteSize, places.size(allocation));
        return places.offset(allocation) + offset;
    }

    /// Copies bytes into an allocation.
    ///
    /// @param allocation   a handle
    /// @param offset       where they go
    /// @param source       where they are from
    /// @param sourceOffset the first of them there
    /// @param byteSize     how many
    public void copyIn(long allocation, long offset, MemorySegment source, long sourceOffset, long byteSize) {
        long place = place(allocation, offset, byteSize);
        Piece piece = places.piece(allocation, place);
        MemorySegment.copy(source, sourceOffset, piece.segment(), piece.at(place), byteSize);
    }

    /// Copies bytes out of an allocation.
    ///
    /// @param allocation   a handle
    /// @param offset       the first of them
    /// @param target       where they go
    /// @param targetOffset where the first goes there
    /// @param byteSize     how many
    public void copyOut(long allocation, long offset, MemorySegment target, long targetOffset, long byteSize) {
        long place = place(allocation, offset, byteSize);
        Piece piece = places.piece(allocation, place);
        MemorySegment.copy(piece.segment(), piece.at(place), target, targetOffset, byteSize);
    }

    /// Fills bytes of an allocation.
    ///
    /// @param allocation a handle
    /// @param offset     the first of them
    /// @param byteSize   how many
    /// @param value      what each becomes
    public void fill(long allocation, long offset, long byteSize, byte value) {
        long place = place(allocation, offset, byteSize);
        Piece piece = places.piece(allocation, place);
        Fill.write(piece.segment(), piece.at(place), byteSize, value);
    }

    /// Reads 8 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @return what is there
    public byte getByte(long allocation, long offset) {
        long place = place(allocation, offset, 1);
        Piece piece = places.piece(allocation, place);
        return piece.segment().get(ValueLayout.JAVA_BYTE, piece.at(place));
    }

    /// Writes 8 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @param value      what is written
    public void setByte(long allocation, long offset, byte value) {
        long place = place(allocation, offset, 1);
        Piece piece = places.piece(allocation, place);
        piece.segment().set(ValueLayout.JAVA_BYTE, piece.at(place), value);
    }

    /// Reads 16 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @return what is there
    public short getShort(long allocation, long offset) {
        long place = place(allocation, offset, 2);
        Piece piece = places.piece(allocation, place);
        return piece.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, piece.at(place));
    }

    /// Writes 16 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @param value      what is written
    public void setShort(long allocation, long offset, short value) {
        long place = place(allocation, offset, 2);
        Piece piece = places.piece(allocation, place);
        piece.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, piece.at(place), value);
    }

    /// Reads 32 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @return what is there
    public int getInt(long allocation, long offset) {
        long place = place(allocation, offset, 4);
        Piece piece = places.piece(allocation, place);
        return piece.segment().get(ValueLayout.JAVA_INT_UNALIGNED, piece.at(place));
    }

    /// Writes 32 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @param value      what is written
    public void setInt(long allocation, long offset, int value) {
        long place = place(allocation, offset, 4);
        Piece piece = places.piece(allocation, place);
        piece.segment().set(ValueLayout.JAVA_INT_UNALIGNED, piece.at(place), value);
    }

    /// Reads 64 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @return what is there
    public long getLong(long allocation, long offset) {
        long place = place(allocation, offset, 8);
        Piece piece = places.piece(allocation, place);
        return piece.segment().get(ValueLayout.JAVA_LONG_UNALIGNED, piece.at(place));
    }

    /// Writes 64 bits.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @param value      what is written
    public void setLong(long allocation, long offset, long value) {
        long place = place(allocation, offset, 8);
        Piece piece = places.piece(allocation, place);
        piece.segment().set(ValueLayout.JAVA_LONG_UNALIGNED, piece.at(place), value);
    }

    /// Reads a float.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @return what is there
    public float getFloat(long allocation, long offset) {
        long place = place(allocation, offset, 4);
        Piece piece = places.piece(allocation, place);
        return piece.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, piece.at(place));
    }

    /// Writes a float.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @param value      what is written
    public void setFloat(long allocation, long offset, float value) {
        long place = place(allocation, offset, 4);
        Piece piece = places.piece(allocation, place);
        piece.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, piece.at(place), value);
    }

    /// Reads a double.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @return what is there
    public double getDouble(long allocation, long offset) {
        long place = place(allocation, offset, 8);
        Piece piece = places.piece(allocation, place);
        return piece.segment().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, piece.at(place));
    }

    /// Writes a double.
    ///
    /// @param allocation a handle
    /// @param offset     the first byte
    /// @param value      what is written
    public void setDouble(long allocation, long offset, double value) {
        long place = place(allocation, offset, 8);
        Piece piece = places.piece(allocation, place);
        piece.segment().set(ValueLayout.JAVA_DOUBLE_UNALIGNED, piece.at(place), value);
    }
}
