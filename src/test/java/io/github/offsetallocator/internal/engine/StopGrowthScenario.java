package io.github.offsetallocator.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.MemoryDirectory;
import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
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

/// Threads that work on a durable arena which grows, by itself and by `grow`, and move, resize and retire blocks. All are stopped again and
/// again. To be loaded by a [StopLoader].
///
/// ```
///   of the call under way     a copy of the file has
///   allocate                  no block, or one of this size without a tag; of zeros if all are to be
///   free, freeAll, retire     all of the blocks, or none; so with reset, where one thread works
///   resize                    the old size or the new one, and what both have
///   reallocate                the old block, of either size, or the new one with its tag and contents; never both, never none
///   grow                      the old size of the arena, or a larger one
///   setRoot                   the old root, or the new one
/// ```
public final class StopGrowthScenario implements LongConsumer {
    private static final int GRANULE = 16;
    private static final long FIRST = 1 << 16, MOST = 160 << 10;
    private static final int STOPS = 64;
    private static final int[] CHUNKS = {GRANULE, 40 * GRANULE, 8192};

    private enum Call { NONE, ALLOCATE, END, RESIZE, REALLOCATE }

    private static final class Block {
        long offset;
        long size;
        final long tag;
        /// Whether tag and contents are as they are to be.
        boolean isReady;

        Block(long size, long tag) {
            this.size = size;
            this.tag = tag;
        }
    }

    private final class Work extends Stop.Worker {
        private final SplittableRandom random;
        private final Map<Long, Block> mine = new HashMap<>();
        private final List<Long> order = new ArrayList<>();
        /// The call that is under way, what it ends or changes, and to what size.
        private Call call = Call.NONE;
        private final List<Long> subjects = new ArrayList<>();
        private long wanted;
        /// How large the arena has been seen.
        private long seen;
        private boolean isShrinking;
        /// Whether it is the one that sets the root: it has set this one, or the next one.
        private final boolean isFirst;
        private long root;
        private long nextRoot;

        Work(long seed, boolean isFirst) {
            super(() -> {});
            random = new SplittableRandom(seed);
            this.isFirst = isFirst;
        }

        @Override
        public void run() {
            try {
                if (!shared) {
                    arena = open(file);
                }
                while (!isOver) {
                    work();
                }
                if (!shared) {
                    arena.verify();
                    arena.close();
                }
            } catch (Throwable e) {
                failure = e;
                throw e;
            }
        }

        private void work() {
            int dice = random.nextInt(100);
            if (order.isEmpty() || dice < (isShrinking ? 20 : 55)) {
                allocate(size());
            } else if (dice < 70) {
                boolean isBySegment = dice % 2 == 0;
                end(1, () -> {
                    if (isBySegment) {
                        arena.free(arena.segment(subjects.getFirst()));
                    } else {
                        arena.free(subjects.getFirst());
                    }
                });
            } else if (dice < 76) {
                end(1, () -> arena.retire(subjects.getFirst(), random.nextInt(100)));
            } else if (dice < 79) {
                arena.reclaim(random.nextInt(100));
            } else if (dice < 82) {
                end(Math.min(order.size(), 1 + random.nextInt(6)),
                        () -> arena.freeAll(subjects.stream().mapToLong(i -> i).toArray(), 0, subjects.size()));
            } else if (dice < 89) {
                resize(some());
            } else if (dice < 98) {
                reallocate(some());
            } else if (dice == 98) {
                if (!shared && random.nextInt(4) == 0) {
                    aim(1, 3000);
                    end(order.size(), arena::reset);
                } else if (isFirst) {
                    setRoot(random.nextInt(4) == 0 ? 0 : some());
                }
            } else {
                seen = Math.max(seen, arena.byteSize());
                if (random.nextInt(4) == 0) {
                    long most = Math.min(MOST, seen + GRANULE * random.nextInt(200));
                    if (most >= arena.byteSize()) {
                        grow(most);
                    }
                }
            }
        }

