package io.github.offsetallocator.contract;

import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A JVM of its own with a limit on its address space. Arguments: what is done, and whether the arena is shared.
///
/// - `size`: prints how much address space it has taken by now.
/// - `handles`, `slices`: blocks are allocated until the metadata, or the index of slices, can't grow.
/// - `again`: as many blocks as the metadata holds are freed; then others are allocated, where it can't grow.
final class NativeMain {
    /// What is left when memory has ended: enough for the JVM, too little for a table that doubles.
    private static final int LEFT = 5;
    private static final long MEBIBYTE = 1 << 20;
    private static final int TRIES = 5;
    private static final int PIECES = 2000, PIECE = 12 << 10;

    private final List<Arena> ballast = new ArrayList<>();

    private NativeMain() {}

    public static void main(String[] arguments) throws Throwable {
        boolean shared = arguments.length > 1 && arguments[1].equals("true");
        try {
            switch (arguments[0]) {
                case "size" -> System.out.println("kibibytes=" + kibibytes());
                case "again" -> new NativeMain().again();
                default -> new NativeMain().until(arguments[0].equals("slices"), shared);
            }
        } catch (Throwable failure) {
            System.out.println("FAILED " + String.join(" ", arguments));
            failure.printStackTrace(System.out);
            System.exit(1);
        }
        System.exit(0);
    }

    private static long kibibytes() throws Exception {
        try (SegmentArena arena = SegmentArena.ofShared(64 * MEBIBYTE)) {
            arena.free(arena.allocate(100));
            return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmPeak"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).findFirst().orElseThrow();
        }
    }

    /// Leaves pieces for the JVM's own small needs, apart from each other and so of no use for a table: a JVM that finds no
    /// memory ends, which says nothing of the library.
    private void leavePieces() {
        List<Arena> freed = new ArrayList<>();
        for (int i = 0; i < PIECES; i++) {
            Arena arena = Arena.ofConfined();
            arena.allocate(PIECE, 1);
            (i % 2 == 0 ? ballast : freed).add(arena);
        }
        freed.forEach(Arena::close);
    }

    /// Takes all the memory there is, but for a little.
    private void takeAll() {
        leavePieces();
        while (true) {
            Arena arena = Arena.ofShared();
            try {
                arena.allocate(MEBIBYTE, 1);
            } catch (OutOfMemoryError end) {
                arena.close();
                break;
            }
            ballast.add(arena);
        }
        Check.that(ballast.size() > PIECES / 2 + 2 * LEFT, "there was no memory at all: " + ballast.size());
        for (int i = 0; i < LEFT; i++) {
            ballast.removeLast().close();
        }
    }

    private void giveBack() {
        ballast.forEach(Arena::close);
        ballast.clear();
    }

    private void until(boolean slices, boolean shared) {
        SegmentArena.Builder builder = SegmentArena.builder().nativeMemory(64 * MEBIBYTE);
        try (SegmentArena arena = (shared ? builder.shared() : builder).build()) {
            int most = 1 << 21;
            MemorySegment[] blocks = new MemorySegment[slices ? most : 0];
            long[] handles = new long[slices ? 0 : most];
            int live = 0;
            for (; live < 100_000; live++) { // tables of some size, so that the next one is larger than what is left
                take(arena, slices, blocks, handles, live);
            }
            takeAll();
            int failures = 0;
            for (; live < most && failures < TRIES; ) {
                try {
                    take(arena, slices, blocks, handles, live);
                    live++;
                } catch (OutOfMemoryError end) {
                    failures++;
                    Check.equal(live, arena.allocations(), "live after a failure");
                }
            }
            Check.that(failures == TRIES, "memory has not ended: " + live);
            arena.verify();
            for (int i = 0; i < 1000; i++) { // what is live can be freed, and its place used again
                live--;
                if (slices) {
                    arena.free(blocks[live]);
                } else {
                    arena.free(handles[live]);
                }
            }
            Check.equal(live, arena.allocations(), "live");
            int again = 0;
            for (int i = 0; i < 500; i++) {
                try {
                    take(arena, slices, blocks, handles, live);
                    live++;
                    again++;
                } catch (OutOfMemoryError end) {
                    failures++;
                }
            }
            Check.that(again > 0, "what was freed can't be had again");
            Check.equal(live, arena.allocations(), "live");
            giveBack();
            for (int i = 0; i < 20_000 && live < most; i++) { // and all is well again
                take(arena, slices, blocks, handles, live);
                live++;
            }
            Check.equal(live, arena.allocations(), "live");
            arena.verify();
            while (live > 0) {
                live--;
                if (slices) {
                    arena.free(blocks[live]);
                } else {
                    arena.free(handles[live]);
                }
            }
            Check.equal(arena.byteSize(), arena.storageReport().totalFreeSpace(), "free");
            arena.verify();
            System.out.println("until: failures=" + failures);
        }
    }

    private static void take(SegmentArena arena, boolean slices, MemorySegment[] blocks, long[] handles, int at) {
        if (slices) {
            blocks[at] = arena.allocate(16);
        } else {
            handles[at] = arena.tryAllocate(16, 1);
            Check.that(handles[at] > 0, "no room");
        }
    }

    /// As many blocks as the metadata has room for, all freed: then it needs no more for others.
    private void again() {
        int most = 0;
        try (OffsetAllocator probe = OffsetAllocator.create(1 << 30)) {
            long size = 0;
            for (int i = 0; i < 1_500_000; i++) {
                probe.allocate(1 + i % 3);
                if (probe.metadataSize() > size) {
                    most = size > 4 * MEBIBYTE ? i : most; // so many fit into a large table, and one more doesn't
                    size = probe.metadataSize();
                }
                if (most > 0) {
                    break;
                }
            }
        }
        Check.that(most > 0, "the metadata does not grow");
        try (OffsetAllocator allocator = OffsetAllocator.create(1 << 30)) {
            long[] blocks = new long[most];
            for (int i = 0; i < most; i++) {
                blocks[i] = allocator.allocate(1 + i % 3);
            }
            long size = allocator.metadataSize();
            for (long block : blocks) {
                allocator.free(block);
            }
            takeAll();
            for (int i = 0; i < 1000; i++) {
                blocks[i] = allocator.allocate(1 + i % 90);
                allocator.resize(blocks[i], 2 + i % 70); // it may have a neighbour
            }
            allocator.grow((1 << 30) + 100);
            allocator.freeAll(blocks, 0, 1000);
            allocator.verify();
            giveBack();
            Check.that(allocator.metadataSize() <= size, "it took more");
            System.out.println("again: failures=0");
        }
    }
}
