package io.github.offsetallocator.durable;

import io.github.offsetallocator.internal.tables.NodeTable;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/// The words of a file that no arena has open, to be changed and saved.
final class FileWords {
    static final int STATE = Sample.PAGE;
    private static final int CLOSED = STATE + 160;
    private static final int TABLE_SIZES = 48;
    private static final int ALIGNMENT = 1 << 16;

    private final Path file;
    private final ByteBuffer words;

    FileWords(Path file) {
        this.file = file;
        try {
            words = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Where a table starts.
    int table(int table) {
        long at = ALIGNMENT;
        for (int i = 0; i < table; i++) {
            at += words.getLong(TABLE_SIZES + 8 * i) + ALIGNMENT - 1 & -ALIGNMENT;
        }
        return (int) at;
    }

    int header(int field) {
        return table(0) + field;
    }

    int node(int node, int field) {
        return table(0) + (node << NodeTable.SHIFT) + field;
    }

    int slabs(long field) {
        return (int) (table(1) + field);
    }

    int row(int row, int field) {
        return slabs(SlabTable.at(row) + field);
    }

    int entry(int slot) {
        return row(slot >>> 6, SlabTable.ENTRIES + 8 * (slot & 63));
    }

    long word(int at) {
        return words.getLong(at);
    }

    int half(int at) {
        return words.getInt(at);
    }

    void setWord(int at, long value) {
        words.putLong(at, value);
    }

    void setHalf(int at, int value) {
        words.putInt(at, value);
    }

    void setByte(int at, int value) {
        words.put(at, (byte) value);
    }

    /// As if it had not been closed: then no checksum is looked at.
    void saveAsKilled() {
        setWord(CLOSED, 0);
        save();
    }

    void save() {
        try {
            Files.write(file, words.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
