package io.github.offsetallocator.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.LeakDetection;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Events of JDK Flight Recorder: what is recorded says what has happened. Here and not beside the library's tests, since a recorder
/// that was started makes garbage on threads that other tests look at.
class EventsTest {
    private static final String PREFIX = "io.github.offsetallocator.";

    @TempDir
    Path directory;

    private List<RecordedEvent> record(Recording recording, Runnable action) throws IOException {
        Path file = directory.resolve("events.jfr");
        try (recording) {
            recording.start();
            action.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream().filter(event -> event.getEventType().getName().startsWith(PREFIX)).toList();
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name, String arena) {
        return events.stream().filter(event -> event.getEventType().getName().equals(PREFIX + name) && arena.equals(event.getString("arena"))).toList();
    }

    private static Recording all() {
        Recording recording = new Recording();
        for (String name : List.of("Statistics", "ArenaOpened", "ArenaClosed", "ArenaGrown", "MetadataResized", "AllocationRefused", "SlabsDissolved", "Leak")) {
            recording.enable(PREFIX + name);
        }
        recording.enable(PREFIX + "Statistics").withPeriod(Duration.ofMillis(50));
        return recording;
    }

    private static void leak(SegmentArena arena) {
        arena.tryAllocate(320, 1);
    }

    @Test
    void anArenasLife() throws IOException {
        List<RecordedEvent> events = record(all(), () -> {
            try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("recorded").leakDetection(LeakDetection.ALL).build()) {
                long[] blocks = new long[4000];
                int made = 0;
                while ((blocks[made] = arena.tryAllocate(320, 1)) > 0) {
                    made++;
                }
                for (int i = 0; i < made; i += 2) {
                    arena.free(blocks[i]);
                }
                assertEquals(-1, arena.tryAllocate(300_000, 64));
                for (int i = 1; i < made; i += 2) {
                    arena.free(blocks[i]);
                }
                leak(arena);
                try {
                    Thread.sleep(400);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        RecordedEvent opened = named(events, "ArenaOpened", "recorded").getFirst();
        assertEquals(1 << 20, opened.getLong("size"));
        assertTrue(named(events, "MetadataResized", "recorded").stream().allMatch(event -> event.getLong("before") != event.getLong("after")));
        assertTrue(!named(events, "MetadataResized", "recorded").isEmpty());
        List<RecordedEvent> refused = named(events, "AllocationRefused", "recorded");
        assertEquals(2, refused.size());
        assertEquals(300_000, refused.getLast().getLong("asked"));
        assertEquals(64, refused.getLast().getLong("alignment"));
        long free = refused.getLast().getLong("free");
        long largest = refused.getLast().getLong("largestFree");
        assertTrue(free > 400_000 && largest > 0 && largest < 300_000, () -> free + " " + largest);
        assertEquals(1 - (float) largest / free, refused.getLast().getFloat("fragmentation"));
        assertTrue(named(events, "SlabsDissolved", "recorded").stream().mapToInt(event -> event.getInt("slabs")).sum() > 0);
        List<RecordedEvent> statistics = named(events, "Statistics", "recorded");
        assertTrue(statistics.size() > 1, () -> "statistics: " + statistics.size());
        assertEquals(1, statistics.getLast().getLong("live"));
        assertEquals(320, statistics.getLast().getLong("used"));
        assertEquals(2, statistics.getLast().getLong("refused"));
        RecordedEvent closed = named(events, "ArenaClosed", "recorded").getFirst();
        assertEquals(1, closed.getLong("live"));
        assertEquals(false, closed.getBoolean("collected"));
        RecordedEvent leak = named(events, "Leak", "recorded").getFirst();
        assertTrue(leak.getString("site").contains("EventsTest.leak("), leak::toString);
        assertEquals(1, leak.getLong("count"));
        assertEquals(320, leak.getLong("bytes"));
    }

    /// Each chunk is told of.
    /// The log names the five worst; a recording has all.
    @Test
    void everySiteThatLeaks() throws IOException {
        List<RecordedEvent> events = record(all(), () -> {
            try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("leaking").leakDetection(LeakDetection.ALL).build()) {
                arena.tryAllocate(1, 1);
                arena.tryAllocate(2, 1);
                arena.tryAllocate(3, 1);
                arena.tryAllocate(4, 1);
                arena.tryAllocate(5, 1);
                arena.tryAllocate(6, 1);
                arena.tryAllocate(7, 1);
            }
        });
        assertEquals(7, named(events, "Leak", "leaking").stream().map(event -> event.getString("site")).distinct().count());
    }

    @Test
    void chunksThatCome() throws IOException {
        List<RecordedEvent> events = record(all(), () -> {
            try (SegmentArena arena = SegmentArena.builder().growable(64 << 10, 1 << 20).name("in chunks").build()) {
                arena.tryAllocate(40_000, 1);
                arena.tryAllocate(40_000, 1);
            }
        });
        assertEquals(0, named(events, "ArenaOpened", "in chunks").getFirst().getLong("size"));
        assertEquals(List.of("0 65536", "65536 131072"), named(events, "ArenaGrown", "in chunks").stream()
                .map(event -> event.getLong("before") + " " + event.getLong("after")).toList());
    }

    /// Sampled allocations have the stack of who asked. It is off unless asked for, and arenas that are open notice.
    @Test
    void thePlansOfAnAllocator() throws IOException {
        Recording recording = new Recording();
        recording.enable(PREFIX + "CompactionPlanned");
        recording.enable(PREFIX + "CompactionDone");
        List<RecordedEvent> events = record(recording, () -> {
            try (OffsetAllocator allocator = OffsetAllocator.create(10_000)) {
                long[] blocks = LongStream.range(0, 100).map(_ -> allocator.allocate(100)).toArray();
                for (int i = 0; i < blocks.length; i += 2) {
                    allocator.free(blocks[i]);
                }
                allocator.planCompaction(1000).close();
            }
        });
        assertEquals(2, events.size());
        assertEquals(PREFIX + "CompactionPlanned", events.getFirst().getEventType().getName());
        assertEquals(1000, events.getFirst().getLong("target"));
        assertTrue(events.getFirst().getInt("moves") > 0);
        assertEquals(PREFIX + "CompactionDone", events.getLast().getEventType().getName());
        assertEquals(events.getFirst().getInt("moves"), events.getLast().getInt("moves"));
    }

    @Test
    void allocationsAreSampledWhenAskedFor() throws IOException {
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("sampled").build()) {
            Recording recording = new Recording();
            recording.enable(PREFIX + "AllocationSample").withStackTrace();
            List<RecordedEvent> events = record(recording, () -> {
                for (int i = 0; i < 1000; i++) {
                    leak(arena);
                    arena.reset();
                }
            });
            List<RecordedEvent> samples = named(events, "AllocationSample", "sampled");
            assertTrue(!samples.isEmpty());
            assertEquals(320, samples.getFirst().getLong("size"));
            assertTrue(samples.getFirst().getStackTrace().getFrames().stream().anyMatch(frame -> frame.getMethod().getName().equals("leak")));
        }
    }

    @Test
    void whatIsOffIsNotRecorded() throws IOException {
        Recording none = new Recording();
        for (String name : List.of("Statistics", "ArenaOpened", "ArenaClosed", "AllocationSample")) {
            none.disable(PREFIX + name);
        }
        List<RecordedEvent> events = record(none, () -> {
            try (SegmentArena arena = SegmentArena.builder().nativeMemory(1 << 20).name("quiet").build()) {
                leak(arena);
            }
        });
        List<String> names = new ArrayList<>();
        events.forEach(event -> names.add(event.getEventType().getName()));
        assertEquals(List.of(), names);
    }
}
