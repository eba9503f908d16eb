package io.github.offsetallocator.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The map, and what is left of it after a kill.
class PersistentMapTest {
    private static final long SIZE = 4 << 20;
    private static final int BUCKETS = 256;
    private static final int KEYS = 500;
    private static final int KILLS = 12;

    @TempDir
    Path directory;

    private static byte[] key(int n) {
        return ("key " + n).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(int seed) {
        byte[] value = new byte[new Random(seed).nextInt(400)];
        new Random(seed).nextBytes(value);
        return value;
    }

    @Test
    void whatWasPutIsThereAfterReopening() {
        Path file = directory.resolve("map");
        Map<Integer, Integer> model = new HashMap<>();
        Random random = new Random(1);
        for (int round = 0; round < 4; round++) {
            try (PersistentMap map = PersistentMap.open(file, SIZE, BUCKETS)) {
                check(map, model);
                for (int i = 0; i < 2000; i++) {
                    int key = random.nextInt(KEYS);
                    if (random.nextInt(3) > 0) {
                        assertTrue(map.put(key(key), value(i)));
                        model.put(key, i);
                    } else {
                        assertEquals(model.remove(key) != null, map.remove(key(key)));
                    }
                }
                check(map, model);
                map.force();
            }
        }
    }

    private static void check(PersistentMap map, Map<Integer, Integer> model) {
        assertEquals(model.size(), map.size());
        for (int key = 0; key < KEYS; key++) {
            Integer seed = model.get(key);
            if (seed == null) {
                assertNull(map.get(key(key)));
            } else {
                assertArrayEquals(value(seed), map.get(key(key)));
            }
        }
        int[] n = {0};
        map.forEach((_, _) -> n[0]++);
        assertEquals(model.size(), n[0]);
    }

    @Test
    void whatIsNoMapIsLeftAsItIs() {
        Path file = directory.resolve("arena");
        try (SegmentArena arena = SegmentArena.builder().durable(file, SIZE).build()) {
            arena.setRoot(arena.tryAllocate(64, 8));
            arena.allocate(100, 8);
        }
        assertThrows(IllegalArgumentException.class, () -> PersistentMap.open(file, SIZE, BUCKETS));
        try (SegmentArena arena = SegmentArena.builder().durable(file, SIZE).build()) {
            assertEquals(2, arena.allocations());
        }
    }

    @Test
    void aFullMapKeepsWhatItHas() {
        try (PersistentMap map = PersistentMap.open(directory.resolve("map"), 1 << 16, 16)) {
            int n = 0;
            while (map.put(key(n), new byte[1000])) {
                n++;
            }
            assertTrue(n > 50);
            assertFalse(map.put(key(0), new byte[5000]));
            assertEquals(1000, map.get(key(0)).length);
            assertTrue(map.remove(key(1)) && map.remove(key(2)));
            assertTrue(map.put(key(0), new byte[900]));
        }
    }

    /// Puts and removes until it is killed. Each line says what is about to be done (`?`) or has been done.
    static final class Worker {
        public static void main(String[] arguments) {
            Random random = new Random(Long.parseLong(arguments[1]));
            try (PersistentMap map = PersistentMap.open(Path.of(arguments[0]), SIZE, BUCKETS)) {
                while (true) {
                    int key = random.nextInt(KEYS);
                    int seed = random.nextInt(3) > 0 ? random.nextInt(1 << 20) : -1;
                    System.out.println("? " + key + " " + seed);
                    if (seed < 0) {
                        map.remove(key(key));
                    } else {
                        map.put(key(key), value(seed));
                    }
                    System.out.println("! " + key + " " + seed);
                }
            }
        }
    }

    @Test
    void aKillLosesNothing() throws Exception {
        Path file = directory.resolve("map");
        Map<Integer, Integer> model = new HashMap<>();
        Random random = new Random();
        int done = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                    place(SegmentArena.class) + File.pathSeparator + place(PersistentMap.class) + File.pathSeparator + place(Worker.class),
                    Worker.class.getName(), file.toString(), "" + random.nextLong()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            int lines = 1 + random.nextInt(4000);
            String[] underWay = null;
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
                for (String line; (line = reader.readLine()) != null && line.split(" ").length == 3;) {
                    String[] words = line.split(" ");
                    if (words[0].equals("?")) {
                        underWay = words;
                    } else {
                        apply(model, words);
                        underWay = null;
                        done++;
                    }
                    if (--lines == 0) {
                        process.toHandle().destroyForcibly();
                    }
                }
            }
            process.waitFor();
            try (PersistentMap map = PersistentMap.open(file, SIZE, BUCKETS)) {
                if (underWay != null && isDone(map, underWay)) {
                    apply(model, underWay);
                }
                check(map, model);
            }
        }
        assertTrue(done > KILLS);
    }

    private static void apply(Map<Integer, Integer> model, String[] words) {
        if (words[2].equals("-1")) {
            model.remove(Integer.parseInt(words[1]));
        } else {
            model.put(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
        }
    }

    private static boolean isDone(PersistentMap map, String[] words) {
        byte[] there = map.get(key(Integer.parseInt(words[1])));
        int seed = Integer.parseInt(words[2]);
        return seed < 0 ? there == null : there != null && java.util.Arrays.equals(there, value(seed));
    }

    private static String place(Class<?> type) throws IOException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
    }
}
