package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.StorageReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Mixed work of many threads on one shared arena for a long time, and a look at everything at each quiet point.
///
/// ```
///  round       few threads | one per core | 64 | 1000 virtual | few ...      new threads each time
///  meanwhile   one more walks and reports
///  quiet       verify, content of every block, the books to the byte
///  now and then  free everything and allocate the whole, or reset
/// ```
///
/// Run: `java -cp stress/target/jcstress.jar io.github.offsetallocator.stress.Soak --minutes 10`
@Command(
        name = "java -cp stress/target/jcstress.jar io.github.offsetallocator.stress.Soak",
        mixinStandardHelpOptions = true,
        description = "Mixed work of many threads on one shared arena, with every slice checked, for as long as you like.")
public final class Soak implements Callable<Integer> {
    private static final int EXCHANGE = 1024;
    private static final int VIRTUAL = 1000;
    private static final long ROUND_MILLIS = 500;
    private static final long PROGRESS_NANOS = 5_000_000_000L;
    private static final long PATIENCE_MILLIS = 120_000;
    private static final int EMPTY_EVERY = 10;
    private static final int RESET_EVERY = 25;

    @Option(names = "--minutes", paramLabel = "N", defaultValue = "10", description = "How long (default: ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(names = "--mebibytes", paramLabel = "N", defaultValue = "16", description = "Size of the arena (default: ${DEFAULT-VALUE}).")
    private long mebibytes;

    @Option(names = "--seed", paramLabel = "N", description = "Of the random numbers (default: another one each time).")
    private long seed = System.nanoTime();

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<SoakWorker> workers = new ArrayList<>();
    private final BlockingQueue<SoakBlock> exchange = new ArrayBlockingQueue<>(EXCHANGE);
    private SegmentArena arena;
    private volatile boolean over;
    private long walks;

    private Soak() {}

    /// See [Soak].
    public static void main(String[] args) {
        System.exit(new CommandLine(new Soak()).execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        int cores = Runtime.getRuntime().availableProcessors();
        System.out.printf(Locale.ROOT, "seed %d, %d cores, %d MiB, %.1f minutes%n", seed, cores, mebibytes, minutes);
        SplittableRandom random = new SplittableRandom(seed);
        long start = System.nanoTime();
        long end = start + (long) (minutes * 60e9);
        try (SegmentArena shared = SegmentArena.ofShared(mebibytes << 20)) {
            arena = shared;
            for (int i = 0; i < VIRTUAL; i++) {
                workers.add(new SoakWorker(shared, exchange, random.split()));
            }
            int round = 0;
            for (long nextProgress = start; System.nanoTime() < end; ) {
                round++;
                work(round, cores);
                quiet(round);
                if (System.nanoTime() >= nextProgress) {
                    progress(round, System.nanoTime() - start);
                    nextProgress = System.nanoTime() + PROGRESS_NANOS;
                }
            }
            empty(round);
            progress(round, System.nanoTime() - start);
        } catch (AssertionError fault) {
            System.out.println("FAILED with seed " + seed);
            throw fault;
        }
        System.out.println("Nothing lost, nothing handed out twice.");
        return 0;
    }

    private void work(int round, int cores) throws InterruptedException {
        boolean virtual = round % 4 == 3;
        int threads = switch (round % 4) {
            case 0 -> 2;
            case 1 -> Math.max(2, cores);
            case 2 -> 64;
            default -> VIRTUAL;
        };
        ThreadFactory kind = virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().daemon().factory();
        over = false;
        workers.forEach(SoakWorker::forgetRetired);
        List<Thread> all = new ArrayList<>();
        for (SoakWorker worker : workers.subList(0, threads)) {
            all.add(start(kind, () -> worker.run(round, () -> virtual ? yieldAndAsk() : over)));
        }
        all.add(start(Thread.ofPlatform().daemon().factory(), this::observe));
        Thread.sleep(ROUND_MILLIS);
        over = true;
        for (Thread thread : all) {
            thread.join(PATIENCE_MILLIS);
            if (thread.isAlive()) {
                AssertionError stuck = new AssertionError(thread + " does not end");
                stuck.setStackTrace(thread.getStackTrace());
                throw stuck;
            }
        }
        if (failure.get() != null) {
            throw new AssertionError("round " + round + " with " + threads + (virtual ? " virtual threads" : " threads"), failure.get());
        }
    }

    private Thread start(ThreadFactory kind, Runnable work) {
        Thread thread = kind.newThread(() -> {
            try {
                work.run();
            } catch (Throwable thrown) {
                failure.compareAndSet(null, thrown);
                over = true;
            }
        });
        thread.start();
        return thread;
    }

    /// A virtual thread keeps its carrier until it lets others have it.
    private boolean yieldAndAsk() {
        Thread.yield();
        return over;
    }

    private void observe() {
        while (!over) {
            Walk walk = new Walk();
            arena.forEachRegion(walk);
            expect(walk.extent().equals(arena.byteSize() + " in order"), "a walk finds " + walk.extent());
            StorageReport report = arena.storageReport();
            expect(report.totalFreeSpace() >= 0 && report.totalFreeSpace() <= arena.byteSize()
                    && report.largestFreeRegion() <= arena.byteSize(), "impossible " + report);
            arena.storageReportFull();
            walks++;
            Thread.yield();
        }
    }

    private void quiet(int round) {
        arena.verify();
        arena.reclaim(round - 1L);
        long taken = workers.stream().mapToLong(SoakWorker::check).sum();
        taken += exchange.stream().mapToLong(block -> block.taken(arena)).sum();
        exchange.forEach(SoakBlock::check);
        int live = workers.stream().mapToInt(SoakWorker::live).sum() + exchange.size();
        expect(live == arena.allocations(), live + " blocks are live, counted " + arena.allocations());
        long free = arena.storageReport().totalFreeSpace();
        expect(free + taken == arena.byteSize(), free + " bytes are free and " + taken + " taken, of " + arena.byteSize());
        arena.verify();
        if (round % RESET_EVERY == 0) {
            arena.reset();
            workers.forEach(SoakWorker::forgetAll);
            exchange.clear();
            arena.verify();
        } else if (round % EMPTY_EVERY == 0) {
            empty(round);
        }
    }

    /// Frees everything and takes the whole arena in one piece.
    private void empty(int round) {
        workers.forEach(SoakWorker::freeAll);
        for (SoakBlock block; (block = exchange.poll()) != null; ) {
            block.check();
            arena.free(block.handle());
        }
        arena.reclaim(round);
        workers.forEach(SoakWorker::forgetRetired);
        expect(arena.allocations() == 0 && arena.retired() == 0, arena.allocations() + " blocks are left");
        long whole = arena.tryAllocate(arena.byteSize(), 1);
        expect(whole != SegmentArena.NO_SPACE, "the whole is refused: " + arena.storageReport());
        arena.free(whole);
        arena.verify();
    }

    private void progress(int rounds, long nanos) {
        long operations = workers.stream().mapToLong(SoakWorker::operations).sum();
        long refusals = workers.stream().mapToLong(SoakWorker::refusals).sum();
        System.out.printf(Locale.ROOT, "%4d s  %,d operations (%.2f million/s), %,d refused  %,d walks  %,d quiet points  %,d live  %,d KiB free%n",
                nanos / 1_000_000_000, operations, 1e3 * operations / nanos, refusals, walks, rounds, arena.allocations(),
                arena.storageReport().totalFreeSpace() >> 10);
    }

    private static void expect(boolean fact, String otherwise) {
        if (!fact) {
            throw new AssertionError(otherwise);
        }
    }
}
