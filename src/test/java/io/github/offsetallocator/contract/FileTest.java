package io.github.offsetallocator.contract;

import io.github.offsetallocator.Interrupts;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files: not touched before all else is known to be right, in one arena at a time, named where they are at fault.
class FileTest {
    @TempDir(factory = TempDirFactory.Standard.class)
    Path directory;

    private static Map<String, UnaryOperator<SegmentArena.Builder>> wrongOptions() {
        Map<String, UnaryOperator<SegmentArena.Builder>> wrong = new LinkedHashMap<>();
        wrong.put("no blocks", builder -> builder.maxAllocations(0));
        wrong.put("less than no blocks", builder -> builder.maxAllocations(-1));
        wrong.put("too many blocks", builder -> builder.maxAllocations(Integer.MAX_VALUE));
        wrong.put("a granule that doesn't fit", builder -> builder.granule(1 << 20));
        wrong.put("shared, and a granule that doesn't fit", builder -> builder.shared().granule(1 << 24));
        wrong.put("no blocks, in real time", builder -> builder.maxAllocations(0).realTime());
        return wrong;
    }

    @Test
    @Fault(27)
    void aWrongOptionLeavesNoFileBehind() {
        Path file = directory.resolve("none");
        wrongOptions().forEach((name, option) -> {
            Check.refused(name, () -> option.apply(SegmentArena.builder().mapped(file, 4096)).build());
            Check.that(Files.notExists(file), name + ": a file was made");
            Check.refused(name, () -> option.apply(SegmentArena.builder()).mapped(file, 4096).build());
            Check.that(Files.notExists(file), name + ": a file was made");
        });
        for (long size : new long[] {0, -1, Long.MIN_VALUE}) {
            Check.thrown(IllegalArgumentException.class, () -> SegmentArena.builder().mapped(file, size).build());
            Check.that(Files.notExists(file), size + " bytes: a file was made");
        }
    }

