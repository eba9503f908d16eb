package io.github.offsetallocator.contract;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.SegmentArena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// A JVM of its own whose stacks end. Arguments: what is done, the seed, the number of batches, and the subjects.
///
/// - `deep`: random calls, each begun a random number of frames above the end of the stack.
/// - `deep-beside`: the same, while another thread works on the same arena.
/// - `parse`: recursion that allocates on each level and frees in `finally`, until the stack ends.
/// - `toy`: `deep`, on an allocator that keeps its promises, to show that the test lets it pass.
final class OverflowMain {
    private static final int STACK = 256 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(150);

    private final SplittableRandom random;
    /// How far down the frames go, for the last time it was tried.
    private int bottom;
    private int reached;

    private OverflowMain(long seed) {
        random = new SplittableRandom(seed);
    }

    public static void main(String[] arguments) throws Exception {
        String what = arguments[0];
        long seed = Long.parseLong(arguments[1]);
        int batches = Integer.parseInt(arguments[2]);
        Path directory = Files.createTempDirectory("overflow");
        // A class whose initializer meets the end of the stack is lost for good. That's the JVM's rule, so the JDK's come first.
        Check.that(String.format("%d %s %x", 1L, "a", 2).startsWith("1"), "the formatter");
        Check.thrown(IndexOutOfBoundsException.class, () -> java.util.Objects.checkIndex(5, 2));
        Check.thrown(IndexOutOfBoundsException.class, () -> java.util.Objects.checkFromToIndex(5, 2, 1));
        CompactionPlan.Move move = new CompactionPlan.Move(1, 2, 3, 4);
        Check.that(move.equals(new CompactionPlan.Move(1, 2, 3, 4)) && move.toString().contains("4"), "the methods of records");
        for (int i = 3; i < arguments.length; i++) {
            String name = arguments[i];
            Throwable[] thrown = {null};
            Thread thread = new Thread(null, () -> {
                try {
                    new OverflowMain(seed).work(what, name, seed, batches, directory);
                } catch (Throwable failure) {
                    thrown[0] = failure;
                }
            }, name, STACK);
            thread.setDaemon(true);
            thread.start();
            Elsewhere.join(thread, PATIENCE);
            if (thrown[0] != null) {
                System.out.println("FAILED " + what + " " + name + " seed " + seed);
                thrown[0].printStackTrace(System.out);
                System.exit(1);
            }
        }
        Files.deleteIfExists(directory);
        System.exit(0);
    }

    private void work(String what, String name, long seed, int batches, Path directory) throws Throwable {
        Spec spec = what.equals("toy") ? Spec.allocator(3000).sizes(200).cannot(Can.GROW, "it is a toy") : Subject.valueOf(name).spec();
        Face face = what.equals("toy") ? new ToyFace(3000) : spec.open(directory);
        if (what.equals("parse")) {
            parse(face, name, batches);
            return;
        }
        FailureDriver driver = new FailureDriver(spec, face, FailureDriver.Rule.ONE_BLOCK_LOST, StackOverflowError.class, seed);
        try {
            for (int i = 0; i < 50; i++) { // what has never run may fail to be linked, which is no fault of the library
                driver.batch(3, (calls, one, arena) -> calls.forEach(call -> runHere(call, one, arena)));
            }
            if (what.equals("deep-beside")) {
                beside(driver, face, batches);
            } else {
                for (int i = 0; i < batches; i++) {
                    driver.batch(1 + random.nextInt(2), this::runDeep);
                }
            }
            driver.finish();
        } catch (Throwable failure) {
            System.out.println(driver.lastCalls());
            throw failure;
        }
        System.out.println(name + ": calls=" + driver.calls() + " failures=" + driver.failures() + " lost=" + driver.lost());
    }

    // ---- near the end of the stack -----------------------------------------------------------------------------

    private static void runHere(Call call, Face face, SegmentArena arena) {
        try {
            call.run(face, arena);
        } catch (Throwable thrown) {
            call.thrown = thrown;
        }
    }

    private void runDeep(List<Call> calls, Face face, SegmentArena arena) {
        for (Call call : calls) {
            if (bottom == 0 || random.nextInt(20) == 0) {
                findBottom(face, arena);
            }
            int above = random.nextInt(1 << random.nextInt(1, 8));
            try {
                descend(Math.max(0, bottom - above), call, face, arena);
            } catch (Throwable thrown) {
                call.thrown = thrown;
            }
        }
    }

