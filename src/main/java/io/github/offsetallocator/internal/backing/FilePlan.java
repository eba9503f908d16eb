package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// What lies where in the file of a durable arena, and the page that says so: written once, when all else of the file is made.
///
/// ```
///      0    plan         magic | version | byte order | arena's bytes, first and at most | granule | flags | bytes of each table | … | checksum
///   4096    state        see [StatePage]
///  64 KiB   tables       each at a multiple of 64 KiB, with room for the largest; what is not in use is a hole
///   dataAt  the arena    its bytes, to the end of the file; those that it has not grown to yet are a hole
/// ```
///
/// All of it has its place from the start, so a file that grows does not become longer and nothing in it moves.
///
/// All numbers are little-endian, on every processor. The checksum is over the whole page, so there is no byte of it that may
/// differ.
///
/// @param byteSize     bytes of the arena when it is made
/// @param maxByteSize  bytes that it can grow to
/// @param granuleShift bytes of a granule, as a power of two
/// @param flags        what the arena is made of, as the face says it
/// @param tables       bytes that each table has room for
public record FilePlan(long byteSize, long maxByteSize, int granuleShift, int flags, long[] tables) {
    static final int PAGE = 4096;
    /// A table, and the arena, start at a multiple of this: of a page on every system.
    private static final long ALIGNMENT = 1 << 16;

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// "OffsetAr", from the lowest byte on.
    private static final long MAGIC = 0x7241_7465_7366_664FL;
    /// "OffNew", 0x8D, a new line, from the lowest byte on. It stands in place of [#MAGIC] until all else is there: a file that starts with it is being made, or its maker was killed.
    private static final long UNFINISHED = 0x0A8D_7765_4E66_664FL;
    /// Bytes of either.
    static final int MARK = Long.BYTES;
    private static final int VERSION = 1;
    private static final int BYTE_ORDER = 0x0102_0304;
    private static final int MAX_BYTE_SIZE = 40;
    private static final int TABLES = 48;
    private static final int CHECKSUM = PAGE - 8;
    /// Granules have 16 bytes to 16 MiB, and an arena has less than 2^32 of them.
    private static final int SMALLEST_SHIFT = 4, LARGEST_SHIFT = 24;
    private static final long NO_BYTE_SIZE = 1L << 32 + LARGEST_SHIFT;

    /// Where a table starts. With the number of tables it is where the arena starts.
    public long at(int table) {
        long at = ALIGNMENT;
        for (int i = 0; i < table; i++) {
            at += tables[i] + ALIGNMENT - 1 & -ALIGNMENT;
        }
        return at;
    }

    public long dataAt() {
        return at(tables.length);
    }

    public long fileLength() {
        return dataAt() + maxByteSize;
    }

    /// Granules of the arena when it is made.
    public long units() {
        return byteSize >>> granuleShift;
    }

    /// Granules that it can grow to.
    public long maxUnits() {
        return maxByteSize >>> granuleShift;
    }

    /// Writes the page over an unfinished one. Its last store makes it a finished one.
    void write(MemorySegment page) {
        MemorySegment made = MemorySegment.ofArray(new long[PAGE / Long.BYTES]);
        made.set(WORD, 0, MAGIC);
        made.set(HALF, 8, VERSION);
        made.set(HALF, 12, BYTE_ORDER);
        made.set(WORD, 16, byteSize);
        made.set(HALF, 24, granuleShift);
        made.set(HALF, 28, flags);
        made.set(WORD, 32, tables.length);
        made.set(WORD, MAX_BYTE_SIZE, maxByteSize);
        for (int i = 0; i < tables.length; i++) {
            made.set(WORD, TABLES + 8L * i, tables[i]);
        }
        made.set(WORD, CHECKSUM, checksum(made));
        MemorySegment.copy(made, MARK, page, MARK, PAGE - MARK);
        VarHandle.releaseFence();
        page.set(WORD, 0, MAGIC);
    }

    /// Whether a page is the first one of a durable arena's file that is no longer being made.
    static boolean isFinished(MemorySegment page) {
        return page.get(WORD, 0) == MAGIC;
    }

