package io.github.offsetallocator.jmh;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/// The JVM in which one subject does one piece of work for [QuickTable]. It checks the subject, warms up, says `ready`,
/// and then, for each line on standard input, replays for a while and answers with nanoseconds per operation.
///
/// ```
///  Player KIND WORK      [check][warm-up] ready  .  [replay] 6.71  .  .  [replay] 6.69  .  .
/// ```
final class Player {
    static final String READY = "ready";

    private static final long WARM_UP_NANOS = 600_000_000L;
    private static final long WARM_UP_OPERATIONS = 2 << 20;
    private static final long ROUND_NANOS = 80_000_000L;

    private final Script script;
    private final Subject subject;

    private Player(Script script, Subject subject) {
        this.script = script;
        this.subject = subject;
    }

    public static void main(String[] args) {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        FastThreads.run(() -> {
            Check.run(script, kind);
            try (Subject subject = kind.open(script.slotCount(), script.pool())) {
                new Player(script, subject).answer();
            }
        });
    }

    private void answer() throws IOException {
        replayFor(WARM_UP_NANOS, WARM_UP_OPERATIONS);
        System.out.println(READY);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        while (orders.readLine() != null) {
            System.out.println(replayFor(ROUND_NANOS, 0));
        }
    }

    /// Replays until that much time is over and that many operations are done.
    ///
    /// @return nanoseconds per operation
    private double replayFor(long nanos, long operations) {
        long start = System.nanoTime();
        long elapsed;
        long done = 0;
        do {
            script.replay(subject);
            done += script.operations();
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos || done < operations);
        return (double) elapsed / done;
    }
}
