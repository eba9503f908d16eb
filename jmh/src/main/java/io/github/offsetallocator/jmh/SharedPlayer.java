package io.github.offsetallocator.jmh;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The JVM in which one subject does one piece of work with one number of threads for [SharedTable]. It checks the
/// subject, warms up, says `ready`, and then, for each line on standard input, lets the threads work for a while and
/// answers with million operations per second.
final class SharedPlayer {
    /// Instead of a number of threads: one allocates, one frees.
    static final int PAIR = 0;

    private static final long WARM_UP_NANOS = 800_000_000L;
    private static final long ROUND_NANOS = 200_000_000L;
    private static final int PIECE = 1024;

    private SharedPlayer() {}

    public static void main(String[] args) throws Exception {
        Kind kind = Kind.valueOf(args[0]);
        Script script = Work.valueOf(args[1]).script();
        FastThreads.run(() -> Check.run(script, kind));
        int threads = Integer.parseInt(args[2]);
        Crew crew = new Crew(threads == PAIR ? pair(kind, script) : alone(kind, script, threads));
        crew.round(WARM_UP_NANOS);
        System.out.println(Player.READY);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        while (orders.readLine() != null) {
            System.out.println(crew.round(ROUND_NANOS));
        }
    }

    private static List<Supplier<Crew.Job>> alone(Kind kind, Script script, int threads) {
        SharedPool pool = SharedPool.open(kind, threads, script.pool());
        List<Supplier<Crew.Job>> jobs = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int thread = i;
            jobs.add(() -> {
                Replayer replayer = new Replayer(script, pool.subject(script.slotCount()), thread, threads);
                return () -> {
                    replayer.run(PIECE);
                    return PIECE;
                };
            });
        }
        return jobs;
    }

    private static List<Supplier<Crew.Job>> pair(Kind kind, Script script) {
        Pipeline pipeline = new Pipeline(script, SharedPool.open(kind, 1, Pipeline.POOL).subject(SlotRing.CAPACITY));
        return List.of(() -> pipeline::produce, () -> pipeline::consume);
    }
}
