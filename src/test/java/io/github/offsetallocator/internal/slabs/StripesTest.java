package io.github.offsetallocator.internal.slabs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The slabs that a stripe notes, of which the last eight count.
class StripesTest {
    private static final long SEED = 20_261_128;
    private static final int SIZE_CLASS = 7;
    private static final int LINE = Stripes.line(SIZE_CLASS);

    private final int[] stripe = new Stripes().ready();

    /// Both numbers go round after 2^32 notes.
    @ParameterizedTest
    @ValueSource(ints = {0, Integer.MAX_VALUE - 5, -5})
    void theOneNotedFirstComesFirst(int start) {
        stripe[LINE + Stripes.HEAD] = start;
        stripe[LINE + Stripes.TAIL] = start;
        SplittableRandom random = new SplittableRandom(SEED);
        Deque<Integer> expected = new ArrayDeque<>();
        for (int row = 1; row <= 10_000; row++) {
            Stripes.note(stripe, SIZE_CLASS, row);
            expected.add(row);
            if (expected.size() > Stripes.NOTES) {
                expected.remove();
            }
            for (int left = random.nextInt(3); left > 0 && !expected.isEmpty(); left--) {
                assertEquals(expected.size(), Stripes.noted(stripe, SIZE_CLASS), "seed " + SEED);
                assertEquals(expected.remove(), Stripes.removeNoted(stripe, SIZE_CLASS), "seed " + SEED);
            }
        }
    }

    /// A race can leave any numbers behind. No more slabs are noted than there is room for, and after so many are taken what is noted next counts.
    @Test
    void whateverNumbersARaceLeaves() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int round = 0; round < 10_000; round++) {
            stripe[LINE + Stripes.HEAD] = random.nextInt();
            stripe[LINE + Stripes.TAIL] = random.nextInt();
            int noted = Stripes.noted(stripe, SIZE_CLASS);
            assertTrue(noted >= 0 && noted <= Stripes.NOTES, noted + ", seed " + SEED);
            for (int left = noted; left > 0; left--) {
                Stripes.removeNoted(stripe, SIZE_CLASS);
            }
            assertEquals(0, Stripes.noted(stripe, SIZE_CLASS), "seed " + SEED);
            Stripes.note(stripe, SIZE_CLASS, 3);
            assertEquals(1, Stripes.noted(stripe, SIZE_CLASS), "seed " + SEED);
            assertEquals(3, Stripes.removeNoted(stripe, SIZE_CLASS), "seed " + SEED);
        }
    }
}
