package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Dumps. That they are JSON is tested where there is a parser for it, in the tools.
class DumpTest {
    private static String dump(SegmentArena arena) {
        StringBuilder out = new StringBuilder();
        try {
            arena.dump(out);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toString();
    }

    private static long number(String text, String name) {
        MatchResult match = Pattern.compile("\"" + name + "\": (-?\\d+)").matcher(text).results().findFirst().orElseThrow(() -> new AssertionError(name + " in " + text));
        return Long.parseLong(match.group(1));
    }

    private static List<String> regions(String dump) {
        return dump.substring(dump.indexOf("\"regions\"")).lines().skip(1).filter(line -> line.contains("{")).map(String::strip).toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void regionsFollowEachOther(boolean shared) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(1 << 20).name("a \"dump\"\n\\").leakDetection(LeakDetection.ALL);
        try (SegmentArena arena = shared ? builder.shared().build() : builder.build()) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                blocks.add(arena.tryAllocate(1 + i * 7 % 900, 1));
            }
            for (int i = 0; i < 500; i += 3) {
                arena.free(blocks.get(i));
            }
            arena.setTag(blocks.get(1), -5);
            arena.retire(blocks.get(2), 1);
            String dump = dump(arena);
            assertTrue(dump.contains("\"name\": \"a \\\"dump\\\"\\u000a\\\\\""), dump);
            long at = 0;
            long live = 0;
            long free = 0;
            for (String region : regions(dump)) {
                assertEquals(at, number(region, "offset"), region);
                at += number(region, "size");
                live += region.contains("\"live\"") ? 1 : 0;
                free += region.contains("\"free\"") ? number(region, "size") : 0;
                assertEquals(region.contains("\"live\""), region.contains("\"site\": 0"), region);
            }
            assertEquals(1 << 20, at);
            assertEquals(arena.allocations(), live);
            assertEquals(arena.allocations(), number(dump, "liveAllocations"));
            assertEquals(arena.statistics().freeBytes(), free);
            assertEquals(1, regions(dump).stream().filter(region -> region.contains("\"tag\": -5")).count());
            assertEquals(1, regions(dump).stream().filter(region -> region.contains("\"retired\"")).count());
            assertTrue(dump.contains("\"slotSize\""), dump);
            assertTrue(dump.contains("DumpTest.regionsFollowEachOther("), dump);
            arena.verify();
        }
    }

    /// Another thread makes and frees blocks that lie in no slab: bins and regions of a dump must fit each other.
    @Test
    void isOfOneMoment() throws InterruptedException {
        AtomicBoolean enough = new AtomicBoolean();
        try (SegmentArena arena = SegmentArena.ofShared(16 << 20)) {
            Thread other = Thread.ofPlatform().daemon().start(() -> {
                SplittableRandom random = new SplittableRandom(1);
                long[] blocks = new long[16];
                for (int at = 0; !enough.get(); at = random.nextInt(blocks.length)) {
                    if (blocks[at] > 0) {
                        arena.free(blocks[at]);
                    }
                    blocks[at] = arena.tryAllocate(50_000 + random.nextInt(300_000), 1);
                }
            });
            try {
                for (int i = 0; i < 500; i++) {
                    String dump = dump(arena);
                    long free = regions(dump).stream().filter(region -> region.contains("\"free\"")).count();
                    String bins = dump.substring(dump.indexOf("\"bins\""), dump.indexOf("\"slabs\""));
                    long inBins = Pattern.compile("\"count\": (\\d+)").matcher(bins).results().mapToLong(match -> Long.parseLong(match.group(1))).sum();
                    assertEquals(free, inBins, dump);
                }
            } finally {
                enough.set(true);
                other.join();
            }
        }
    }

    /// A stream that fails takes nothing with it.
    @Test
    void aStreamThatFails() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 16)) {
            arena.tryAllocate(10, 1);
            Appendable broken = new Appendable() {
                @Override
                public Appendable append(CharSequence text) throws IOException {
                    throw new IOException("full");
                }

                @Override
                public Appendable append(CharSequence text, int start, int end) throws IOException {
                    throw new IOException("full");
                }

                @Override
                public Appendable append(char c) throws IOException {
                    throw new IOException("full");
                }
            };
            assertThrows(IOException.class, () -> arena.dump(broken));
            assertThrows(NullPointerException.class, () -> arena.dump(null));
            assertEquals(1, arena.allocations());
            arena.verify();
        }
    }
}
