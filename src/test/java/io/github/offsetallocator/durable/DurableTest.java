package io.github.offsetallocator.durable;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.Interrupts;
import io.github.offsetallocator.SegmentArena;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an arena has when it is opened again, which options go together, and who may have its file.
class DurableTest {
    private static final long SIZE = 1 << 20;
    private static final Path LOCKS = Path.of("/proc/locks");
    private static final byte[] UNFINISHED = {'O', 'f', 'f', 'N', 'e', 'w', (byte) 0x8D, '\n'};

    @TempDir(factory = TempDirFactory.Standard.class)
    Path directory;

    private SegmentArena.Builder builder() {
        return SegmentArena.builder().durable(directory.resolve("arena"), SIZE);
    }

    private SegmentArena open(boolean isShared) {
        return isShared ? builder().shared().build() : builder().build();
    }

    /// What was there counts as allocated, and no free makes the sum less.
    @ParameterizedTest
    @CsvSource({"false, 50", "true, 50", "false, 50000", "true, 50000"})
    void theTotalStartsWithWhatIsThere(boolean isShared, long byteSize) {
        List<Long> blocks = new ArrayList<>();
        try (SegmentArena arena = open(isShared)) {
            for (int i = 0; i < 8; i++) {
                blocks.add(arena.tryAllocate(byteSize, 16));
            }
            arena.free(blocks.removeLast());
            arena.retire(blocks.removeLast(), 1);
        }
        try (SegmentArena arena = open(isShared)) {
            assertEquals(6, arena.statistics().totalAllocations());
            blocks.forEach(arena::free);
            assertEquals(6, arena.statistics().totalAllocations());
            arena.tryAllocate(byteSize, 16);
            assertEquals(7, arena.statistics().totalAllocations());
            assertEquals(1, arena.statistics().liveAllocations());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void everythingIsAsItWas(int kinds) {
        Sample sample = new Sample();
        SplittableRandom random = new SplittableRandom(kinds);
        long root = 0;
        for (int round = 0; round < 6; round++) {
            boolean isShared = (kinds >>> (round & 1) & 1) != 0;
            try (SegmentArena arena = open(isShared)) {
                sample.check(arena);
                assertEquals(root, arena.root());
                sample.work(arena, random, 3000);
                root = round % 3 == 2 ? 0 : sample.tags.keySet().iterator().next();
                arena.setRoot(root);
                assertEquals(root, arena.root());
                sample.check(arena);
            }
        }
    }

    /// Whoever cuts the file while it is open takes tables away, all or some: nobody can say what is live, or free it. The arena ends all the
    /// same, says so, and lets the file go.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileThatIsCutWhileItIsOpen(boolean isShared) throws IOException {
        Path file = directory.resolve("arena");
        for (long length : new long[] {0, 4096, 70_000}) {
            SegmentArena.Builder builder = builder().fit(Fit.REFERENCE).closeRefusesLive().closeReportsLive(SegmentArena::verify);
            SegmentArena arena = (isShared ? builder.shared() : builder).build();
            for (int i = 0; i < 300; i++) {
                arena.tryAllocate(100 + 16 * i, 1);
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(length);
            }
            String message = assertThrows(UncheckedIOException.class, arena::close).getCause().getMessage();
            assertTrue(message.contains("cut") && message.contains(" " + length + " bytes"), message);
            arena.close();
            assertEquals(length, Files.size(file));
            assertThrows(UncheckedIOException.class, () -> open(isShared));
            Files.delete(file);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void handlesThatWereFreedAreRefusedForGood(boolean isShared) {
        List<Long> freed = new ArrayList<>();
        for (int round = 0; round < 4; round++) {
            try (SegmentArena arena = open(isShared)) {
                for (long handle : freed) {
                    assertThrows(IllegalStateException.class, () -> arena.free(handle));
                    assertThrows(IllegalStateException.class, () -> arena.segment(handle));
                }
                for (int i = 0; i < 400; i++) {
                    long handle = arena.tryAllocate(i % 5 == 0 ? 5000 : 32, 1);
                    assertFalse(freed.contains(handle), "given out again");
                    arena.free(handle);
                    freed.add(handle);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatWasRetiredIsFree(boolean isShared) {
        try (SegmentArena arena = open(isShared)) {
            for (int i = 0; i < 500; i++) {
                arena.retire(arena.tryAllocate(i % 7 == 0 ? 700 : 48, 1), 1L << 40);
            }
            assertEquals(500, arena.retired());
        }
        try (SegmentArena arena = open(isShared)) {
            assertEquals(0, arena.retired());
            assertEquals(0, arena.allocations());
            assertEquals(SIZE, arena.storageReport().totalFreeSpace());
            arena.verify();
        }
    }

    @Test
    void aResetIsKept() {
        try (SegmentArena arena = open(false)) {
            new Sample().work(arena, new SplittableRandom(1), 2000);
            arena.reset();
        }
        try (SegmentArena arena = open(true)) {
            assertEquals(SIZE, arena.storageReport().largestFreeRegion());
        }
    }

    /// What is live at a close is in the file, whoever has asked for it.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAnOpenScopeHasStaysInTheFile(boolean isShared) {
        try (SegmentArena arena = open(isShared)) {
            try (Arena closed = arena.scope()) {
                closed.allocate(500);
            }
            arena.scope().allocate(1000);
        }
        try (SegmentArena arena = open(isShared)) {
            assertEquals(1, arena.allocations());
            long[] found = {0};
            arena.forEachAllocation(handle -> found[0] = handle);
            assertEquals(1000, arena.size(found[0]));
            arena.free(found[0]);
            arena.verify();
        }
    }

    @Test
    void whatIsNotStatedIsAsTheFileSays() {
        long block;
        try (SegmentArena arena = builder().granule(256).fit(Fit.REFERENCE).build()) {
            block = arena.tryAllocate(700, 1);
            assertEquals(256, arena.granule());
        }
        try (SegmentArena arena = builder().build()) {
            assertEquals(256, arena.granule());
            assertEquals(SIZE, arena.byteSize());
            assertEquals(700, arena.size(block));
        }
        builder().granule(256).build().close();
        assertEquals("granules of 256 bytes, not of 64", refused(builder().granule(64), "granules.*"));
        assertEquals("another fit", refused(builder().fit(Fit.GOOD), "another fit"));
        assertEquals("1048576 bytes, not of 2097152", refused(SegmentArena.builder().durable(directory.resolve("arena"), 2 * SIZE), "1048576.*"));
    }

    /// The part of the message that matches.
    private String refused(SegmentArena.Builder builder, String part) {
        String message = assertThrows(UncheckedIOException.class, builder::build).getMessage();
        assertTrue(message.contains(directory.resolve("arena").toString()), message);
        var found = java.util.regex.Pattern.compile(part).matcher(message);
        assertTrue(found.find(), message);
        return found.group();
    }

    @Test
    void optionsThatDoNotGoTogetherLeaveNoFile() throws IOException {
        assertThrows(IllegalStateException.class, () -> builder().realTime().build());
        assertThrows(IllegalStateException.class, () -> builder().alignByAddress().build());
        assertThrows(IllegalArgumentException.class, () -> builder().granule(1 << 24).build());
        assertThrows(IllegalArgumentException.class, () -> builder().maxAllocations(0).build());
        assertThrows(IllegalArgumentException.class, () -> SegmentArena.builder().durable(directory.resolve("arena"), 0).build());
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void fewerAllocationsThanThereAreAreRefused() {
        try (SegmentArena arena = builder().build()) {
            for (int i = 0; i < 200; i++) {
                arena.tryAllocate(32, 1);
            }
        }
        refused(builder().maxAllocations(199), "more allocations are live than maxAllocations, 200 of 199");
        try (SegmentArena arena = builder().maxAllocations(200).build()) {
            arena.verify();
            assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(32, 1));
        }
    }

    /// What is retired is free when the file is open, so it is not counted, wherever it lies.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void retiredAllocationsDoNotCount(boolean isShared) throws IOException {
        Path copy = directory.resolve("copy");
        long live;
        try (SegmentArena arena = open(isShared)) {
            live = arena.tryAllocate(5000, 1);
            for (int i = 0; i < 30; i++) {
                arena.retire(arena.tryAllocate(i % 3 == 0 ? 5000 : 40, 1), 1);
            }
            Sample.copy(directory.resolve("arena"), copy);
        }
        for (Path file : List.of(directory.resolve("arena"), copy)) {
            byte[] before = Files.readAllBytes(file);
            try (SegmentArena arena = SegmentArena.builder().durable(file, SIZE).maxAllocations(1).build()) {
                arena.verify();
                assertEquals(1, arena.allocations());
                assertEquals(5000, arena.size(live));
                assertEquals(SegmentArena.NO_SPACE, arena.tryAllocate(32, 1));
                arena.free(live);
                assertEquals(SIZE, arena.storageReport().largestFreeRegion());
                arena.tryAllocate(64, 1);
                arena.verify();
            }
            Files.write(file, before);
            try (SegmentArena arena = SegmentArena.builder().durable(file, SIZE).maxAllocations(3).build()) {
                arena.tryAllocate(32, 1);
                arena.tryAllocate(32, 1);
            }
            UncheckedIOException refusal = assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(file, SIZE).maxAllocations(2).build());
            assertTrue(refusal.getMessage().endsWith(": more allocations are live than maxAllocations, 3 of 2: say maxAllocations(3) or more"), refusal.getMessage());
        }
    }

    /// A granule that no checked arena can have is found in the file, before it is written to.
    @Test
    void aGranuleThatIsTooLargeForChecksLeavesTheFileAsItWas() throws IOException {
        Path file = directory.resolve("large");
        SegmentArena.Builder builder = SegmentArena.builder().durable(file, 1 << 25);
        builder.granule(1 << 24).build().close();
        byte[] before = new byte[1 << 16];
        byte[] after = new byte[1 << 16];
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "r")) {
            access.readFully(before);
        }
        String message = assertThrows(IllegalStateException.class, () -> SegmentArena.builder().durable(file, 1 << 25).checked().build()).getMessage();
        assertTrue(message.contains("granule of 16777216 bytes: 8388608 at most"), message);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "r")) {
            access.readFully(after);
        }
        assertArrayEquals(before, after);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theDiskCanHaveRoomFromTheStart(boolean isShared) {
        SegmentArena.Builder builder = SegmentArena.builder().durable(directory.resolve("arena"), SIZE).reserve();
        (isShared ? builder.shared() : builder).build().close();
        open(isShared).close();
    }

    @Test
    void onlyLiveHandlesAreRootsAndOnlyOfDurableArenas() throws Exception {
        SegmentArena arena = open(false);
        long block = arena.tryAllocate(1, 1);
        arena.setRoot(block);
        arena.free(block);
        assertEquals(block, arena.root());
        assertThrows(IllegalStateException.class, () -> arena.setRoot(block));
        assertThrows(IllegalStateException.class, () -> arena.setRoot(SegmentArena.NO_SPACE));
        assertEquals(block, arena.root());
        Throwable[] thrown = new Throwable[2];
        Thread.ofPlatform().start(() -> {
            thrown[0] = assertThrows(WrongThreadException.class, () -> arena.root());
            thrown[1] = assertThrows(WrongThreadException.class, () -> arena.setRoot(0));
        }).join();
        assertTrue(thrown[1] != null);
        arena.close();
        assertThrows(IllegalStateException.class, arena::root);
        assertThrows(IllegalStateException.class, () -> arena.setRoot(0));
        assertThrows(IllegalStateException.class, arena::force);
        try (SegmentArena other = SegmentArena.ofConfined(1 << 12)) {
            assertThrows(IllegalStateException.class, other::root);
            assertThrows(IllegalStateException.class, () -> other.setRoot(0));
        }
    }

    /// A thread that is interrupted would close a channel that it uses, and with it the lock.
    @Test
    void aThreadThatIsInterruptedDoesNoHarm() {
        Thread.currentThread().interrupt();
        Sample sample = new Sample();
        try (SegmentArena arena = open(true)) {
            sample.work(arena, new SplittableRandom(1), 3000);
            arena.force();
        }
        assertTrue(Thread.interrupted());
        try (SegmentArena arena = open(true)) {
            sample.check(arena);
        }
    }

    /// An interrupt may come at any time, in the middle of a close too: the file says that it is closed then, as after any other.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aThreadThatIsInterruptedMeanwhileDoesNoHarm(boolean isShared) throws Exception {
        Sample sample = new Sample();
        SplittableRandom random = new SplittableRandom(1);
        Interrupts.during(() -> {
            for (int i = 0; i < 40; i++) {
                try (SegmentArena arena = open(isShared)) {
                    sample.work(arena, random, 200);
                }
                try (RandomAccessFile access = new RandomAccessFile(directory.resolve("arena").toFile(), "r")) {
                    access.seek(4096 + 164); // see StatePage
                    assertEquals(1, access.read(), "it does not say that it was closed, in round " + i);
                }
            }
        });
        try (SegmentArena arena = open(isShared)) {
            sample.check(arena);
        }
    }

