package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.BesideOthers;
import io.github.offsetallocator.MemoryDirectory;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.durable.Report.Kind;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Kills processes that work on a durable arena, and looks at what they leave behind. Calls that had returned must be there, and
/// those under way as a whole or not at all.
///
/// One file of each setting goes on from kill to kill. Every other time the next worker finds it as the kill has left it, since
/// what is looked at is a copy.
@BesideOthers
class KillTest {
    private static final int KILLS = Integer.getInteger("durable.kills", 30);
    private static final long SEED = Long.getLong("durable.seed", System.nanoTime());
    private static final int LONGEST = Integer.getInteger("durable.longest", 100);
    private static final int SECONDS = 120;

    /// Calls that are rare, and that a kill is aimed at every other time.
    private static final List<Kind> AIMS = List.of(Kind.OPEN, Kind.DISSOLVE, Kind.GROW, Kind.RESET, Kind.CLOSE, Kind.REALLOCATE, Kind.FREE_ALL);
    /// So many reports are waited for before a kill is not aimed after all.
    private static final int PATIENCE = 20_000;

    private Path directory;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Map<Kind, Integer> struck = new EnumMap<>(Kind.class);

    @BeforeEach
    void makeDirectory() {
        directory = MemoryDirectory.create("kill");
    }

    @AfterEach
    void deleteDirectory() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Test
    void whatWasSaidIsThere() throws Exception {
        Setting[] settings = Setting.values();
        KillModel[] models = new KillModel[settings.length];
        long reports = 0;
        long blocks = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Setting setting = settings[kill % settings.length];
            Path file = directory.resolve(setting.name());
            KillModel model = models[setting.ordinal()];
            if (model == null || random.nextInt(20) == 0) { // so that files are made, too
                Files.deleteIfExists(file);
                model = new KillModel(setting);
                models[setting.ordinal()] = model;
            }
            long before = model.reports();
            try {
                kill(setting, file, model, random.nextLong());
                look(setting, file, model);
            } catch (Throwable e) {
                Path kept = Files.createTempDirectory("killed").resolve(setting.name());
                copy(file, kept);
                throw new AssertionError("seed " + SEED + ", kill " + kill + " of " + setting + ", file kept in " + kept + ": " + e, e);
            }
            reports += model.reports() - before;
            blocks += model.liveBlocks();
        }
        System.out.println("calls that were under way: " + struck);
        System.out.println(KILLS + " kills, " + reports + " reports, " + blocks + " blocks compared, seed " + SEED);
        assertTrue(reports > KILLS, "workers did nothing");
    }

    /// Lets a worker work for a while.
    private void kill(Setting setting, Path file, KillModel model, long seed) throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-ea", "-XX:-UsePerfData", "-XX:+UseSerialGC", "-Xshare:auto",
                "-XX:-CreateCoredumpOnCrash", "-cp", place(SegmentArena.class) + File.pathSeparator + place(KillWorker.class),
                KillWorker.class.getName(), setting.name(), file.toString(), "" + seed).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        int least = random.nextInt(3) == 0 ? 1 : 2 + random.nextInt(3000);
        Kind aim = random.nextBoolean() ? null : setting.isGrown() && random.nextBoolean() ? Kind.GROW : AIMS.get(random.nextInt(AIMS.size()));
        int times = random.nextInt(1, 4);
        long nanos = aim != null ? random.nextInt(1 << random.nextInt(8, 23)) : random.nextInt(2) == 0 ? random.nextInt(2_000_000) : random.nextInt(LONGEST) * 1_000_000L;
        Thread killer = null;
        boolean isKilled = false;
        try (DataInputStream in = Report.reader(process.getInputStream())) {
            int reports = 0;
            for (Report report; (report = Report.read(in)) != null;) {
                model.add(report);
                reports++;
                times -= report.kind() == aim && !report.isDone() ? 1 : 0;
                if (!isKilled && (aim == null ? reports >= least : times == 0 || reports >= PATIENCE)) {
                    isKilled = true;
                    if (aim == null) { // it goes on reading, so that the worker does not wait for a pipe that is full
                        killer = Thread.ofPlatform().start(() -> killAfter(process, nanos));
                    } else {
                        killAfter(process, nanos);
                    }
                }
            }
        }
        if (killer != null) {
            killer.join();
        }
        model.underWay().forEach(kind -> struck.merge(kind, 1, Integer::sum));
        assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "it hangs");
        assertTrue(process.exitValue() == 128 + 9, "it has ended by itself: " + process.exitValue());
    }

    private static void killAfter(Process process, long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            if (end - System.nanoTime() > 2_000_000) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }
        process.toHandle().destroyForcibly(); // the process itself would close the pipe before it is read
    }

    private void look(Setting setting, Path file, KillModel model) throws IOException, InterruptedException {
        if (!Files.exists(file)) { // killed while it was made
            assertTrue(model.liveBlocks() == 0, "the file is gone");
            return;
        }
        Path looked = file;
        if (random.nextBoolean()) {
            looked = directory.resolve("copy");
            copy(file, looked);
        }
        try (SegmentArena arena = setting.open(looked)) {
            model.check(arena);
        }
        try (SegmentArena arena = setting.open(looked)) {
            model.check(arena);
        }
    }

    private static void copy(Path from, Path to) throws IOException, InterruptedException {
        int exit = new ProcessBuilder(List.of("cp", "--sparse=always", from.toString(), to.toString())).inheritIO().start().waitFor();
        assertTrue(exit == 0, "cp failed");
    }

    private static String place(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
    }
}
