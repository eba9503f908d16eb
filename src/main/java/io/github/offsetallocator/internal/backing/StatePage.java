package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.zip.CRC32C;

/// The page of a durable arena's file that changes while it is open.
///
/// ```
///    0   root    handle 64 | check 32 | number 32       the one with the higher number counts
///   16   root    handle 64 | check 32 | number 32
///   32   tables  a word for each: 16ths of its bytes on disk 40 | check 24
///  160   closed  1 | checksum of all tables 32           0 while it is open, and after a kill
///  168   owner   process | milliseconds since 1970       for a message only
///  184   size    granules of the arena 40 | check 24     this one store lets it grow
/// ```
///
/// A check has no value but the one that belongs to what it stands beside, or 0 while that is being written: so the older root
/// counts after a kill in the middle, and a byte that has changed otherwise is found.
final class StatePage {
    private static final int CLOSED = 160;

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int ROOTS = 2;
    private static final int TABLES = 32;
    private static final int OWNER = 168;
    private static final int SIZE = 184;
    private static final int END = 192;
    private static final long IS_CLOSED = 1L << 32;

    private final MemorySegment page;

    StatePage(MemorySegment page) {
        this.page = page;
    }

    /// Refuses a page that can't have been written here.
    void check(FilePlan plan) throws IOException {
        boolean isNeverSet = page.get(WORD, 8) == 0 && page.get(WORD, 24) == 0;
        for (int slot = 0; slot < ROOTS; slot++) {
            long root = page.get(WORD, 16L * slot);
            long check = page.get(WORD, 16L * slot + 8);
            if (check != 0 ? check != rootCheck(root, (int) check) : isNeverSet && root != 0 && slot == 0) {
                throw new IOException("its root is damaged");
            }
        }
        for (int table = 0; table < plan.tables().length; table++) {
            long word = page.get(WORD, TABLES + 8L * table);
            long bytes = tableBytes(table);
            if (word != 0 && (word != tableWord(table, bytes) || bytes > plan.tables()[table])) {
                throw new IOException("the size of its table " + table + " is damaged: " + bytes);
            }
        }
        long units = units();
        if (page.get(WORD, SIZE) != sizeWord(units) || units < plan.units() || units > plan.maxUnits()) {
            throw new IOException("the size of its arena is damaged: " + units + " granules");
        }
        boolean isZero = true;
        for (int at = TABLES + 8 * plan.tables().length; at < FilePlan.PAGE; at += 8) {
            isZero &= at >= CLOSED && at < END || page.get(WORD, at) == 0;
        }
        if (!isZero || page.get(WORD, CLOSED) >>> 33 != 0) {
            throw new IOException("its second page is damaged");
        }
    }

    private static long rootCheck(long root, int number) {
        return crc(root, number) << 32 | number & 0xFFFF_FFFFL;
    }

    private static long crc(long a, long b) {
        CRC32C crc = new CRC32C();
        for (int shift = 0; shift < 64; shift += 8) {
            crc.update((int) (a >>> shift) & 0xFF);
        }
        for (int shift = 0; shift < 64; shift += 8) {
            crc.update((int) (b >>> shift) & 0xFF);
        }
        return crc.getValue();
    }

    // ---- root --------------------------------------------------------------------------------------------------

    /// The place of the root that counts.
    private int current() {
        int a = (int) page.get(WORD, 8);
        int b = (int) page.get(WORD, 24);
        return page.get(WORD, 24) == 0 ? 0 : page.get(WORD, 8) == 0 || b - a > 0 ? 1 : 0;
    }

    long root() {
        return page.get(WORD, 16L * current());
    }

    void setRoot(long root) {
        int before = current();
        int number = (int) page.get(WORD, 16L * before + 8) + 1;
        long at = 16L * (1 - before);
        page.set(WORD, at + 8, 0);
        VarHandle.releaseFence(); // all that was written to what the root leads to, too
        page.set(WORD, at, root);
        VarHandle.releaseFence();
        page.set(WORD, at + 8, rootCheck(root, number == 0 ? 1 : number));
        VarHandle.releaseFence();
    }

    // ---- tables ------------------------------------------------------------------------------------------------

    long tableBytes(int table) {
        return page.get(WORD, TABLES + 8L * table) >>> 24 << 4;
    }

    void setTableBytes(int table, long bytes) {
        page.set(WORD, TABLES + 8L * table, tableWord(table, bytes));
        VarHandle.releaseFence(); // before anything in the new part
    }

    private static long tableWord(int table, long bytes) {
        return bytes >>> 4 << 24 | crc(bytes, table) & 0xFF_FFFF;
    }

    // ---- size --------------------------------------------------------------------------------------------------

    long units() {
        return page.get(WORD, SIZE) >>> 24;
    }

    void setUnits(long units) {
        page.set(WORD, SIZE, sizeWord(units));
        VarHandle.releaseFence(); // before anything in the new part
    }

    private static long sizeWord(long units) {
        return units << 24 | crc(units, SIZE) & 0xFF_FFFF;
    }

    // ---- who has it --------------------------------------------------------------------------------------------

    boolean isClosed() {
        return page.get(WORD, CLOSED) != 0;
    }

    boolean wasClosedWith(long checksum) {
        return page.get(WORD, CLOSED) == closed(checksum);
    }

    private static long closed(long checksum) {
        return IS_CLOSED | checksum;
    }

    void close(long checksum) {
        page.set(WORD, CLOSED, closed(checksum));
    }

    void open() {
        ProcessHandle process = ProcessHandle.current();
        page.set(WORD, OWNER, process.pid());
        page.set(WORD, OWNER + 8, System.currentTimeMillis());
        page.set(WORD, CLOSED, 0);
        VarHandle.releaseFence();
    }

    /// Who has opened it last.
    String owner() {
        return "process " + page.get(WORD, OWNER) + ", since " + Instant.ofEpochMilli(page.get(WORD, OWNER + 8));
    }
}
