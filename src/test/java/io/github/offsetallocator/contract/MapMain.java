package io.github.offsetallocator.contract;

import io.github.offsetallocator.SegmentArena;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/// Maps a file and says whether it could.
final class MapMain {
    private MapMain() {}

    public static void main(String[] arguments) {
        try (SegmentArena arena = SegmentArena.builder().mapped(Path.of(arguments[0]), 64 << 10).build()) {
            System.out.println("mapped=" + arena.byteSize());
        } catch (UncheckedIOException e) {
            System.out.println("refused=1 " + e.getMessage());
        }
    }
}
