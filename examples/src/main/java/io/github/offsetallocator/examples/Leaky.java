package io.github.offsetallocator.examples;

import io.github.offsetallocator.LeakDetection;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.Writer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// A program with three leaks of different kinds. `docs/observability.md` says how to find them; don't read on before you have.
///
/// It serves requests: each has a buffer, most are answered from a cache, some fail. Arguments: how many requests, `off`, `sampled` or
/// `all`, and two files to dump to, after half of the requests and at the end.
public final class Leaky {
    private final SegmentArena arena;
    private final Map<String, MemorySegment> cache = new HashMap<>();
    private final Deque<Long> recent = new ArrayDeque<>();

    private Leaky(SegmentArena arena) {
        this.arena = arena;
    }

    /// Serves requests.
    public static void main(String[] args) throws IOException, InterruptedException {
        int requests = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        LeakDetection detection = args.length > 1 ? LeakDetection.valueOf(args[1].toUpperCase(java.util.Locale.ROOT)) : LeakDetection.OFF;
        try (SegmentArena arena = SegmentArena.builder().nativeMemory(64 << 20).name("requests").leakDetection(detection).build()) {
            Leaky program = new Leaky(arena);
            for (int i = 0; i < requests; i++) {
                program.serve(i);
                if (i == requests / 2 && args.length > 2) {
                    dump(arena, Path.of(args[2]));
                }
                if (i % 1000 == 999) {
                    Thread.sleep(20);
                }
            }
            if (args.length > 3) {
                dump(arena, Path.of(args[3]));
            }
            program.stop();
            System.out.println(arena.statistics());
        }
    }

    private static void dump(SegmentArena arena, Path file) throws IOException {
        try (Writer out = Files.newBufferedWriter(file)) {
            arena.dump(out);
        }
    }

    private void serve(int request) {
        MemorySegment buffer = arena.allocate(512 + request % 7 * 100, 8);
        try {
            parse(request, buffer);
            store("key-" + request % 500, request);
            remember(request);
        } catch (IllegalArgumentException bad) {
            return; // the first leak: the buffer of a request that fails
        }
        arena.free(buffer);
    }

    private static void parse(int request, MemorySegment buffer) {
        buffer.set(ValueLayout.JAVA_INT, 0, request);
        if (request % 97 == 0) {
            throw new IllegalArgumentException("request " + request + " makes no sense");
        }
    }

    /// The second leak: what was stored under a key before is forgotten, not freed.
    private void store(String key, int value) {
        if (value % 10 == 0) {
            MemorySegment entry = arena.allocate(64, 8);
            entry.set(ValueLayout.JAVA_INT, 0, value);
            cache.put(key, entry);
        }
    }

    /// The third leak: of the two blocks of a note, only one is freed with it.
    private void remember(int request) {
        if (request % 25 == 0) {
            long note = arena.tryAllocate(40, 8);
            arena.setTag(note, attachment(request));
            recent.add(note);
        }
        if (recent.size() > 100) {
            arena.free(recent.remove());
        }
    }

    private long attachment(int request) {
        return arena.tryAllocate(1000 + request % 3 * 500, 8);
    }

    private void stop() {
        cache.values().forEach(arena::free);
        while (!recent.isEmpty()) {
            arena.free(recent.remove());
        }
    }
}