        private long size() {
            int dice = random.nextInt(20);
            return dice < 12 ? GRANULE * (1 + dice % 5) : dice < 19 ? random.nextInt(40 * GRANULE) : random.nextInt(400 * GRANULE);
        }

        private long some() {
            return order.get(random.nextInt(order.size()));
        }

        /// Lets one of so many calls be stopped within so many stores.
        private void aim(int calls, int stores) {
            if (isAimed && random.nextInt(calls) == 0) {
                Stop.within(1 + random.nextInt(stores));
            }
        }

        private void allocate(long size) {
            wanted = size;
            call = Call.ALLOCATE;
            long handle = arena.tryAllocate(size, 1L << Math.max(0, random.nextInt(-20, 8)));
            isShrinking = handle == SegmentArena.NO_SPACE || isShrinking && order.size() > 10;
            if (handle == SegmentArena.NO_SPACE) {
                call = Call.NONE;
                return;
            }
            Block block = new Block(size, random.nextLong() | 1);
            block.offset = arena.offset(handle);
            mine.put(handle, block);
            order.add(handle);
            call = Call.NONE;
            arena.setTag(handle, block.tag);
            fill(arena.segment(handle), block.tag);
            block.isReady = true;
        }

        private void end(int count, Runnable work) {
            for (int i = 0; i < count; i++) {
                int at = random.nextInt(order.size());
                subjects.add(order.get(at));
                order.set(at, order.getLast());
                order.removeLast();
            }
            call = Call.END;
            if (count > 1) {
                aim(20, 60);
            }
            work.run();
            subjects.forEach(mine::remove);
            call = Call.NONE;
            subjects.clear();
        }

        private void resize(long handle) {
            Block block = mine.get(handle);
            wanted = size();
            subjects.add(handle);
            call = Call.RESIZE;
            aim(20, 60);
            if (arena.resize(handle, wanted)) {
                fill(arena.segment(handle), block.tag);
                block.size = wanted;
            }
            call = Call.NONE;
            subjects.clear();
        }

        private void reallocate(long handle) {
            Block block = mine.get(handle);
            wanted = size();
            subjects.add(handle);
            call = Call.REALLOCATE;
            aim(20, 60);
            long now = random.nextBoolean() ? arena.reallocate(handle, wanted, 1) : reallocateSlice(handle);
            if (now != SegmentArena.NO_SPACE) {
                long offset = arena.offset(now);
                fill(arena.segment(now), block.tag);
                block.size = wanted;
                block.offset = offset;
                mine.remove(handle);
                mine.put(now, block);
                order.set(order.indexOf(handle), now);
            }
            call = Call.NONE;
            subjects.clear();
        }

        private long reallocateSlice(long handle) {
            try {
                return arena.allocationOf(arena.reallocate(arena.segment(handle), wanted, 1));
            } catch (OutOfSpaceException e) {
                return SegmentArena.NO_SPACE;
            }
        }

        private void setRoot(long handle) {
            nextRoot = handle;
            aim(1, 4);
            arena.setRoot(handle);
            root = handle;
        }

        private void grow(long byteSize) {
            aim(20, 60);
            try {
                arena.grow(byteSize);
                seen = Math.max(seen, byteSize);
            } catch (IllegalArgumentException e) { // another thread has made it larger
                assertTrue(arena.byteSize() > byteSize, e::toString);
            }
        }
    }

    private final Path file;
    private final Path copy;
    private boolean shared;
    private boolean zeroed;
    private long chunk;
    private volatile SegmentArena arena;
    private List<Work> workers;
    /// Whether the next stop is aimed at calls that are rare.
    private volatile boolean isAimed;
    private volatile boolean isOver;
    private volatile Throwable failure;

    public StopGrowthScenario() {
        Path directory = MemoryDirectory.create("stop");
        file = directory.resolve("file");
        copy = directory.resolve("copy");
    }

