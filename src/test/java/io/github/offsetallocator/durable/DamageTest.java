package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that are damaged, or something else: refused as they are, or opened in good order, but never followed to where nothing is.
class DamageTest {
    private static final int FUZZED = Integer.getInteger("durable.fuzz", 300);
    private static final long SEED = Long.getLong("durable.seed", System.nanoTime());
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long TABLES = 1 << 16;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Sample sample = new Sample();
    /// As a close has left it, and as it was while it was open.
    private Path closed;
    private Path open;
    private Path file;

    @BeforeEach
    void makeFiles() throws IOException {
        closed = directory.resolve("closed");
        open = directory.resolve("open");
        file = directory.resolve("file");
        try (SegmentArena arena = Sample.open(closed)) {
            sample.work(arena, random, 3000);
            arena.tryAllocate(arena.storageReport().largestFreeRegion() + 5000, 1); // dissolves
            sample.work(arena, random, 50);
            arena.setRoot(sample.tags.keySet().iterator().next());
            Sample.copy(closed, open);
        }
    }

    @Test
    void everyByteOfTheFirstPageCounts() throws IOException {
        Sample.copy(closed, file);
        byte[] page = Sample.read(file, 0, Sample.PAGE);
        for (int at = 0; at < page.length; at++) {
            Sample.write(file, at, (byte) (page[at] ^ 1 << random.nextInt(8)));
            assertThrows(UncheckedIOException.class, () -> Sample.open(file).close(), "byte " + at);
            Sample.write(file, at, page[at]);
        }
        assertEquals(-1, Files.mismatch(file, closed));
        try (SegmentArena arena = Sample.open(file)) {
            sample.check(arena);
        }
    }

    @Test
    void everyByteOfTheSecondPageCountsOrDoesNotMatter() throws IOException {
        int refused = 0;
        for (Path original : new Path[] {closed, open}) {
            Sample.copy(original, file);
            byte[] page = Sample.read(file, Sample.PAGE, Sample.PAGE);
            for (int at = 0; at < page.length; at++) {
                Sample.write(file, Sample.PAGE + at, (byte) (page[at] ^ 1 << random.nextInt(8)));
                try (SegmentArena arena = Sample.open(file)) {
                    sample.check(arena);
                    assertEquals(sample.tags.containsKey(arena.root()), true, "byte " + at);
                } catch (UncheckedIOException e) {
                    refused++;
                    Sample.write(file, Sample.PAGE + at, page[at]);
                    continue;
                }
                Sample.copy(original, file);
            }
        }
        assertTrue(refused > 2 * (Sample.PAGE - 100), "refused " + refused);
    }

    /// A kill in the middle of the first `setRoot` leaves a handle that does not count yet, in the second place.
    @Test
    void aRootThatNobodyHasSetIsFound() throws IOException {
        Sample.open(file).close();
        Path original = Files.copy(file, directory.resolve("original"));
        for (int at = 0; at < 24; at++) {
            Sample.copy(original, file);
            Sample.write(file, Sample.PAGE + at, (byte) 0x40);
            if (at < 16) {
                assertTrue(Sample.mustBeRefused(file, file, false).contains("root"));
            } else {
                try (SegmentArena arena = Sample.open(file)) {
                    assertEquals(0, arena.root());
                }
            }
        }
    }

