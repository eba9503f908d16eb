package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.MemoryDirectory;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/// Threads that share a durable arena, and are all stopped again and again. To be loaded by a [StopLoader].
public final class StopScenario implements LongConsumer {
    private static final int GRANULE = 16;
    private static final int THREADS = 4;
    /// @param granules of the range
    /// @param room     of them that are not taken by one large block: a little more than an eighth, so that slabs are soon made anew
    /// @param most     that a thread has live, about
    /// @param sizes    of which a thread makes many before it goes on to another, in granules
    private record World(int granules, int room, int most, int stops, int... sizes) {}

    private static final World SMALL = new World(1 << 13, 3000, 400, 100, 1, 2, 3, 5, 7, 9, 11, 12, 16, 20);
    private static final World LARGE = new World(1 << 18, 36_000, 2000, 40, 70, 75, 83, 90, 120);

    private static final class Block {
        long offset;
        long size;
        long tag;
        /// Whether tag and contents are as they are to be.
        boolean isReady;
    }

    private final class Work extends Stop.Worker {
        private final SplittableRandom random;
        private final Map<Long, Block> mine = new HashMap<>();
        private final List<Long> order = new ArrayList<>();
        /// Of the call that is under way: what ends, or the size that is asked for, or what is being resized and to what size.
        private final List<Long> ending = new ArrayList<>();
        private long wanted = -1;
        private long taken;
        private long resized;
        private long newSize;

        Work(long seed) {
            super(() -> {});
            random = new SplittableRandom(seed);
        }

        @Override
        public void run() {
            try {
                while (!isOver) {
                    phase();
                }
            } catch (Throwable e) {
                failure = e;
                throw e;
            }
        }

        /// Many of a size come, and all of them or some go.
        private void phase() {
            long size = (long) world.sizes[random.nextInt(world.sizes.length)] * GRANULE - random.nextInt(GRANULE);
            for (int i = random.nextInt(10, 150); i > 0 && !isOver && taken < world.most; i--) {
                allocate(size);
                if (random.nextInt(300) == 0 && !order.isEmpty()) {
                    resize(order.get(random.nextInt(order.size())), random.nextInt(60 * GRANULE));
                }
            }
            int stay = random.nextBoolean() ? 0 : random.nextInt(30);
            while (order.size() > stay && !isOver) {
                if (random.nextInt(10) == 0) {
                    freeAll(Math.min(order.size(), 1 + random.nextInt(6)));
                } else {
                    free();
                }
            }
        }

        private void allocate(long size) {
            wanted = size;
            long handle = arena.tryAllocate(size, 1);
            wanted = -1;
            if (handle == SegmentArena.NO_SPACE) {
                return;
            }
            Block block = new Block();
            block.size = size;
            taken += size / GRANULE;
            block.offset = arena.offset(handle);
            block.tag = random.nextLong() | 1;
            mine.put(handle, block);
            order.add(handle);
            arena.setTag(handle, block.tag);
            fill(arena.segment(handle), block.tag);
            block.isReady = true;
        }

        private void free() {
            long handle = order.removeLast();
            ending.add(handle);
            arena.free(handle);
            gone();
        }

        private void freeAll(int count) {
            List<Long> some = order.subList(order.size() - count, order.size());
            ending.addAll(some);
            some.clear();
            arena.freeAll(ending.stream().mapToLong(i -> i).toArray(), 0, count);
            gone();
        }

        private void gone() {
            ending.forEach(handle -> taken -= mine.remove(handle).size / GRANULE);
            ending.clear();
        }

        private void resize(long handle, long size) {
            Block block = mine.get(handle);
            newSize = size;
            resized = handle;
            boolean isDone = arena.resize(handle, size);
            if (isDone) {
                fill(arena.segment(handle), block.tag); // until here its contents don't count
                taken += size / GRANULE - block.size / GRANULE;
                block.size = size;
            }
            resized = 0;
        }
    }