    /// Whether a file that starts so is, or was, a durable arena's, of any version and byte order.
    static boolean isAny(MemorySegment start) {
        long magic = start.get(WORD, 0);
        return magic == MAGIC || magic == Long.reverseBytes(MAGIC);
    }

    /// What a file starts with while it is being made.
    static byte[] unfinished() {
        byte[] mark = new byte[MARK];
        MemorySegment.ofArray(mark).set(WORD.withByteAlignment(1), 0, UNFINISHED);
        return mark;
    }

    private static long checksum(MemorySegment page) {
        CRC32C crc = new CRC32C();
        crc.update(page.asSlice(0, CHECKSUM).toArray(ValueLayout.JAVA_BYTE));
        return crc.getValue();
    }

    /// Reads a page.
    ///
    /// @throws IOException if it is not one that [#write] has written
    static FilePlan read(MemorySegment page) throws IOException {
        long magic = page.get(WORD, 0);
        if (magic == Long.reverseBytes(MAGIC) || magic == MAGIC && page.get(HALF, 12) == Integer.reverseBytes(BYTE_ORDER)) {
            throw new IOException("it was written in the other byte order");
        }
        if (magic != MAGIC) {
            throw new IOException("it is not the file of a durable arena: it starts with 0x" + Long.toHexString(magic));
        }
        if (page.get(WORD, CHECKSUM) != checksum(page)) {
            int version = page.get(HALF, 8);
            throw new IOException("its first page is damaged" + (version == VERSION ? "" : ", or of version " + version + "; this is version " + VERSION)
                    + ": the checksum is wrong");
        }
        if (page.get(HALF, 8) != VERSION) {
            throw new IOException("it has version " + page.get(HALF, 8) + "; this is version " + VERSION);
        }
        long count = page.get(WORD, 32);
        if (page.get(HALF, 12) != BYTE_ORDER || count < 0 || count > 16) {
            throw new IOException("its first page makes no sense: " + count + " tables");
        }
        long[] tables = new long[(int) count];
        for (int i = 0; i < count; i++) {
            tables[i] = page.get(WORD, TABLES + 8L * i);
        }
        FilePlan plan = new FilePlan(page.get(WORD, 16), page.get(WORD, MAX_BYTE_SIZE), page.get(HALF, 24), page.get(HALF, 28), tables);
        if (plan.byteSize <= 0 || plan.maxByteSize < plan.byteSize || plan.maxByteSize >= NO_BYTE_SIZE || plan.granuleShift < SMALLEST_SHIFT || plan.granuleShift > LARGEST_SHIFT) {
            throw new IOException("its first page makes no sense: " + plan.byteSize + " of at most " + plan.maxByteSize + " bytes, granules of 2^" + plan.granuleShift);
        }
        return plan;
    }

    /// Refuses a plan that is not the expected one. Sizes that are of as many granules are the same.
    ///
    /// @param units granules that the arena has now
    void mustBe(FilePlan expected, long units) throws IOException {
        if (granuleShift == expected.granuleShift ? maxUnits() != expected.maxUnits() : maxByteSize != expected.maxByteSize) {
            throw new IOException("it was made for an arena of at most " + maxByteSize + " bytes, not of " + expected.maxByteSize);
        }
        if (granuleShift != expected.granuleShift) {
            throw new IOException("it was made with granules of " + (1L << granuleShift) + " bytes, not of " + (1L << expected.granuleShift));
        }
        if (flags != expected.flags) {
            throw new IOException("it was made with another fit than is asked for");
        }
        if (!Arrays.equals(tables, expected.tables)) {
            throw new IOException("its tables have room for " + Arrays.toString(tables) + " bytes, not for " + Arrays.toString(expected.tables));
        }
        if (expected.units() != units() && expected.units() != units) {
            String now = units == units() ? "" : ", and has grown to " + (units << granuleShift);
            throw new IOException("it was made for an arena of " + byteSize + " bytes" + now + ", not of " + expected.byteSize);
        }
    }
}
