package io.github.offsetallocator.tools;

import static io.github.offsetallocator.tools.Numbers.*;

import java.time.Instant;

/// The last looks at one arena, drawn as lines of blocks: ▁ for nothing, █ for all of the arena.
final class History {
    private static final int WIDTH = 60;
    private static final String BLOCKS = "▁▂▃▄▅▆▇█";

    private final double[][] shares = new double[4][WIDTH];
    private int looks;
    private Instant lastLook;
    private long size;
    private long used;
    private long free;
    private long largest;
    private long live;
    private long refused;

    void add(Instant time, long size, long used, long free, long largest, long live, long refused) {
        lastLook = time;
        this.size = size;
        this.used = used;
        this.free = free;
        this.largest = largest;
        this.live = live;
        this.refused = refused;
        double[] now = {(double) used / size, (double) free / size, (double) largest / size, fragmentation()};
        for (int i = 0; i < shares.length; i++) {
            if (looks >= WIDTH) {
                System.arraycopy(shares[i], 1, shares[i], 0, WIDTH - 1);
            }
            shares[i][Math.min(looks, WIDTH - 1)] = now[i];
        }
        looks++;
    }

    Instant lastLook() {
        return lastLook;
    }

    private double fragmentation() {
        return free == 0 ? 0 : 1 - (double) largest / free;
    }

    String picture(String name) {
        return format("%s: %s, %s live, %s refused%n", name, bytes(size), count(live), count(refused))
                + line("used", 0, bytes(used)) + line("free", 1, bytes(free)) + line("largest", 2, bytes(largest))
                + line("fragmentation", 3, percent(fragmentation()));
    }

    private String line(String label, int kind, String value) {
        StringBuilder bars = new StringBuilder();
        for (int i = 0; i < Math.min(looks, WIDTH); i++) {
            bars.append(BLOCKS.charAt((int) Math.clamp(shares[kind][i] * BLOCKS.length(), 0, BLOCKS.length() - 1)));
        }
        return format("  %-14s%-" + WIDTH + "s %10s%n", label, bars, value);
    }
}