    // ---- one at a time -----------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileIsInOneArenaAtATime(boolean isShared) throws Exception {
        Path file = directory.resolve("arena");
        try (SegmentArena arena = open(isShared)) {
            long block = arena.tryAllocate(100, 1);
            Path link = Files.createSymbolicLink(directory.resolve("link"), file);
            Path hardLink = Files.createLink(directory.resolve("hard link"), file);
            for (Path same : List.of(file, link, hardLink)) {
                String message = assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().durable(same, SIZE).build()).getMessage();
                assertTrue(message.contains(same.toString()) && message.contains("of this process") && message.contains("thread"), message);
                assertThrows(UncheckedIOException.class, () -> SegmentArena.builder().mapped(same, SIZE).build());
            }
            // The lock is still there after all these.
            String output = inAnotherProcess(file);
            assertTrue(output.contains("process " + ProcessHandle.current().pid()) && output.contains(file.toString()), output);
            arena.segment(block).set(ValueLayout.JAVA_BYTE, 99, (byte) 1);
            arena.verify();
        }
        assertTrue(inAnotherProcess(file).contains("opened"));
    }

    /// How many locks this system knows of on a file.
    private static long locks(Path file) throws IOException {
        String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
        return Files.readString(LOCKS).lines().filter(line -> line.contains(inode)).count();
    }

    /// The file is not there before, so each of them would make it. The one that is refused must not take the lock off the other's.
    @Test
    void ofTwoThreadsThatMakeAFileOneHasItAndItsLock() throws Exception {
        assumeTrue(Files.isReadable(LOCKS), "no /proc/locks");
        for (int round = 0; round < 20; round++) {
            Path file = directory.resolve("file " + round);
            CyclicBarrier barrier = new CyclicBarrier(2);
            Callable<SegmentArena> make = () -> {
                barrier.await();
                try {
                    return SegmentArena.builder().durable(file, SIZE).shared().build();
                } catch (UncheckedIOException e) {
                    assertTrue(e.getMessage().contains("of this process has it, opened by thread"), e.getMessage());
                    return null;
                }
            };
            FutureTask<SegmentArena> other = new FutureTask<>(make);
            Thread.ofPlatform().start(other);
            SegmentArena mine = make.call();
            SegmentArena its = other.get();
            assertTrue(mine == null ^ its == null, "both, or none");
            assertEquals(1, locks(file), "locks, in round " + round);
            (mine == null ? its : mine).close();
            assertEquals(0, locks(file));
        }
        try (var files = Files.list(directory)) {
            assertEquals(20, files.count());
        }
    }

    private static final Path MAPS = Path.of("/proc/self/maps");

    /// What files of this name are mapped, by their inodes.
    private static Set<String> mapped(Path file) throws IOException {
        return Files.readString(MAPS).lines().filter(line -> line.contains(file.toString())).map(line -> line.split(" +")[4]).collect(Collectors.toSet());
    }

    private static Set<String> locked() throws IOException {
        return Files.readString(LOCKS).lines().map(line -> line.strip().split("[ :]+")).map(words -> words[words.length - 3]).collect(Collectors.toSet());
    }

    /// Somebody who asks for no lock deletes the file, or replaces it, while it is being opened. Whichever an arena gets, it has locked that one.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsMappedIsLockedThoughTheFileIsReplacedMeanwhile(boolean isDeleted) throws Exception {
        assumeTrue(Files.isReadable(LOCKS) && Files.isReadable(MAPS), "no /proc");
        Path file = directory.resolve("replaced");
        Path next = directory.resolve("next");
        SegmentArena.builder().durable(file, 1 << 12).build().close();
        byte[] content = Files.readAllBytes(file);
        AtomicBoolean isDone = new AtomicBoolean();
        FutureTask<Integer> replacing = new FutureTask<>(() -> {
            int replaced = 0;
            while (!isDone.get()) {
                if (isDeleted) {
                    replaced += Files.deleteIfExists(file) ? 1 : 0;
                } else {
                    Files.move(Files.write(next, content), file, StandardCopyOption.ATOMIC_MOVE);
                    replaced++;
                }
                LockSupport.parkNanos(replaced * 7919L % 300_000);
            }
            return replaced;
        });
        Thread.ofPlatform().start(replacing);
        try {
            long end = System.nanoTime() + 1_500_000_000L;
            while (System.nanoTime() - end < 0) {
                try (SegmentArena arena = SegmentArena.builder().durable(file, 1 << 12).build()) {
                    arena.verify();
                    Set<String> mapped = mapped(file);
                    Set<String> locked = locked();
                    assertTrue(!mapped.isEmpty() && locked.containsAll(mapped), () -> "mapped " + mapped + ", locked " + locked);
                }
            }
        } finally {
            isDone.set(true);
        }
        assertTrue(replacing.get() > 10);
        SegmentArena.builder().durable(file, 1 << 12).build().close(); // no empty file has been left
    }

    /// What is beside a file is somebody else's, whatever it is called.
    @Test
    void aFileBesideOneThatIsMadeStaysAsItIs() throws Exception {
        Path open = directory.resolve("a.new");
        Path closed = directory.resolve("b.new");
        Path text = Files.writeString(directory.resolve("c.new"), "a text");
        long root;
        try (SegmentArena arena = SegmentArena.builder().durable(closed, SIZE).build()) {
            root = arena.tryAllocate(64, 1);
            arena.setRoot(root);
        }
        try (SegmentArena arena = SegmentArena.builder().durable(open, SIZE).build()) {
            for (String name : List.of("a", "b", "c")) {
                SegmentArena.builder().durable(directory.resolve(name), SIZE).build().close();
            }
            assertTrue(inAnotherProcess(open).contains("another process has it"));
            arena.verify();
        }
        try (SegmentArena arena = SegmentArena.builder().durable(closed, SIZE).build()) {
            assertEquals(root, arena.root());
        }
        assertEquals("a text", Files.readString(text));
        try (var files = Files.list(directory)) {
            assertEquals(6, files.count());
        }
    }

    /// What lies where a durable arena's file has its owner is anything.
    @Test
    void anotherProcessesScratchFileNamesNoOwner() throws Exception {
        Path file = directory.resolve("scratch");
        for (long byteSize : new long[] {100, SIZE}) {
            try (SegmentArena arena = SegmentArena.builder().mapped(file, byteSize).build()) {
                arena.allocate(50).fill((byte) 1);
                String said = inAnotherProcess(file);
                assertTrue(said.contains("another process has it: one that may have mapped it"), said);
            }
        }
    }

    @Test
    void aLinkToNothingIsRefusedAndStays() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("arena"), directory.resolve("nothing"));
        refused(builder(), "a link to a file that is not there");
        assertTrue(Files.isSymbolicLink(link));
        assertTrue(Files.notExists(link));
    }

    /// As a process leaves it that is killed while it makes a file, see docs/durable.md.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUnfinishedFileIsMadeAnew(boolean isLink) throws IOException {
        Path target = directory.resolve("target");
        byte[] content = new byte[1 << 17];
        Arrays.fill(content, (byte) 1);
        System.arraycopy(UNFINISHED, 0, content, 0, UNFINISHED.length);
        for (int length : new int[] {UNFINISHED.length, 100, content.length}) {
            Files.write(target, Arrays.copyOf(content, length));
            Path file = isLink ? Files.createSymbolicLink(directory.resolve("arena"), target) : Files.move(target, directory.resolve("arena"));
            try (SegmentArena arena = open(false)) {
                assertEquals(SIZE, arena.storageReport().largestFreeRegion());
                arena.setRoot(arena.tryAllocate(10, 1));
            }
            try (SegmentArena arena = open(true)) {
                assertEquals(1, arena.allocations());
            }
            Files.delete(file);
        }
    }

    /// Opens a file.
    static final class Opener {
        public static void main(String[] arguments) {
            try (SegmentArena arena = SegmentArena.builder().durable(Path.of(arguments[0]), SIZE).build()) {
                System.out.println("opened " + arena.allocations());
            } catch (UncheckedIOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private static String inAnotherProcess(Path file) throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                place(SegmentArena.class) + File.pathSeparator + place(Opener.class), Opener.class.getName(), file.toString()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    private static String place(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
    }

    /// What fails once the memory has ended is thrown when all else is done: the arena is closed, and the file as after a kill.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseThatFailsHasClosedTheArena(boolean shared, @TempDir(factory = TempDirFactory.Standard.class) Path place) throws Exception {
        Path path = place.resolve("durable");
        SegmentArena.Builder builder = SegmentArena.builder().durable(path, 1 << 16);
        SegmentArena arena = (shared ? builder.shared() : builder).build();
        long block = arena.tryAllocate(100, 1);
        arena.setRoot(block);
        ((FileChannel) part(part(part(part(arena, "memory"), "opened"), "claimed"), "channel")).close();
        assertThrows(UncheckedIOException.class, arena::close);
        assertThrows(IllegalStateException.class, () -> arena.size(block));
        assertThrows(IllegalStateException.class, () -> arena.tryAllocate(1, 1));
        assertTrue(arena.toString().contains("closed"), arena::toString);
        arena.close();
        try (SegmentArena again = SegmentArena.builder().durable(path, 1 << 16).build()) {
            assertEquals(100, again.size(again.root()));
        }
    }

    private static Object part(Object whole, String name) throws ReflectiveOperationException {
        Field field = whole.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(whole);
    }
}