    private void findBottom(Face face, SegmentArena arena) {
        reached = 0;
        try {
            descend(Integer.MAX_VALUE, null, face, arena);
        } catch (StackOverflowError end) {
            bottom = reached;
        }
    }

    private void descend(int frames, Call call, Face face, SegmentArena arena) {
        reached++;
        if (frames == 0) {
            call.run(face, arena);
        } else {
            descend(frames - 1, call, face, arena);
        }
    }

    // ---- beside another thread ---------------------------------------------------------------------------------

    /// The other one works while the calls are run, and stands still while everything is looked at.
    private void beside(FailureDriver driver, Face face, int batches) throws Throwable {
        SegmentArena arena = ((ArenaFace) face).arena;
        driver.besideOthers();
        try (Worker worker = new Worker(arena, null)) {
            for (int i = 0; i < batches; i++) {
                List<Call> calls = driver.ready(8);
                worker.work();
                runDeep(calls, face, arena);
                driver.othersOwn(worker.standStill());
                driver.settle(calls);
            }
            worker.freeAll();
        }
        driver.othersOwn(List.of());
    }

    // ---- recursion that frees in finally -----------------------------------------------------------------------

    private static final int LEVELS = 1 << 16;
    private final long[] handles = new long[LEVELS];
    /// 0: nothing; 1: allocating; 2: live; 3: freeing; 4: freed.
    private final int[] states = new int[LEVELS];
    /// How many levels there were.
    private int deepest;

    private void parse(Face face, String name, int rounds) {
        long lost = 0;
        long failures = 0;
        long inHandSoFar = 0;
        long capacity = face.capacity();
        for (int warm = 0; warm < 2000; warm++) {
            level(face, LEVELS - 3);
        }
        for (int round = 0; round < rounds; round++) {
            Arrays.fill(states, 0, deepest, 0);
            deepest = 0;
            try {
                level(face, 0);
            } catch (StackOverflowError end) {
                failures++;
            }
            face.verify();
            int inHand = 0;
            for (int i = 0; i < deepest; i++) {
                if (states[i] == 1) {
                    inHand++;
                } else if (states[i] == 3) { // either freed, or still live
                    inHand++;
                    try {
                        face.free(handles[i]);
                    } catch (IllegalStateException freed) {
                        Check.that(freed.getMessage().contains("live"), freed.getMessage());
                    }
                } else if (states[i] == 2) {
                    Check.that(false, "a level was left without its finally");
                }
            }
            List<Long> left = new ArrayList<>();
            face.forEachAllocation(left::add);
            int most = inHand;
            inHandSoFar += inHand;
            long units = inHandSoFar * face.units(16);
            Check.that(left.size() <= most, () -> left.size() + " blocks are live that no one knows; " + most + " were in hand");
            lost += left.size();
            long[] some = new long[50];
            for (int i = 0; i < some.length; i++) { // whoever comes next gets blocks of his own
                some[i] = face.allocate(1 + i * 30, 1);
                if (face instanceof ArenaFace arena) {
                    Content.fill(arena.bytes(face.offset(some[i]), face.size(some[i])), i);
                }
            }
            for (int i = 0; i < some.length; i++) {
                if (face instanceof ArenaFace arena) {
                    Content.check(arena.bytes(face.offset(some[i]), face.size(some[i])), i, face.size(some[i]), face.size(some[i]));
                }
                face.free(some[i]);
            }
            left.forEach(face::free);
            face.verify();
            Check.equal(0, face.allocations(), "live");
            Check.that(face.totalFree() >= capacity - units, "space is lost: " + face.totalFree() + " of " + capacity);
        }
        face.reset();
        Check.equal(capacity, face.totalFree(), "free");
        face.close();
        System.out.println(name + ": calls=" + rounds + " failures=" + failures + " lost=" + lost);
    }

    private void level(Face face, int depth) {
        if (deepest <= depth) {
            deepest = depth + 1;
        }
        states[depth] = 1;
        handles[depth] = face.allocate(16, 16);
        if (handles[depth] < 0) {
            states[depth] = 4;
            return;
        }
        states[depth] = 2;
        try {
            if (depth + 1 < LEVELS) {
                level(face, depth + 1);
            }
        } finally {
            states[depth] = 3;
            face.free(handles[depth]);
            states[depth] = 4;
        }
    }
}
