package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.BesideOthers;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A machine that loses its power: of the pages that were written since the last force, some have reached the disk.
@BesideOthers
class PowerLossTest {
    private static final int ROUNDS = Integer.getInteger("durable.losses", 10);
    private static final int LOSSES = 20;
    private static final long SEED = Long.getLong("durable.seed", System.nanoTime());

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itOpensInOrderOrIsRefused(boolean isShared) throws IOException {
        lose(isShared, Sample.BYTE_SIZE);
    }

    /// It grows before the force and after it.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneThatGrowsToo(boolean isShared) throws IOException {
        lose(isShared, Sample.BYTE_SIZE / 4);
    }

    /// Slabs without a live slot, and a reset of which one page alone has reached the disk, or all but one have.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResetThatLosesPages(boolean isShared) throws IOException {
        Path file = directory.resolve("arena");
        byte[] before;
        byte[] after;
        try (SegmentArena arena = open(file, isShared, Sample.BYTE_SIZE)) {
            Sample sample = new Sample();
            sample.work(arena, new SplittableRandom(SEED), 400);
            sample.tags.keySet().forEach(arena::free);
            arena.force();
            before = Files.readAllBytes(file);
            arena.reset();
            after = Files.readAllBytes(file);
        }
        List<Integer> changed = changed(before, after);
        assertTrue(changed.size() > 1, "pages that a reset changes: " + changed);
        for (int page : changed) {
            opensInOrderOrIsRefused(withPage(before, after, page), isShared, page);
            opensInOrderOrIsRefused(withPage(after, before, page), isShared, page);
        }
    }

    private static byte[] withPage(byte[] most, byte[] other, int page) {
        byte[] some = most.clone();
        System.arraycopy(other, page, some, page, Math.min(Sample.PAGE, some.length - page));
        return some;
    }

    private void opensInOrderOrIsRefused(byte[] lost, boolean isShared, int page) throws IOException {
        Path file = directory.resolve("lost");
        Files.write(file, lost);
        try (SegmentArena arena = open(file, isShared, Sample.BYTE_SIZE)) {
            Sample.mustWork(arena, new SplittableRandom(SEED));
        } catch (UncheckedIOException e) {
            assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        } catch (Throwable e) {
            throw new AssertionError("seed " + SEED + ", the page at " + page + ": " + e, e);
        }
    }

    private static SegmentArena open(Path file, boolean isShared, long byteSize) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, byteSize, Sample.BYTE_SIZE);
        return isShared ? builder.shared().build() : builder.build();
    }

    private static void grow(SegmentArena arena, SplittableRandom random) {
        arena.grow(arena.byteSize() + random.nextLong(arena.maxByteSize() - arena.byteSize() + 1));
    }

    private void lose(boolean isShared, long byteSize) throws IOException {
        int opened = 0;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            SplittableRandom random = new SplittableRandom(SEED + round);
            Path file = directory.resolve("arena" + round);
            Path lost = directory.resolve("lost");
            Sample sample = new Sample();
            byte[] before;
            byte[] after;
            Map<Long, Long> atForce;
            try (SegmentArena arena = open(file, isShared, byteSize)) {
                sample.work(arena, random, 1 << random.nextInt(5, 12));
                grow(arena, random);
                arena.force();
                before = Files.readAllBytes(file);
                atForce = new HashMap<>(sample.tags);
                Map<Long, Long> sizes = new HashMap<>(sample.sizes);
                sample.work(arena, random, 1 << random.nextInt(0, 12));
                grow(arena, random);
                sample.work(arena, random, 1 << random.nextInt(0, 12));
                if (random.nextInt(3) == 0) {
                    arena.tryAllocate(arena.storageReport().totalFreeSpace(), 1); // dissolves
                }
                if (random.nextInt(10) == 0) {
                    arena.reset();
                    sample.tags.clear();
                }
                after = Files.readAllBytes(file);
                // Those that nobody has touched since.
                atForce.entrySet().removeIf(entry -> !entry.getValue().equals(sample.tags.get(entry.getKey())) || !sizes.get(entry.getKey()).equals(sample.sizes.get(entry.getKey())));
            }
            List<Integer> changed = changed(before, after);
            for (int loss = 0; loss < LOSSES; loss++) {
                Files.write(lost, with(before, after, changed, random));
                try (SegmentArena arena = open(lost, isShared, byteSize)) {
                    arena.verify();
                    for (long handle : atForce.keySet()) {
                        sample.checkBlock(arena, handle);
                    }
                    Sample.mustWork(arena, random);
                    opened++;
                } catch (UncheckedIOException e) {
                    assertTrue(e.getMessage().contains(lost.toString()), e.getMessage());
                    refused++;
                } catch (Throwable e) {
                    throw new AssertionError("seed " + SEED + ", round " + round + ", loss " + loss + ": " + e, e);
                }
            }
        }
        System.out.println(ROUNDS * LOSSES + " losses of power, " + opened + " opened, " + refused + " refused, seed " + SEED);
        assertTrue(opened > ROUNDS, "opened " + opened);
    }

    private static List<Integer> changed(byte[] before, byte[] after) {
        List<Integer> changed = new ArrayList<>();
        for (int at = 0; at < before.length; at += Sample.PAGE) {
            int end = Math.min(before.length, at + Sample.PAGE);
            if (!Arrays.equals(before, at, end, after, at, end)) {
                changed.add(at);
            }
        }
        return changed;
    }

    /// Takes some pages of the later state: the first of them in the file, the last, or any.
    private static byte[] with(byte[] before, byte[] after, List<Integer> changed, SplittableRandom random) {
        byte[] some = before.clone();
        int kind = random.nextInt(3);
        int number = random.nextInt(changed.size() + 1);
        int percent = random.nextInt(101);
        for (int i = 0; i < changed.size(); i++) {
            if (kind == 0 ? i < number : kind == 1 ? i >= number : random.nextInt(100) < percent) {
                System.arraycopy(after, changed.get(i), some, changed.get(i), Math.min(Sample.PAGE, some.length - changed.get(i)));
            }
        }
        return some;
    }
}
