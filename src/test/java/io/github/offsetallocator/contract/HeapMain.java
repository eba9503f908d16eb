package io.github.offsetallocator.contract;

import io.github.offsetallocator.ChunkSource;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/// A JVM of its own whose heap is full. Arguments: what is done, the seed, the number of batches, and the subjects. There
/// are more batches if too few calls have failed.
///
/// - `calls`: random calls while the heap has room for a few objects at most.
/// - `chunk`: requests whose chunk is opened when the heap is full.
/// - `beside`: the same, while another thread works on the same arena.
final class HeapMain {
    private static final int CRUMBS = 32;
    /// One failure is wanted for so many batches.
    static final int FAILS = 5;
    /// So many times as many batches as asked for are run for those failures.
    private static final int PATIENCE = 10;

    /// How much smaller the next pieces are once no more of a size has room. Each time it ends in collections of the heap.
    private static final int STEP = 8;

    /// Fills the heap. No collection looks into it.
    private static final long[][] ballast = new long[1000][];
    /// The last few objects that had room.
    private static final Object[] crumbs = new Object[CRUMBS];
    private static final SplittableRandom random = new SplittableRandom(6);

    private HeapMain() {}

    public static void main(String[] arguments) throws Throwable {
        long seed = Long.parseLong(arguments[1]);
        int batches = Integer.parseInt(arguments[2]);
        Path directory = Files.createTempDirectory("heap");
        for (int i = 3; i < arguments.length; i++) {
            Subject subject = Subject.valueOf(arguments[i]);
            try {
                if (arguments[0].equals("chunk")) {
                    chunksThatAreOpened();
                } else if (arguments[0].equals("reset")) {
                    firstReset(subject, directory);
                } else {
                    calls(subject, seed, batches, directory, arguments[0].equals("beside"));
                }
            } catch (Throwable failure) {
                release();
                System.out.println("FAILED " + arguments[0] + " " + subject + " seed " + seed);
                failure.printStackTrace(System.out);
                System.exit(1);
            }
        }
        Files.deleteIfExists(directory);
        System.exit(0);
    }

    // ---- the heap ----------------------------------------------------------------------------------------------

    /// Leaves room for so many small objects.
    private static void fillHeap(int room) {
        for (int i = 0; i < CRUMBS; i++) {
            crumbs[i] = new long[3];
        }
        int pieces = 0;
        for (int size = 1 << 18; size > 0; ) {
            try {
                ballast[pieces] = new long[size];
                pieces++;
            } catch (OutOfMemoryError full) {
                size /= STEP;
            }
        }
        for (int i = 0; i < room; i++) {
            crumbs[i] = null;
        }
    }

    /// To find a class of the JDK's for this, there would have to be room.
    private static void release() {
        for (int i = 0; i < ballast.length; i++) {
            ballast[i] = null;
        }
    }

    // ---- the first reset ----------------------------------------------------------------------------------------

    /// What a reset needs for the first time must not have to be found first, for which the heap has no room.
    private static void firstReset(Subject subject, Path directory) {
        try (Face face = subject.open(directory)) {
            long[] all = new long[200];
            for (int i = 0; i < all.length; i++) {
                all[i] = face.allocate(1 + i * 37 % 100, 1);
            }
            for (int i = 0; i < all.length; i += 3) {
                face.free(all[i]);
            }
            face.retire(all[1], 1);
            fillHeap(0);
            try {
                face.reset();
            } finally {
                release();
            }
            Check.equal(0, face.allocations(), "live after a reset");
            face.verify();
        }
    }

    // ---- chunks -------------------------------------------------------------------------------------------------

    /// What a source has opened it is asked to close, also if there is no room for what is to be known of it.
    private static void chunksThatAreOpened() {
        MemorySegment memory = Arena.global().allocate(1 << 16, 1 << 16);
        int[] open = {0};
        int[] room = {CRUMBS};
        ChunkSource source = new ChunkSource() {
            @Override
            public MemorySegment open(long byteSize, long byteAlignment) {
                open[0]++;
                if (room[0] < CRUMBS) {
                    fillHeap(room[0]);
                }
                return memory;
            }

            @Override
            public void close(MemorySegment chunk) {
                open[0]--;
            }
        };
        int failures = 0;
        try (SegmentArena arena = SegmentArena.builder().growable(source, 1 << 16, 1 << 20).shared().build()) {
            arena.free(arena.tryAllocate(60_000, 16)); // what is made once is made
            arena.trim();
            for (int i = 0; i < 10; i++) {
                room[0] = i;
                try {
                    arena.free(arena.tryAllocate(60_000, 16));
                } catch (OutOfMemoryError full) {
                    failures++;
                } finally {
                    release();
                }
                arena.trim();
                Check.equal(0, open[0], "open after round " + i);
            }
            arena.verify();
        }
        System.out.println("chunk: calls=10 failures=" + failures);
    }

    // ---- calls -------------------------------------------------------------------------------------------------

    private static void calls(Subject subject, long seed, int batches, Path directory, boolean beside) throws Throwable {
        Face face = subject.open(directory);
        SegmentArena arena = face instanceof ArenaFace made ? made.arena : null;
        FailureDriver driver = new FailureDriver(subject.spec(), face, FailureDriver.Rule.NOTHING_CHANGED, OutOfMemoryError.class, seed);
        try {
            for (int i = 0; i < 100; i++) {
                driver.batch(3, HeapMain::runAll);
            }
            Worker worker = beside ? new Worker(arena, OutOfMemoryError.class) : null;
            if (beside) {
                driver.besideOthers();
            }
            // by chance a call may find room each time: then it goes on until some have failed, or there is no hope
            for (int i = 0; i < batches || driver.failures() < batches / FAILS && i < batches * PATIENCE; i++) {
                List<Call> ready = driver.ready(12);
                fillHeap(random.nextInt(1 << random.nextInt(6)));
                if (worker != null) {
                    worker.work();
                }
                runAll(ready, face, arena);
                release();
                if (worker != null) {
                    driver.othersOwn(worker.standStill());
                }
                driver.settle(ready);
            }
            if (worker != null) {
                worker.freeAll();
                worker.close();
                driver.othersOwn(List.of());
            }
            driver.finish();
        } catch (Throwable failure) {
            release();
            System.out.println(driver.lastCalls());
            throw failure;
        }
        System.out.println(subject + ": calls=" + driver.calls() + " failures=" + driver.failures());
    }

    private static void runAll(List<Call> calls, Face face, SegmentArena arena) {
        for (int i = 0; i < calls.size(); i++) {
            Call call = calls.get(i);
            try {
                call.run(face, arena);
            } catch (Throwable thrown) {
                call.thrown = thrown;
            }
        }
    }
}
