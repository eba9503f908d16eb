package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Who waits for a stripe, and who for the one who waits.
class StripesTest {
    /// On JDK 25 a virtual thread that gives way to others may come to run after all that do the same, for ever. So the
    /// one that holds a stripe while it waits for another must not be one of them.
    @Test
    void whoHoldsAStripeIsNotHeldUpByThoseWhoWaitForIt() throws InterruptedException {
        Stripes stripes = new Stripes(1 << 20);
        int[] first = homeOfANewThread(stripes);
        int[] second = homeOfANewThread(stripes);
        Stripes.acquire(second);
        CountDownLatch waiting = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        AtomicBoolean over = new AtomicBoolean();
        Thread.ofVirtual().start(() -> {
            Stripes.acquire(first);
            waiting.countDown();
            Stripes.acquire(second);
            done.countDown();
        });
        waiting.await();
        for (int i = 0; i < 64; i++) {
            Thread.ofVirtual().start(() -> {
                for (int j = 0; j < 16; j++) {
                    Thread.ofVirtual().start(() -> takeTurns(stripes, over));
                }
            });
        }
        TimeUnit.MILLISECONDS.sleep(200);
        Stripes.release(second);
        boolean got = done.await(10, TimeUnit.SECONDS);
        over.set(true);
        assertTrue(got, "the stripe has been free for ten seconds");
    }

    private static int[] homeOfANewThread(Stripes stripes) throws InterruptedException {
        int[][] home = new int[1][];
        Thread thread = Thread.ofPlatform().start(() -> Stripes.release(home[0] = stripes.tryAcquireHome()));
        thread.join();
        return home[0];
    }

    private static void takeTurns(Stripes stripes, AtomicBoolean over) {
        while (!over.get()) {
            int[] stripe = stripes.acquire(Stripes.HELD);
            if (stripe != null) {
                Stripes.release(stripe);
            }
        }
    }
}
