package io.github.offsetallocator.durable;

import static io.github.offsetallocator.internal.tables.NodeTable.LINKS;
import static io.github.offsetallocator.internal.tables.NodeTable.REGION;
import static io.github.offsetallocator.internal.tables.NodeTable.SLOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Files of which someone who knows how they are made has changed just what no accident would.
class ForgedTest {
    private static final long SIZE = 1 << 20;

    @TempDir
    Path directory;

    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve("arena");
    }

    private SegmentArena.Builder builder(boolean isShared) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(path, SIZE);
        return isShared ? builder.shared() : builder;
    }

    private void mustBeRefused(String reason, boolean isShared) {
        String message = assertThrows(UncheckedIOException.class, () -> builder(isShared).build().close()).getMessage();
        assertTrue(message.contains(path.toString()) && message.contains(reason), message);
    }

    /// Slack that is more than its bits would turn the links of the node into those of a slab, whose place nobody has looked at.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theSlackOfAResizedBlockIsLookedAtWhateverItsNode(boolean isShared) {
        try (SegmentArena arena = builder(false).build()) {
            arena.tryAllocate(64 << 10, 16);
            long[] small = new long[40];
            for (int i = 0; i < small.length; i++) {
                small[i] = arena.tryAllocate(16, 16);
            }
            for (long handle : small) {
                arena.free(handle);
            }
        }
        FileWords words = new FileWords(path);
        int node = words.half(words.row(1, SlabTable.NODE));
        words.setWord(words.node(node, LINKS), NodeState.live(0, 1));
        words.setHalf(words.node(node, SLOT), 1 << 6);
        words.setHalf(words.header(Header.RESIZED), node);
        words.setHalf(words.header(Header.RESIZED_SLACK), 0x4000_0000);
        words.setWord(words.header(Header.RESIZED_REGION), words.word(words.node(node, REGION)));
        words.setWord(words.row(1, SlabTable.SHAPE), words.word(words.row(1, SlabTable.SHAPE)) & 0xFFFF_FFFFL);
        words.saveAsKilled();
        mustBeRefused("resized", isShared);
    }

    /// Its links could not take the slack that was looked at.
    @Test
    void aBlockThatIsMarkedIsNotResized() {
        long block;
        try (SegmentArena arena = builder(false).build()) {
            block = arena.tryAllocate(64 << 10, 16);
        }
        FileWords words = new FileWords(path);
        int node = (int) block;
        words.setWord(words.node(node, LINKS), NodeState.live(NodeState.MAX_SLACK, (int) (block >>> 32)) | NodeState.PENDING);
        words.setHalf(words.header(Header.RESIZED), node);
        words.setHalf(words.header(Header.RESIZED_SLACK), 0);
        words.setWord(words.header(Header.RESIZED_REGION), words.word(words.node(node, REGION)));
        words.saveAsKilled();
        mustBeRefused("less than no bytes", false);
    }

    /// A slab made anew may have a rest behind its slots, but no more than an eighth of its region.
    @ParameterizedTest
    @ValueSource(longs = {40, 1L << 32, -1L << 32})
    void aSlabsRegionIsThatOfItsSlots(long change) {
        try (SegmentArena arena = builder(false).build()) {
            for (int i = 0; i < 40; i++) {
                arena.tryAllocate(16, 16);
            }
        }
        FileWords words = new FileWords(path);
        int region = words.node(words.half(words.row(1, SlabTable.NODE)), REGION);
        words.setWord(region, words.word(region) + change);
        words.saveAsKilled();
        mustBeRefused("a slab's region is not that of its slots", true);
    }

    /// While a reset is under way, slots may have lost their places. What a batch brings to light has one.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSuccessorThatHasMovedToNoNodeIsLeftAlone(boolean isShared) {
        int apart = 0;
        try (SegmentArena arena = builder(false).build()) {
            for (int i = 0; i < 40; i++) {
                apart += SlabTable.isSlot(arena.tryAllocate(16, 16)) ? 0 : 1;
            }
        }
        FileWords words = new FileWords(path);
        long generation = words.word(words.entry(1 << 6)) & SlabTable.GENERATION | SlabTable.ONE_GENERATION;
        words.setWord(words.entry(1 << 6), generation | 0xFFFF_FFFFL);
        words.setHalf(words.row(1, SlabTable.NODE), 0);
        words.setHalf(words.header(Header.RESETTING), 1);
        words.setHalf(words.header(Header.DECIDED), 1);
        words.setWord(words.header(Header.SUCCESSOR), generation | SlabTable.MOVED | 1 << 6);
        words.saveAsKilled();
        try (SegmentArena arena = builder(isShared).build()) {
            arena.verify();
            assertEquals(apart, arena.allocations());
        }
    }

    /// It would count as a block for a rebuild, without slabs to ask, but its place was not looked at.
    @Test
    void withoutSlabsNoNodeStandsForASlot() {
        long a;
        long b;
        try (SegmentArena arena = builder(false).fit(Fit.REFERENCE).build()) {
            a = arena.tryAllocate(64 << 10, 16);
            b = arena.tryAllocate(64 << 10, 16);
        }
        FileWords words = new FileWords(path);
        words.setHalf(words.node((int) b, SLOT), 5);
        words.setWord(words.node((int) b, REGION), words.word(words.node((int) a, REGION)));
        words.setHalf(words.header(Header.RESETTING), 1);
        words.saveAsKilled();
        mustBeRefused("a slot that there is not", false);
    }

    /// A kill between the last stores of a dissolving, where other threads have freed the first slot and taken it again since its node was
    /// written: the entry says what the block is.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSlotThatWasTakenAgainWhileItsSlabDissolvedIsAsItsEntrySays(boolean isShared) {
        int slot = 1 << 6;
        long block = 0;
        try (SegmentArena arena = builder(false).build()) {
            for (int i = 0; i < 10; i++) {
                long handle = arena.tryAllocate(9, 1);
                if (SlabTable.isSlot(handle) && SlabTable.slotOf(handle) == slot) {
                    block = handle;
                } else if (SlabTable.isSlot(handle)) {
                    arena.free(handle);
                }
            }
        }
        FileWords words = new FileWords(path);
        int node = words.half(words.row(1, SlabTable.NODE));
        long region = words.word(words.node(node, REGION));
        words.setWord(words.node(node, REGION), region & 0xFFFF_FFFF_0000_0000L | 1);
        words.setHalf(words.node(node, SLOT), slot);
        words.setWord(words.node(node, LINKS), NodeState.live(0, (int) (block >>> 32) - 2) | NodeState.RETIRED);
        for (int place = 1; place < SlabTable.slots(words.word(words.row(1, SlabTable.SHAPE))); place++) {
            words.setWord(words.entry(slot | place), words.word(words.entry(slot | place)) & SlabTable.GENERATION);
        }
        words.saveAsKilled();
        try (SegmentArena arena = builder(isShared).build()) {
            arena.verify();
            assertEquals(9, arena.size(block));
            arena.free(block);
            arena.verify();
        }
    }

    /// Sizes that no arena has, with tables as they would go with them: the length of the file is right.
    @ParameterizedTest
    @CsvSource({"16, 1048576, -1", "16, -1, 1048576", "16, 0, 1048576", "16, 1048577, 1048576", "24, 1048576, 4", "24, 1048576, 0", "24, 1048576, 25", "24, 1048576, -1"})
    void sizesThatNoArenaHasAreRefused(int at, long byteSize, long other) throws IOException {
        builder(false).build().close();
        FileWords words = new FileWords(path);
        if (at == 16) {
            words.setWord(16, byteSize);
            words.setWord(40, other);
        } else {
            words.setHalf(24, (int) other);
        }
        words.save();
        Sample.correct(path);
        if (at == 24 && other == 4) {
            builder(false).build().close();
        } else {
            mustBeRefused("makes no sense", false);
        }
    }
}