    @Test
    @Fault(27)
    void aWrongOptionLeavesAFileAsItWas() throws IOException {
        Path file = directory.resolve("there");
        byte[] content = {1, 2, 3};
        FileTime time = FileTime.from(Instant.parse("2020-02-02T02:02:02Z"));
        Files.write(file, content);
        Files.setLastModifiedTime(file, time);
        wrongOptions().forEach((name, option) -> {
            Check.refused(name, () -> option.apply(SegmentArena.builder().mapped(file, 4096)).build());
            try {
                Check.that(java.util.Arrays.equals(content, Files.readAllBytes(file)), name + ": the content has changed");
                Check.that(time.equals(Files.getLastModifiedTime(file)), name + ": the time has changed");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static void namedIn(UncheckedIOException failure, Path path) {
        Check.that(failure.getMessage().contains(path.toString()), () -> "the path is not in: " + failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(2)
    void aFileThatCanNotBeOpenedIsNamed(boolean shared) throws IOException {
        Path readOnly = Files.createFile(directory.resolve("a file"));
        for (Path path : new Path[] {directory, directory.resolve("no/such/directory"), readOnly.resolve("in a file")}) {
            SegmentArena.Builder builder = SegmentArena.builder().mapped(path, 4096);
            namedIn(Check.thrown(UncheckedIOException.class, () -> (shared ? builder.shared() : builder).build()), path);
        }
        Check.equal(1, Files.list(directory).count(), "files left behind");
    }

    /// More than the file system can have: the file that was made for it goes again.
    @Test
    @Help(2)
    void aFileThatCanNotBeMappedIsNamedAndRemoved() {
        Path file = directory.resolve("too large");
        namedIn(Check.thrown(UncheckedIOException.class, () -> SegmentArena.builder().mapped(file, 1L << 55).build()), file);
        Check.that(Files.notExists(file), "a file was left behind");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(2)
    void aFileSystemThatCanNotMapIsNamed(boolean shared) throws IOException {
        Path zip = directory.resolve("archive.zip");
        try (FileSystem inside = FileSystems.newFileSystem(URI.create("jar:" + zip.toUri()), Map.of("create", "true"))) {
            Path path = inside.getPath("/arena");
            SegmentArena.Builder builder = SegmentArena.builder().mapped(path, 4096);
            namedIn(Check.thrown(UncheckedIOException.class, () -> (shared ? builder.shared() : builder).build()), path);
            Check.that(Files.notExists(path), "a file was left behind");
        }
    }

    /// The file is mapped when there turns out to be no room for what the arena needs besides.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Fault(27)
    void aBuildWithoutRoomForMetadataLeavesTheFileAsItWas(boolean shared) throws IOException {
        Path file = directory.resolve("file");
        SegmentArena.Builder builder = SegmentArena.builder().mapped(file, 1L << 36).realTime();
        SegmentArena.Builder tooLarge = shared ? builder.shared() : builder;
        Check.thrown(OutOfMemoryError.class, () -> tooLarge.build());
        Check.that(Files.notExists(file), "a file was made");
        Files.writeString(file, "hello");
        Check.thrown(OutOfMemoryError.class, () -> tooLarge.build());
        Check.that("hello".equals(Files.readString(file)), "the content has changed");
        map(file, shared).close(); // its lock is gone, too
    }

    /// A channel would be closed by a thread that is interrupted, and with it the lock.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aThreadThatIsInterruptedMapsFiles(boolean shared) throws IOException {
        SegmentArena.Builder builder = SegmentArena.builder().reserve();
        SegmentArena.Builder interrupted = shared ? builder.shared() : builder;
        Thread.currentThread().interrupt();
        try (SegmentArena arena = interrupted.mapped(directory.resolve("mapped"), 64 << 10).build();
                SegmentArena growing = interrupted.growable(directory, 64 << 10, 1 << 20).build()) {
            Check.thrown(UncheckedIOException.class, () -> map(directory.resolve("mapped"), shared));
            arena.segment(arena.tryAllocate(100, 1)).fill((byte) 1);
            for (int i = 0; i < 8; i++) {
                growing.segment(growing.tryAllocate(60 << 10, 1)).fill((byte) 1);
            }
            Check.equal(9, Files.list(directory).count(), "files");
            growing.reset();
            growing.trim();
            arena.force();
            Check.thrown(OutOfMemoryError.class, () -> SegmentArena.builder().mapped(directory.resolve("none"), 1L << 36).realTime().build());
        } finally {
            Check.that(Thread.interrupted(), "it is not interrupted any more");
        }
        Check.equal(1, Files.list(directory).count(), "files left");
    }

    /// An interrupt may come at any time.
    @Test
    void aThreadThatIsInterruptedMeanwhileMapsFiles() throws Exception {
        Interrupts.during(() -> {
            for (int i = 0; i < 300; i++) {
                map(directory.resolve("file"), true).close();
            }
        });
    }

    private static SegmentArena map(Path file, boolean shared) {
        SegmentArena.Builder builder = SegmentArena.builder().mapped(file, 64 << 10);
        return (shared ? builder.shared() : builder).build();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    @Help(4)
    void aFileIsInOneArenaAtATime(int kinds) throws IOException {
        Path file = directory.resolve("one");
        Path link = directory.resolve("link");
        Path hardLink = directory.resolve("hard link");
        try (SegmentArena arena = map(file, (kinds & 1) != 0)) {
            if (OS.WINDOWS.isCurrentOs()) {
                Files.createLink(link, file); // a symbolic one needs a right that not every user has
            } else {
                Files.createSymbolicLink(link, file);
            }
            Files.createLink(hardLink, file);
            long block = arena.tryAllocate(100, 1);
            arena.segment(block).fill((byte) 9);
            for (Path same : new Path[] {file, directory.resolve("x/../one").normalize(), link, hardLink}) {
                namedIn(Check.thrown(UncheckedIOException.class, "" + same, () -> map(same, (kinds & 2) != 0)), same);
            }
            Throwable elsewhere = Elsewhere.thrown(() -> map(file, (kinds & 2) != 0));
            Check.that(elsewhere instanceof UncheckedIOException, () -> "on another thread: " + elsewhere);
            Check.equal(9, arena.segment(block).get(java.lang.foreign.ValueLayout.JAVA_BYTE, 99), "the content");
            arena.free(block);
        }
        for (int i = 0; i < 3; i++) {
            map(file, (kinds & 2) != 0).close();
        }
        Files.delete(file);
    }

    /// To open a file and close it again would take the lock off it that keeps other processes out.
    @Test
    @Help(4)
    void aSecondArenaThatIsRefusedLeavesTheLock() {
        Path file = directory.resolve("locked");
        try (SegmentArena arena = map(file, false)) {
            namedIn(Check.thrown(UncheckedIOException.class, () -> map(file, true)), file);
            Fork.Result other = Fork.run(MapMain.class, 60, List.of(), file.toString());
            Check.that(other.number("refused") == 1 && other.output().contains(file.toString()), "another process: " + other.output());
            Check.equal(64 << 10, arena.byteSize(), "bytes");
        }
        Check.equal(64 << 10, Fork.run(MapMain.class, 60, List.of(), file.toString()).number("mapped"), "after it is closed");
    }

    /// It would be overwritten, as memory that nobody needs any more.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Help(4)
    void aDurableArenaIsNotMappedAsScratchMemory(boolean shared) throws IOException {
        Path file = directory.resolve("durable");
        SegmentArena.builder().durable(file, 1 << 16).build().close();
        byte[] before = Files.readAllBytes(file);
        UncheckedIOException refused = Check.thrown(UncheckedIOException.class, () -> map(file, shared));
        namedIn(refused, file);
        Check.that(refused.getMessage().contains("durable"), refused::getMessage);
        Check.that(Arrays.equals(before, Files.readAllBytes(file)), "the file has changed");
        SegmentArena.builder().durable(file, 1 << 16).build().close();
        Files.write(file, new byte[7]); // too short to say
        map(file, shared).close();
        Files.delete(file);
    }

    /// A build that fails after the file was locked gives the lock back.
    @Test
    @Help(4)
    void aRefusedBuildLeavesTheFileFree() {
        Path file = directory.resolve("free");
        for (int i = 0; i < 3; i++) {
            Check.refused(() -> SegmentArena.builder().mapped(file, 4096).granule(1 << 20).build());
            Check.refused(() -> SegmentArena.builder().mapped(file, 4096).maxAllocations(0).build());
        }
        map(file, true).close();
    }
}
