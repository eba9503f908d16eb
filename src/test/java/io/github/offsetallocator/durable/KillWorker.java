package io.github.offsetallocator.durable;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.durable.Report.Kind;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Works on a durable arena until it is killed, and says over a pipe what it is about to do and what it has done. The pipe is all
/// that its killer knows of it.
final class KillWorker {
    private static final int BATCH = 8;

    private final Setting setting;
    private final int thread;
    private final SplittableRandom random;
    private final OutputStream out;
    private final List<Long> mine = new ArrayList<>();
    private SegmentArena arena;

    private KillWorker(Setting setting, int thread, long seed, OutputStream out) {
        this.setting = setting;
        this.thread = thread;
        this.out = out;
        random = new SplittableRandom(seed * 31 + thread);
    }

    /// Arguments: setting, file, seed.
    public static void main(String[] arguments) throws InterruptedException {
        Setting setting = Setting.valueOf(arguments[0]);
        Path file = Path.of(arguments[1]);
        long seed = Long.parseLong(arguments[2]);
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        List<KillWorker> workers = new ArrayList<>();
        for (int thread = 0; thread < setting.threads; thread++) {
            workers.add(new KillWorker(setting, thread, seed, out));
        }
        SplittableRandom random = new SplittableRandom(seed);
        while (true) {
            round(setting, file, out, workers, random);
        }
    }

    private static void round(Setting setting, Path file, OutputStream out, List<KillWorker> workers, SplittableRandom random) throws InterruptedException {
        Report.before(0, Kind.OPEN).write(out);
        SegmentArena arena = setting.open(file);
        Report.after(0, Kind.OPEN).write(out);
        List<Long> found = new ArrayList<>();
        arena.forEachAllocation(found::add);
        for (KillWorker worker : workers) {
            worker.arena = arena;
            worker.mine.clear();
        }
        for (int i = 0; i < found.size(); i++) {
            workers.get(i % workers.size()).mine.add(found.get(i));
        }
        int calls = 1 << random.nextInt(4, 13);
        if (workers.size() == 1) {
            workers.getFirst().work(calls);
        } else {
            List<Thread> threads = workers.stream().map(worker -> Thread.ofPlatform().start(() -> worker.work(calls))).toList();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        if (random.nextInt(8) == 0) {
            Report.before(0, Kind.RESET).write(out);
            arena.reset();
            Report.after(0, Kind.RESET).write(out);
        }
        if (random.nextInt(4) == 0) {
            arena.force();
        }
        Report.before(0, Kind.CLOSE).write(out);
        arena.close();
        Report.after(0, Kind.CLOSE).write(out);
    }

    private void work(int calls) {
        try {
            for (int i = 0; i < calls; i++) {
                call();
            }
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(3);
        }
    }

    private void call() {
        int dice = random.nextInt(100);
        boolean isFull = mine.size() > setting.blocks / setting.threads;
        if (mine.isEmpty() || !isFull && dice < 40) {
            allocate();
        } else if (dice < 62) {
            free(dice % 2 == 0);
        } else if (dice < 70) {
            churn();
        } else if (dice < 76) {
            resize();
        } else if (dice < 84) {
            reallocate();
        } else if (dice < 87) {
            freeAll();
        } else if (dice < 92) {
            long handle = some();
            tag(handle, random.nextLong());
            fill(handle);
        } else if (dice < 94) {
            long handle = take();
            before(Kind.RETIRE, handle);
            arena.retire(handle, random.nextLong());
            after(Kind.RETIRE);
        } else if (dice < 95 && random.nextInt(4) == 0) {
            dissolve();
        } else if (dice < 96 && thread == 0 && setting.isGrown()) {
            grow();
        } else if (dice < 97 && setting.threads == 1) {
            long handle = dice == 96 ? 0 : some();
            before(Kind.ROOT, handle);
            arena.setRoot(handle);
            after(Kind.ROOT);
        } else {
            arena.reclaim(random.nextLong());
        }
    }

    private void before(Kind kind, long... arguments) {
        Report.before(thread, kind, arguments).write(out);
    }

    private void after(Kind kind, long... results) {
        Report.after(thread, kind, results).write(out);
    }

    private long some() {
        return mine.get(random.nextInt(mine.size()));
    }

    private long take() {
        int i = random.nextInt(mine.size());
        long taken = mine.get(i);
        mine.set(i, mine.getLast());
        mine.removeLast();
        return taken;
    }

    private long size() {
        int dice = random.nextInt(20);
        return dice < 8 ? 1 + random.nextInt(64) : dice < 14 ? 200 : dice < 19 ? random.nextInt(2000) : random.nextInt(1, setting.largest);
    }

    private void allocate() {
        long size = size();
        long alignment = 1L << Math.max(0, random.nextInt(-20, 10));
        before(Kind.ALLOCATE, size, alignment);
        long handle = arena.tryAllocate(size, alignment);
        after(Kind.ALLOCATE, handle);
        if (handle != SegmentArena.NO_SPACE) {
            mine.add(handle);
            tag(handle, random.nextLong());
            fill(handle);
        }
    }

    /// Asks for all that is free, or for more than any region has.
    private void dissolve() {
        long size = random.nextInt(4) == 0 ? arena.storageReport().totalFreeSpace() : arena.storageReport().largestFreeRegion() + random.nextInt(1, 2000);
        before(Kind.DISSOLVE, size, 1);
        long handle = arena.tryAllocate(size, 1);
        after(Kind.DISSOLVE, handle);
        if (handle != SegmentArena.NO_SPACE) {
            before(Kind.FREE, handle);
            arena.free(handle);
            after(Kind.FREE);
        }
    }

    /// Many times, since once takes less time than a kill.
    private void grow() {
        for (int times = 1 << random.nextInt(7); times > 0; times--) {
            long size = Math.min(arena.maxByteSize(), arena.byteSize() + 16 * random.nextInt(1, 1 << random.nextInt(1, 7)));
            before(Kind.GROW, size);
            arena.grow(size);
            after(Kind.GROW);
        }
    }

    private void tag(long handle, long tag) {
        before(Kind.TAG, handle, tag);
        arena.setTag(handle, tag);
        after(Kind.TAG);
    }

    private void fill(long handle) {
        before(Kind.FILL, handle);
        long tag = arena.tag(handle);
        MemorySegment bytes = arena.segment(handle);
        for (long i = 0; i < bytes.byteSize(); i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, Report.content(tag, i));
        }
        after(Kind.FILL);
    }

