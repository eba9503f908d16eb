package io.github.offsetallocator;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/// Forbids that two threads hold one stripe, or that one doesn't see what the other has left there: each takes a block and
/// puts two. Threads of the other tests have stripes of their own most of the time, so this one goes to the stripes
/// directly, in their package.
@JCStressTest
@Outcome(id = {"100, 11, 3, 3", "100, 21, 3, 3", "11, 100, 3, 3", "21, 100, 3, 3"}, expect = Expect.ACCEPTABLE, desc = "One after the other.")
@Outcome(id = ".*", expect = Expect.FORBIDDEN, desc = "Both held it, or one found it as it was before the other.")
@State
public class StripeForTwo {
    private static final int SIZE = 4;

    private final Stripes stripes = new Stripes(1 << 20);
    private final int[] stripe = stripes.tryAcquireHome();

    /// Leaves one block there.
    public StripeForTwo() {
        Stripes.push(stripe, SIZE, 100);
        Stripes.release(stripe);
    }

    @Actor
    public void one(IIII_Result r) {
        Stripes.acquire(stripe);
        r.r1 = stripes.pop(stripe, SIZE);
        Stripes.push(stripe, SIZE, 10);
        Stripes.push(stripe, SIZE, 11);
        Stripes.release(stripe);
    }

    @Actor
    public void other(IIII_Result r) {
        Stripes.acquire(stripe);
        r.r2 = stripes.pop(stripe, SIZE);
        Stripes.push(stripe, SIZE, 20);
        Stripes.push(stripe, SIZE, 21);
        Stripes.release(stripe);
    }

    @Arbiter
    public void end(IIII_Result r) {
        Stripes.acquire(stripe);
        for (int node; (node = stripes.pop(stripe, SIZE)) != NodeTable.NIL; ) {
            r.r3++;
            r.r4 += node < 100 ? 1 : 0;
        }
    }
}