    @Test
    void everyLengthCounts() throws IOException {
        long length = Files.size(closed);
        Sample.copy(closed, file);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(length + 1);
            Sample.mustBeRefused(file, file, false);
            for (long at = (length - 1) & -Sample.PAGE; at >= 0; at -= Sample.PAGE) {
                access.setLength(at);
                assertThrows(UncheckedIOException.class, () -> Sample.open(file).close());
                assertEquals(at, Files.size(file));
            }
            Sample.mustBeRefused(file, file, false);
        }
    }

    @Test
    void whatIsSomethingElseIsRefused() throws IOException {
        int length = (int) Files.size(closed);
        for (byte[] content : new byte[][] {{}, {1}, "a text file".getBytes(), new byte[Sample.PAGE], new byte[length], new byte[(int) Sample.BYTE_SIZE]}) {
            Files.write(file, content);
            Path same = Files.write(directory.resolve("same"), content);
            assertTrue(Sample.mustBeRefused(file, same, true).contains("not the file of a durable arena"));
        }
        Path inner = Files.createDirectory(directory.resolve("directory"));
        assertTrue(assertThrows(UncheckedIOException.class, () -> Sample.open(inner)).getMessage().contains("it is a directory"));
        Path nowhere = directory.resolve("no/such/place");
        assertTrue(assertThrows(UncheckedIOException.class, () -> Sample.open(nowhere)).getMessage().contains(nowhere.toString()));
    }

    @Test
    void otherVersionsAndByteOrdersAreNamed() throws IOException {
        Sample.copy(closed, file);
        Sample.write(file, 8, (byte) 2);
        Sample.correct(file);
        assertTrue(Sample.mustBeRefused(file, file, false).contains("version 2"));
        byte[] magic = Sample.read(closed, 0, 8);
        byte[] reversed = new byte[8];
        for (int i = 0; i < 8; i++) {
            reversed[i] = magic[7 - i];
        }
        Sample.copy(closed, file);
        Sample.write(file, 0, reversed);
        assertTrue(Sample.mustBeRefused(file, file, false).contains("byte order"));
    }

    /// The checksum is right, but not what it is of. Only a smaller first size is possible: then the arena has grown.
    @Test
    void forgedPlansAreRefused() throws IOException {
        byte[] page = Sample.read(closed, 0, Sample.PAGE);
        for (int i = 0; i < 400; i++) {
            Sample.copy(closed, file);
            ByteBuffer forged = ByteBuffer.wrap(page.clone()).order(ByteOrder.LITTLE_ENDIAN);
            int at = 12 + 4 * random.nextInt(20);
            forged.putInt(at, random.nextBoolean() ? random.nextInt() : forged.getInt(at) + random.nextInt(1, 100));
            Sample.write(file, 0, forged.array());
            Sample.correct(file);
            try (SegmentArena arena = Sample.open(file)) {
                boolean isSmaller = at >> 3 == 2 && forged.getLong(16) >= 0 && forged.getLong(16) < Sample.BYTE_SIZE;
                long size = forged.getLong(at & -8);
                boolean isOfAsManyGranules = size > 0 && size >> 4 == Sample.BYTE_SIZE >> 4; // byteSize or maxByteSize
                assertTrue(isSmaller || isOfAsManyGranules || at >= 80, "a plan that is wrong at byte " + at);
                sample.check(arena);
            } catch (UncheckedIOException e) {
                continue;
            }
        }
    }

    /// After a close every byte of the tables is known.
    @Test
    void aByteOfTheTablesThatHasChangedIsFound() throws IOException {
        Sample.copy(closed, file);
        long dataAt = Files.size(closed) - Sample.BYTE_SIZE;
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            long at = random.nextLong(TABLES, dataAt);
            byte was = Sample.read(file, at, 1)[0];
            if (was == 0) {
                continue; // a hole, perhaps
            }
            Sample.write(file, at, (byte) (was ^ 1 << random.nextInt(8)));
            assertThrows(UncheckedIOException.class, () -> Sample.open(file).close(), "byte " + at);
            Sample.write(file, at, was);
            refused++;
        }
        assertTrue(refused > 5, "refused " + refused);
        assertEquals(-1, Files.mismatch(file, closed));
    }

    @Test
    void whateverTheTablesHoldNothingElseIsTouched() throws IOException {
        int opened = 0;
        int refused = 0;
        long dataAt = Files.size(open) - Sample.BYTE_SIZE;
        for (int i = 0; i < FUZZED; i++) {
            Sample.copy(open, file);
            SplittableRandom own = new SplittableRandom(SEED + i);
            fuzz(own, dataAt);
            boolean isShared = own.nextBoolean();
            String what = "seed " + SEED + ", file " + i;
            try {
                assertTimeoutPreemptively(PATIENCE, () -> {
                    try (SegmentArena arena = isShared ? Sample.openShared(file) : Sample.open(file)) {
                        Sample.mustWork(arena, own);
                    }
                }, what);
                opened++;
            } catch (UncheckedIOException e) {
                assertTrue(e.getMessage().contains(file.toString()), what);
                refused++;
            } catch (Throwable e) {
                throw new AssertionError(what + ": " + e, e);
            }
        }
        System.out.println(FUZZED + " fuzzed files, " + opened + " opened, " + refused + " refused, seed " + SEED);
        assertTrue(refused > FUZZED / 20 && opened > FUZZED / 20, opened + " opened, " + refused + " refused");
    }

    /// An entry of a live slot has bits that are never set. Where one is, nothing looks for a node of that number.
    @Test
    void aBitOfTheSlabTableThatIsNeverSetIsNotFollowed() throws IOException {
        long nodes = ByteBuffer.wrap(Sample.read(open, 48, 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
        long slabs = TABLES + (nodes + TABLES - 1 & -TABLES);
        ByteBuffer words = ByteBuffer.wrap(Sample.read(open, slabs, 1 << 16)).order(ByteOrder.LITTLE_ENDIAN);
        int refused = 0;
        for (int i = 0; i < 200;) {
            int at = random.nextInt(words.capacity() / 8) * 8;
            if (words.getLong(at) >>> 32 == 0) {
                continue;
            }
            i++;
            Sample.copy(open, file);
            Sample.write(file, slabs + at + 3, (byte) (words.get(at + 3) ^ 0x20));
            try (SegmentArena arena = Sample.open(file)) {
                Sample.mustWork(arena, random);
            } catch (UncheckedIOException e) {
                refused++;
            }
        }
        assertTrue(refused > 10, "refused " + refused);
    }

    /// Changes what is there: single bits, words, runs; zeros, ones, small numbers, words from elsewhere.
    private void fuzz(SplittableRandom own, long dataAt) throws IOException {
        byte[] tables = Sample.read(file, TABLES, (int) (dataAt - TABLES));
        ByteBuffer words = ByteBuffer.wrap(tables).order(ByteOrder.LITTLE_ENDIAN);
        int changes = 1 << own.nextInt(own.nextInt(1, 10));
        for (int i = 0; i < changes;) {
            int at = own.nextInt(tables.length / 8) * 8;
            if (words.getLong(at) == 0 && own.nextInt(2000) > 0) {
                continue; // most of it is not in use
            }
            i++;
            switch (own.nextInt(7)) {
                case 0 -> words.putLong(at, words.getLong(at) ^ 1L << own.nextInt(64));
                case 1 -> words.putLong(at, own.nextLong());
                case 2 -> words.putLong(at, own.nextInt(4) - 2);
                case 3 -> words.putInt(at + 4 * own.nextInt(2), own.nextInt(2000));
                case 4 -> words.putLong(at, words.getLong(own.nextInt(tables.length / 8) * 8));
                case 5 -> words.putInt(at, words.getInt(at) + own.nextInt(5) - 2);
                default -> {
                    for (int end = Math.min(tables.length, at + 8 * own.nextInt(200)); at < end; at += 8) {
                        words.putLong(at, 0);
                    }
                }
            }
        }
        if (own.nextInt(3) == 0) { // the header of the nodes
            words.putInt(64 + 4 * own.nextInt(32), own.nextInt(3) == 0 ? own.nextInt() : own.nextInt(3000));
        }
        Sample.write(file, TABLES, tables);
    }
}