    private void free(boolean bySegment) {
        long handle = take();
        if (bySegment) {
            before(Kind.FREE_SEGMENT, handle);
            arena.free(arena.segment(handle));
            after(Kind.FREE_SEGMENT);
        } else {
            before(Kind.FREE, handle);
            arena.free(handle);
            after(Kind.FREE);
        }
    }

    private void freeAll() {
        long[] handles = new long[Math.min(mine.size(), 1 + random.nextInt(BATCH))];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = take();
        }
        before(Kind.FREE_ALL, handles);
        arena.freeAll(handles, 0, handles.length);
        after(Kind.FREE_ALL);
    }

    private void resize() {
        long handle = some();
        long size = random.nextBoolean() ? size() : Math.max(0, arena.size(handle) + random.nextInt(-40, 60));
        before(Kind.RESIZE, handle, size);
        after(Kind.RESIZE, arena.resize(handle, size) ? 1 : 0);
    }

    private void reallocate() {
        long handle = take();
        long size = size();
        before(Kind.REALLOCATE, handle, size);
        long now = arena.reallocate(handle, size, 1);
        after(Kind.REALLOCATE, now);
        mine.add(now == SegmentArena.NO_SPACE ? handle : now);
    }

    private void churn() {
        long seed = random.nextLong();
        long[] sizes = Report.churn(seed, 1 + random.nextInt(random.nextInt(3) == 0 ? setting.churn : 40));
        before(Kind.CHURN, seed, sizes.length);
        long[] handles = new long[sizes.length];
        int made = 0;
        for (int round = 0; round < 3; round++) {
            made = 0;
            for (long size : sizes) {
                long handle = arena.tryAllocate(size, 1);
                if (handle != SegmentArena.NO_SPACE) {
                    handles[made++] = handle;
                }
            }
            for (int i = made; i > 0; i--) {
                int j = random.nextInt(i);
                arena.free(handles[j]);
                handles[j] = handles[i - 1];
            }
        }
        after(Kind.CHURN);
    }
}