    @Override
    public void accept(long seed) {
        try {
            for (int world = 0; world < 4; world++) {
                shared = world < 2;
                zeroed = world % 2 == 1;
                try {
                    run(seed * 4 + world);
                } catch (IOException | Error | RuntimeException e) {
                    throw new AssertionError("seed " + seed + (shared ? ", shared" : ", confined") + (zeroed ? ", zeroed" : "") + ", chunk " + chunk, e);
                }
            }
        } finally {
            file.getParent().toFile().delete();
        }
    }

    private void run(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        chunk = CHUNKS[(int) (seed % CHUNKS.length)];
        isOver = false;
        workers = IntStream.range(0, shared ? 4 : 1).mapToObj(i -> new Work(seed * 31 + i, i == 0)).toList();
        try {
            open(file).close();
            if (shared) {
                arena = open(file);
            }
            workers.forEach(Thread::start);
            for (int stop = 0; stop < STOPS && failure == null; stop++) {
                isAimed = stop % 2 == 1;
                Stop.goOn(workers, 1 + random.nextInt(1 << (isAimed ? 16 : random.nextInt(4, 15))));
                look(random, stop % 4 == 0);
            }
            isOver = true;
            Stop.goOn(workers, Integer.MAX_VALUE);
            if (failure != null) {
                throw new AssertionError(failure);
            }
            if (shared) {
                arena.verify();
                arena.close();
            }
            look(random, true);
        } finally {
            isOver = true;
            Stop.goOn(workers, Integer.MAX_VALUE);
            copy.toFile().delete();
            file.toFile().delete();
        }
    }

