package io.github.offsetallocator.contract;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a caller passes is read once: it may change under the call, and the call is right for what it has read.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallerMemoryTest {
    private static final int BLOCKS = 200;

    @TempDir
    Path directory;

    /// While `freeAll` reads the array, another thread writes into it: duplicates, handles of other live blocks, dead ones,
    /// junk. Each call frees as many blocks as it was asked to, or none.
    @ParameterizedTest
    @EnumSource(value = Subject.class, names = {"GOOD", "REFERENCE", "REAL_TIME", "NATIVE", "NATIVE_SHARED", "ARENA_REFERENCE_SHARED",
            "ARENA_REAL_TIME_SHARED", "HEAP_LONGS_SHARED"})
    @Fault(18)
    void anArrayThatChangesUnderTheCall(Subject subject) {
        try (Face face = subject.open(directory)) {
            long[] all = new long[2 * BLOCKS];
            long[] passed = new long[BLOCKS];
            AtomicBoolean over = new AtomicBoolean();
            SplittableRandom random = new SplittableRandom(18);
            Thread writer = Thread.ofPlatform().daemon().start(() -> scribble(all, passed, over));
            int freed = 0;
            int refused = 0;
            try {
                long end = System.nanoTime() + 20_000_000_000L;
                for (int round = 0; round < 500 || (freed < 20 || refused < 20) && System.nanoTime() < end; round++) {
                    Set<Long> live = new HashSet<>();
                    for (int i = 0; i < all.length; i++) {
                        if (all[i] == 0) {
                            all[i] = face.allocate(1 + random.nextInt(100), 1);
                        }
                        live.add(all[i]);
                    }
                    Check.equal(all.length, face.allocations(), "live at the start of round " + round);
                    System.arraycopy(all, 0, passed, 0, BLOCKS);
                    int gone = 0;
                    if (round % 2 == 0) {
                        Thread.yield(); // on a busy machine the writer rarely runs at the same time
                    }
                    try {
                        face.freeAll(passed, 0, BLOCKS);
                        gone = BLOCKS;
                        freed++;
                    } catch (IllegalStateException changed) {
                        refused++;
                    }
                    Check.equal(all.length - gone, face.allocations(), "live after round " + round);
                    int[] seen = {0};
                    face.forEachAllocation(allocation -> {
                        Check.that(live.remove(allocation), "not live before");
                        seen[0]++;
                    });
                    Check.equal(all.length - gone, seen[0], "visited after round " + round);
                    for (int i = 0; i < all.length; i++) {
                        if (live.contains(all[i])) {
                            all[i] = 0;
                        }
                    }
                    if (round % 50 == 0) {
                        face.verify();
                    }
                }
                face.verify();
            } finally {
                over.set(true);
                Elsewhere.join(writer, java.time.Duration.ofSeconds(20));
            }
            Check.that(freed > 0 && refused > 0, "freed " + freed + " times, refused " + refused + " times: one kind was not tried");
        }
    }

    /// Plain writes: the reader must be right whatever it sees.
    private static void scribble(long[] all, long[] passed, AtomicBoolean over) {
        SplittableRandom random = new SplittableRandom(81);
        long dead = 0;
        while (!over.getOpaque()) {
            int at = random.nextInt(BLOCKS);
            long kept = all[at];
            passed[at] = switch (random.nextInt(5)) {
                case 0 -> all[random.nextInt(BLOCKS)];
                case 1, 2 -> all[BLOCKS + random.nextInt(BLOCKS)];
                case 3 -> dead;
                default -> random.nextLong();
            };
            dead = kept;
            for (int i = random.nextInt(500); i > 0; i--) {
                Thread.onSpinWait();
            }
            passed[at] = kept;
            for (int i = random.nextInt(500); i > 0; i--) {
                Thread.onSpinWait();
            }
        }
    }
}
