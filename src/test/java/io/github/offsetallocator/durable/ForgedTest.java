package io.github.offsetallocator.durable;

import static io.github.offsetallocator.internal.tables.NodeTable.LINKS;
import static io.github.offsetallocator.internal.tables.NodeTable.REGION;
import static io.github.offsetallocator.internal.tables.NodeTable.SLOT;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.NodeState;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
}