    private SegmentArena open(Path path) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(path, FIRST).growable(chunk, MOST);
        builder = zeroed ? builder.zeroed() : builder;
        return shared ? builder.shared().build() : builder.build();
    }

    // ---- what a copy has ---------------------------------------------------------------------------------------

    private void look(SplittableRandom random, boolean isUsed) throws IOException {
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        Map<Long, Block> left;
        try (SegmentArena found = open(copy)) {
            left = check(found);
            if (isUsed) {
                use(found, left, random);
            }
        }
        if (isUsed) {
            try (SegmentArena found = open(copy)) {
                found.verify();
                left.forEach((handle, block) -> checkFilled(found.segment(handle), 0, block.size, block.tag));
            }
        }
    }

    /// Returns the blocks that are surely as they are to be.
    private Map<Long, Block> check(SegmentArena found) {
        found.verify();
        assertTrue(found.byteSize() <= MOST && workers.stream().allMatch(work -> found.byteSize() >= work.seen), () -> "it has " + found.byteSize());
        Work first = workers.getFirst();
        assertTrue(found.root() == first.root || found.root() == first.nextRoot, () -> "the root is " + found.root());
        Set<Long> there = new HashSet<>();
        long[] end = {0};
        found.forEachRegion((offset, size, allocation) -> {
            assertEquals(end[0], offset);
            end[0] += size;
            assertTrue(allocation >= 0, "something is retired");
            if (allocation > 0) {
                there.add(allocation);
            }
        });
        assertEquals(found.byteSize(), end[0]);
        assertEquals(0, found.retired());
        assertEquals(there.size(), found.allocations());
        Map<Long, Block> left = new HashMap<>();
        Set<Long> others = new HashSet<>(there);
        for (Work work : workers) {
            others.removeAll(work.mine.keySet());
            work.mine.forEach((handle, block) -> {
                if (!work.subjects.contains(handle)) {
                    assertTrue(there.contains(handle), () -> "lost: " + Long.toHexString(handle) + " of " + block.size);
                    checkBlock(found, handle, block, block.size);
                    if (block.isReady) {
                        left.put(handle, block);
                    }
                }
            });
        }
        for (Work work : workers) {
            checkCall(found, work, there, others);
        }
        assertEquals(Set.of(), others, "nobody has these");
        return left;
    }

    private void checkCall(SegmentArena found, Work work, Set<Long> there, Set<Long> others) {
        long left = work.subjects.stream().filter(there::contains).count();
        switch (work.call) {
            case NONE -> {}
            case ALLOCATE -> take(found, work.wanted, 0, others);
            case END -> {
                assertTrue(left == 0 || left == work.subjects.size(), () -> left + " of " + work.subjects.size() + " are left");
                work.subjects.stream().filter(there::contains).forEach(handle -> checkBlock(found, handle, work.mine.get(handle), work.mine.get(handle).size));
            }
            case RESIZE, REALLOCATE -> {
                long old = work.subjects.getFirst();
                Block block = work.mine.get(old);
                if (left == 1) {
                    checkBlock(found, old, block, work.wanted);
                } else {
                    assertEquals(Call.REALLOCATE, work.call, "lost");
                    long moved = take(found, work.wanted, block.tag, others);
                    assertTrue(moved != 0, () -> "neither moved nor there: " + Long.toHexString(old));
                    checkContents(found.segment(moved), block);
                }
            }
        }
    }

    /// Takes a block out of those that nobody has, if there is one like this.
    private long take(SegmentArena found, long size, long tag, Set<Long> others) {
        long handle = others.stream().filter(other -> found.size(other) == size && found.tag(other) == tag).findAny().orElse(0L);
        others.remove(handle);
        if (handle != 0 && tag == 0 && zeroed) {
            checkZeros(found.segment(handle), 0);
        }
        return handle;
    }

    /// @param other a size that the block may have, too
    private void checkBlock(SegmentArena found, long handle, Block block, long other) {
        long size = found.size(handle);
        assertTrue(size == block.size || size == other, () -> "of " + size + ", not " + block.size);
        assertEquals(block.offset, found.offset(handle));
        MemorySegment slice = found.segment(handle);
        assertEquals(handle, found.allocationOf(slice));
        long tag = found.tag(handle);
        assertTrue(tag == block.tag || tag == 0 && !block.isReady, () -> "the tag is " + tag + ", not " + block.tag);
        if (block.isReady) {
            checkContents(slice, block);
        }
    }

    /// What was there is as it was. What is behind it is of zeros, or filled already.
    private void checkContents(MemorySegment slice, Block block) {
        long kept = Math.min(slice.byteSize(), block.size);
        checkFilled(slice, 0, kept, block.tag);
        if (zeroed && kept < slice.byteSize()) {
            if (slice.get(ValueLayout.JAVA_BYTE, kept) == 0 && (byte) (block.tag + kept) != 0) {
                checkZeros(slice, kept);
            } else if ((byte) (block.tag + kept) != 0) {
                checkFilled(slice, kept, slice.byteSize(), block.tag);
            }
        }
    }

    /// The copy goes on as an arena: what is left there keeps what it holds while others come and go.
    private void use(SegmentArena found, Map<Long, Block> left, SplittableRandom random) {
        List<Long> go = left.keySet().stream().sorted().filter(_ -> random.nextInt(3) == 0).toList();
        found.freeAll(go.stream().mapToLong(i -> i).toArray(), 0, go.size());
        go.forEach(left::remove);
        for (int i = 0; i < 200; i++) {
            long handle = found.tryAllocate(random.nextInt(1, 1 << random.nextInt(5, 13)), 1);
            if (handle != SegmentArena.NO_SPACE) {
                found.segment(handle).fill((byte) i);
            }
        }
        found.verify();
        left.forEach((handle, block) -> checkFilled(found.segment(handle), 0, block.size, block.tag));
    }

    private static void fill(MemorySegment bytes, long tag) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (tag + i));
        }
    }

    private static void checkFilled(MemorySegment bytes, long from, long to, long tag) {
        for (long i = from; i < to; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != (byte) (tag + i)) {
                throw new AssertionError("byte " + i + " of " + to + " has changed");
            }
        }
    }

    private static void checkZeros(MemorySegment bytes, long from) {
        for (long i = from; i < bytes.byteSize(); i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != 0) {
                throw new AssertionError("byte " + i + " of " + bytes.byteSize() + " is not zero");
            }
        }
    }
}
