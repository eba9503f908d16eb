package io.github.offsetallocator.jmh;

/// The JVM in which one point of [Growth] is measured. Prints the median of its rounds in nanoseconds per operation, where
/// replacing a block is two operations.
final class GrowthPlayer {
    private static final int PAIRS = 1 << 20;
    private static final int WARM_UP_ROUNDS = 5;
    private static final int ROUNDS = 7;

    public static void main(String[] args) {
        Kind kind = Kind.valueOf(args[0]);
        int live = Integer.parseInt(args[1]);
        long pool = Long.parseLong(args[2]);
        FastThreads.run(() -> {
            try (Subject subject = kind.open(live, pool)) {
                Replacement replacement = new Replacement(subject, live, Growth.SIZES);
                replacement.fill();
                for (int round = 0; round < WARM_UP_ROUNDS; round++) {
                    replacement.replace(PAIRS);
                }
                double[] nanos = new double[ROUNDS];
                for (int round = 0; round < ROUNDS; round++) {
                    long before = System.nanoTime();
                    replacement.replace(PAIRS);
                    nanos[round] = (System.nanoTime() - before) / (2.0 * PAIRS);
                }
                System.out.println(Statistics.median(nanos));
            }
        });
    }
}