    private final Path file;
    private final Path copy;
    private World world;
    private long bytes;
    private long ballast;
    private SegmentArena arena;
    private List<Work> workers;
    private volatile boolean isOver;
    private volatile Throwable failure;

    public StopScenario() {
        Path directory = MemoryDirectory.create("stop");
        file = directory.resolve("file");
        copy = directory.resolve("copy");
    }

    /// Lets threads work and looks at what is in the file each time that they are stopped.
    @Override
    public void accept(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        world = seed % 2 == 0 ? SMALL : LARGE;
        bytes = (long) world.granules * GRANULE;
        ballast = bytes - world.room * GRANULE;
        workers = IntStream.range(0, THREADS).mapToObj(i -> new Work(seed * 31 + i)).toList();
        try {
            arena = open(file);
            arena.allocate(ballast, 1); // so that there is little room
            arena.verify();
            workers.forEach(Thread::start);
            for (int stop = 0; stop < world.stops && failure == null; stop++) {
                Stop.goOn(workers, 1 + random.nextInt(1 << random.nextInt(4, world == SMALL ? 14 : 17)));
                look();
            }
            isOver = true;
            Stop.goOn(workers, Integer.MAX_VALUE);
            if (failure != null) {
                throw new AssertionError(failure);
            }
            arena.verify();
            arena.close();
            look();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            isOver = true;
            Stop.goOn(workers, Integer.MAX_VALUE);
            copy.toFile().delete();
            file.toFile().delete();
            file.getParent().toFile().delete();
        }
    }

    private SegmentArena open(Path path) {
        return SegmentArena.builder().durable(path, bytes).shared().build();
    }

    private void look() throws IOException {
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        try (SegmentArena found = open(copy)) {
            found.verify();
            Set<Long> there = new HashSet<>();
            long[] end = {0};
            found.forEachRegion((offset, size, allocation) -> {
                assertEquals(end[0], offset);
                end[0] += size;
                if (allocation > 0) {
                    there.add(allocation);
                }
            });
            assertEquals(bytes, end[0]);
            Set<Long> others = new HashSet<>(there);
            for (Work work : workers) {
                work.mine.forEach((handle, block) -> check(found, work, handle, block, there.contains(handle)));
                others.removeAll(work.mine.keySet());
                long left = work.ending.stream().filter(there::contains).count();
                assertTrue(left == 0 || left == work.ending.size(), () -> left + " of " + work.ending.size() + " are left");
            }
            List<Long> wanted = new ArrayList<>(workers.stream().map(work -> work.wanted).toList());
            wanted.add(ballast);
            for (long handle : others) {
                assertTrue(wanted.remove(found.size(handle)), () -> "nobody has " + Long.toHexString(handle) + " of " + found.size(handle));
                assertEquals(0, found.tag(handle));
            }
        }
    }

    private static void check(SegmentArena found, Work work, long handle, Block block, boolean isThere) {
        if (!isThere) {
            assertTrue(work.ending.contains(handle), () -> "lost: " + Long.toHexString(handle) + " of " + block.size);
            return;
        }
        boolean isResized = work.resized == handle;
        long size = found.size(handle);
        assertTrue(size == block.size || isResized && size == work.newSize, () -> "of " + size + ", not " + block.size);
        assertEquals(block.offset, found.offset(handle));
        assertEquals(handle, found.allocationOf(found.segment(handle)));
        long tag = found.tag(handle);
        assertTrue(tag == block.tag || tag == 0 && !block.isReady, () -> "the tag is " + tag + ", not " + block.tag);
        if (block.isReady && !isResized) {
            checkFilled(found.segment(handle), block.tag);
        }
    }

    private static void fill(MemorySegment bytes, long tag) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (tag + i));
        }
    }

    private static void checkFilled(MemorySegment bytes, long tag) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            assertEquals((byte) (tag + i), bytes.get(ValueLayout.JAVA_BYTE, i));
        }
    }
}
