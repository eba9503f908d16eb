package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.NodeTable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// As [DamageTest], of arenas that have grown, of both rules, with calls that seem to be under way: what a header says of those leads to other
/// words of the tables.
class GrownDamageTest {
    private static final int FUZZED = Integer.getInteger("durable.fuzz", 300) / 3;
    private static final long SEED = Long.getLong("durable.seed", System.nanoTime());
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long FIRST = 64 << 10, MOST = 192 << 10, CHUNK = 4 << 10;
    private static final int HEADER = 256;
    private static final long[] STATES = {NodeState.UNUSED, NodeState.RESERVED, NodeState.WALL, NodeState.RETIRED, NodeState.PENDING, NodeState.SLAB | 1, NodeState.live(3, 1)};

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(SEED);

    private static SegmentArena open(Path file, Fit fit, boolean isShared) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, FIRST).growable(CHUNK, MOST).fit(fit);
        return isShared ? builder.shared().build() : builder.build();
    }

    /// A file as a close leaves it, and beside it, with a name that ends in `-open`, one as a kill does.
    private Path make(Fit fit) throws IOException {
        Path file = directory.resolve("made-" + fit);
        Sample sample = new Sample();
        try (SegmentArena arena = open(file, fit, false)) {
            while (arena.byteSize() < MOST - 8 * CHUNK) {
                sample.work(arena, random, 100);
            }
            for (int i = 0; i < 5; i++) {
                long handle = sample.tags.keySet().iterator().next();
                arena.retire(handle, i);
                sample.forget(handle);
            }
            arena.setRoot(sample.tags.keySet().iterator().next());
            Sample.copy(file, opened(file));
        }
        return file;
    }

    private static Path opened(Path file) {
        return file.resolveSibling(file.getFileName() + "-open");
    }

    @Test
    void aLengthThatIsNotItsOwnIsRefused() throws IOException {
        Path closed = make(Fit.GOOD);
        for (Path file : new Path[] {closed, opened(closed)}) {
            long length = Files.size(file);
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                for (long more : new long[] {1, Sample.PAGE, 2 * Sample.PAGE, 16 * Sample.PAGE, MOST, length, 1L << 40}) {
                    access.setLength(length + more);
                    mustBeRefused(file, length + more);
                }
                access.setLength(length);
                open(file, Fit.GOOD, random.nextBoolean()).close();
                for (long at = (length - 1) & -Sample.PAGE; at >= 0; at -= Sample.PAGE) {
                    access.setLength(at);
                    mustBeRefused(file, at);
                }
            }
        }
    }

    private void mustBeRefused(Path file, long length) throws IOException {
        boolean isShared = random.nextBoolean();
        String message = assertThrows(UncheckedIOException.class, () -> open(file, Fit.GOOD, isShared).close(), () -> "length " + length).getMessage();
        assertTrue(message.contains(file.toString()), message);
        assertEquals(length, Files.size(file));
    }

    /// It opens in good order, or is refused and as it was.
    @ParameterizedTest
    @EnumSource
    void whateverWordsHaveChangedNothingElseIsTouched(Fit fit) throws IOException {
        Path original = opened(make(fit));
        Path file = directory.resolve("file");
        int opened = 0;
        int refused = 0;
        for (int i = 0; i < FUZZED; i++) {
            Sample.copy(original, file);
            SplittableRandom own = new SplittableRandom(SEED + i);
            change(new FileWords(file), own, Files.size(file) - MOST);
            Path before = directory.resolve("before");
            Sample.copy(file, before);
            boolean isShared = own.nextBoolean();
            String what = "seed " + SEED + ", file " + i;
            try {
                assertTimeoutPreemptively(PATIENCE, () -> {
                    try (SegmentArena arena = open(file, fit, isShared)) {
                        Sample.mustWork(arena, own);
                    }
                    try (SegmentArena arena = open(file, fit, !isShared)) {
                        Sample.mustWork(arena, own);
                    }
                }, what);
                opened++;
            } catch (UncheckedIOException e) {
                assertTrue(e.getMessage().contains(file.toString()), what);
                assertEquals(-1, Files.mismatch(file, before), what);
                refused++;
            } catch (Throwable e) {
                throw new AssertionError(what + ": " + e, e);
            }
        }
        int all = opened;
        assertTrue(refused > FUZZED / 20 && opened > FUZZED / 20, () -> all + " opened of " + FUZZED + ", seed " + SEED);
    }

    /// Changes some words of the tables that are not zero, and what the header says of calls.
    private static void change(FileWords words, SplittableRandom own, long end) {
        List<Integer> used = new ArrayList<>();
        for (int at = words.table(0); at < end; at += 8) {
            if (words.word(at) != 0) {
                used.add(at);
            }
        }
        for (int left = own.nextInt(1 << own.nextInt(5)); left > 0; left--) {
            int at = used.get(own.nextInt(used.size()));
            int other = used.get(own.nextInt(used.size()));
            switch (own.nextInt(7)) {
                case 0 -> words.setWord(at, words.word(at) ^ 1L << own.nextInt(64));
                case 1 -> words.setWord(at, own.nextLong());
                case 2 -> words.setHalf(at + 4 * own.nextInt(2), own.nextInt(3) == 0 ? own.nextInt() : own.nextInt(1000));
                case 3 -> words.setWord(at, words.word(other));
                case 4 -> {
                    int links = words.node(NodeTable.FIRST_REGION + own.nextInt(200), NodeTable.LINKS);
                    words.setWord(links, own.nextBoolean() ? STATES[own.nextInt(STATES.length)] : words.word(links) | STATES[own.nextInt(STATES.length)]);
                }
                case 5 -> words.setWord(at, words.word((int) Math.clamp(at + 32L * own.nextInt(-9, 10), words.table(0), end - 8))); // a neighbour's
                default -> {
                    long word = words.word(at);
                    words.setWord(at, words.word(other));
                    words.setWord(other, word);
                }
            }
        }
        if (own.nextInt(2) == 0) {
            pretend(words, own, used);
        }
        if (own.nextInt(3) == 0) { // any field of the header
            words.setHalf(words.header(4 * own.nextInt(HEADER / 4)), own.nextInt(3) == 0 ? own.nextInt() : own.nextInt(1000));
        }
        words.saveAsKilled();
    }

    /// A call that seems to be under way.
    private static void pretend(FileWords words, SplittableRandom own, List<Integer> used) {
        int node = NodeTable.FIRST_REGION + own.nextInt(200);
        words.setHalf(words.header(Header.BUSY), own.nextInt(2));
        words.setHalf(words.header(Header.RESETTING), own.nextInt(4) / 3);
        words.setHalf(words.header(Header.DECIDED), own.nextInt(2));
        words.setWord(words.header(Header.SUCCESSOR), switch (own.nextInt(4)) {
            case 0 -> 0;
            case 1 -> own.nextLong();
            case 2 -> words.word(used.get(own.nextInt(used.size())));
            default -> words.word(words.node(node, NodeTable.LINKS)) << 32 | node;
        });
        if (own.nextBoolean()) {
            words.setHalf(words.header(Header.RESIZED), node);
            words.setHalf(words.header(Header.RESIZED_SLACK), own.nextInt(40));
            words.setWord(words.header(Header.RESIZED_REGION), words.word(words.node(node, NodeTable.REGION)) + own.nextInt(4) / 3);
        }
    }
}
