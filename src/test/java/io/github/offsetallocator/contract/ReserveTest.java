package io.github.offsetallocator.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// `reserve()`: a disk that is full is told when the arena is built, not by a signal when a slice is written to.
@EnabledOnOs(value = OS.LINUX, disabledReason = "du and mount are called as on Linux")
class ReserveTest {
    @TempDir
    Path directory;

    /// Bytes on the disk, by `du`.
    private static long disk(Path file) throws IOException {
        Process du = new ProcessBuilder("du", "--block-size=1", file.toString()).start();
        return Long.parseLong(new String(du.getInputStream().readAllBytes()).split("\\s")[0]);
    }

    @Test
    @Help(3)
    void aReservedFileHasItsBlocks() throws IOException {
        Path sparse = directory.resolve("sparse");
        Path reserved = directory.resolve("reserved");
        try (SegmentArena one = SegmentArena.builder().mapped(sparse, 4 << 20).build();
                SegmentArena other = SegmentArena.builder().mapped(reserved, 4 << 20).reserve().build()) {
            Check.that(disk(sparse) < 1 << 20, "a file that isn't reserved takes " + disk(sparse));
            Check.that(disk(reserved) >= 4 << 20, "a reserved file takes " + disk(reserved));
            Check.equal(one.byteSize(), other.byteSize(), "the capacity");
        }
    }

    /// What is there already keeps its length and gets blocks in its holes.
    @Test
    @Help(3)
    void aFileWithHolesGetsItsBlocks() throws IOException {
        Path file = directory.resolve("holes");
        try (var channel = java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(new byte[] {1}), (6 << 20) - 1);
        }
        try (SegmentArena arena = SegmentArena.builder().mapped(file, 4 << 20).reserve().build()) {
            Check.that(disk(file) >= 4 << 20, "it takes " + disk(file));
            Check.equal(6 << 20, Files.size(file), "its length");
            arena.verify();
        }
    }

    /// Needs a small file system; runs where one may be mounted.
    @Test
    @Help(3)
    void aFullDiskIsToldAtBuild() throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()).redirectErrorStream(true).start();
        assumeTrue(mount.waitFor() == 0, "no file system can be mounted here");
        try {
            Path file = small.resolve("two mebibytes");
            for (boolean shared : new boolean[] {false, true}) {
                SegmentArena.Builder builder = SegmentArena.builder().mapped(file, 2 << 20).reserve();
                UncheckedIOException full = Check.thrown(UncheckedIOException.class, () -> (shared ? builder.shared() : builder).build());
                Check.that(full.getMessage().contains(file.toString()), () -> "the path is not in: " + full.getMessage());
                Check.that(Files.notExists(file), "a file was left behind");
            }
            try (SegmentArena arena = SegmentArena.builder().mapped(small.resolve("half"), 512 << 10).reserve().build()) {
                arena.allocate(500 << 10).fill((byte) 1);
            }
        } finally {
            new ProcessBuilder("umount", small.toString()).start().waitFor();
        }
    }
}
